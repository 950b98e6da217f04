import type { Expr } from "@opengradient/program";
import { shift } from "../broadcast.ts";
import type { Frame, Value } from "../builder.ts";
import type { Node } from "../node.ts";
import { mapped } from "../recurrence.ts";
import {
  allSteps,
  type CellKernel,
  type CellStep,
  type Direction,
  fixed,
  type Layer,
  lastStep,
  layerOf,
  productWithR,
  projection,
  runCell,
} from "../recurrent.ts";
import { register } from "../registry.ts";
import { fadd, float, fmul, fsub } from "../scalar.ts";

/** Rows of W and R, in units of H; peepholes have the first three. */
const [INPUT, OUTPUT, FORGET, CELL] = [0, 1, 2, 3];

type Options = {
  readonly peepholes: Value | undefined;
  /** the forget gate is 1 − the input gate */
  readonly coupled: boolean;
};

/** Gates as one product, then the cell state, then the hidden one. */
function cell(layer: Layer, { number: d, activations: [f, g, h] }: Direction, options: Options): CellKernel[] {
  const { H, rows, clip } = layer;
  const { peepholes, coupled } = options;
  const xw = projection(layer, d, true);
  const gate = (step: CellStep, frame: Frame, i: number, cellState?: Expr): Expr => {
    const row = shift(frame.loops[2]!, i * H);
    const sum = step.made(frame, 0, row);
    return clip(peepholes && cellState ? fadd(sum, fmul(frame.read(peepholes, [fixed(row, d), row]), cellState)) : sum);
  };
  return [
    {
      width: rows,
      code: (step) =>
        productWithR(layer, d, 0, { start: (frame, row) => step.input(frame, xw, row), unit: step.before }),
    },
    {
      width: H,
      state: 1,
      code: (step) =>
        mapped((frame) => {
          const past = step.before(frame, frame.loops[2]!, 1);
          const input = f!(gate(step, frame, INPUT, past));
          const forget = coupled ? fsub(float(1), input) : f!(gate(step, frame, FORGET, past));
          return fadd(fmul(forget, past), fmul(input, g!(gate(step, frame, CELL))));
        }),
    },
    {
      width: H,
      state: 0,
      code: (step) =>
        mapped((frame) => {
          const now = step.made(frame, 1, frame.loops[2]!);
          return fmul(f!(gate(step, frame, OUTPUT, now)), h!(now));
        }),
    },
  ];
}

function lstm(node: Node): readonly Value[] {
  const layer = layerOf(node, 4, ["Sigmoid", "Tanh", "Tanh"]);
  const initial = [node.optional(5), node.optional(6)];
  const options = { peepholes: node.optional(7), coupled: node.int("input_forget", 0) !== 0 };
  const states = layer.directions.map((direction) =>
    runCell(layer, direction, initial, cell(layer, direction, options)),
  );
  return [allSteps(layer, states), lastStep(layer, states, 0), lastStep(layer, states, 1)];
}

register("LSTM", lstm);
