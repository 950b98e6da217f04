import type { Value } from "../builder.ts";
import type { Node } from "../node.ts";
import { allSteps, lastStep, layerOf, productWithR, projection, runCell } from "../recurrent.ts";
import { register } from "../registry.ts";
import { state } from "../scalar.ts";

/** h = f(X·W + h·R + biases): one kernel that reads itself. */
function rnn(node: Node): readonly Value[] {
  const layer = layerOf(node, 1, ["Tanh"]);
  const initial = [node.optional(5)];
  const hidden = layer.directions.map((direction) => {
    const d = direction.number;
    const xw = projection(layer, d, true);
    const [f] = direction.activations;
    return runCell(layer, direction, initial, [
      {
        width: layer.H,
        state: 0,
        code: (step) =>
          productWithR(layer, d, 0, {
            start: (frame, row) => step.input(frame, xw, row),
            unit: step.before,
            done: () => f!(layer.clip(state())),
          }),
      },
    ]);
  });
  return [allSteps(layer, hidden), lastStep(layer, hidden, 0)];
}

register("RNN", rnn);
