import type { Value } from "../builder.ts";
import { numbersOf } from "../elements.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { int } from "../scalar.ts";

/** In inference, and in training with ratio 0, the input itself, and a mask that keeps everything. */
function dropout(node: Node): readonly Value[] {
  node.ignore("ratio", "seed", "consumed_inputs");
  if (node.opset < 7 && node.int("is_test", 0) === 0) return node.refuse("is_test = 0 (training) is not supported");
  const x = node.input(0);
  if (node.optional(2) && numbersOf(node.constant(2, "training_mode")).some((on) => on !== 0)) {
    const ratio = node.optional(1) ? numbersOf(node.constant(1, "ratio"))[0] : 0.5;
    if (ratio !== 0) return node.refuse("training_mode is not supported");
  }
  const keepsAll = node.wants(1) && node.opset >= 12;
  return keepsAll ? [x, node.build.map("bool", x.dims, () => int(1))] : [x];
}

register("Dropout", dropout);
