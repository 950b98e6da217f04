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

/** (1 − z)·n + z·h */
const blend = (z: Expr, n: Expr, h: Expr): Expr => fadd(fmul(fsub(float(1), z), n), fmul(z, h));

/** z, r, then n = g(X·W + (r⊙h)·R + biases): gates, r⊙h, its product, h. */
function resetFirst(layer: Layer, { number: d, activations: [f, g] }: Direction): CellKernel[] {
  const { H, clip } = layer;
  const xw = projection(layer, d, true);
  const gate = (step: CellStep, frame: Frame, i: number): Expr =>
    f!(clip(step.made(frame, 0, shift(frame.loops[2]!, i * H))));
  return [
    {
      width: 2 * H,
      code: (step) =>
        productWithR(layer, d, 0, { start: (frame, row) => step.input(frame, xw, row), unit: step.before }),
    },
    { width: H, code: (step) => mapped((frame) => fmul(gate(step, frame, 1), step.before(frame, frame.loops[2]!))) },
    {
      width: H,
      code: (step) =>
        productWithR(layer, d, 2 * H, {
          start: (frame, row) => step.input(frame, xw, row),
          unit: (frame, k) => step.made(frame, 1, k),
        }),
    },
    {
      width: H,
      state: 0,
      code: (step) =>
        mapped((frame) => {
          const unit = frame.loops[2]!;
          return blend(gate(step, frame, 0), g!(clip(step.made(frame, 2, unit))), step.before(frame, unit));
        }),
    },
  ];
}

/** n = g(X·W + Wb + r⊙(h·R + Rb)): one product for all gates, then h. */
function resetAfter(layer: Layer, { number: d, activations: [f, g] }: Direction): CellKernel[] {
  const { H, bias, rows, clip } = layer;
  const xw = projection(layer, d, false);
  return [
    {
      width: rows,
      code: (step) =>
        productWithR(layer, d, 0, {
          start: ({ read }, row) => (bias ? read(bias, [fixed(row, d), shift(row, rows)]) : float(0)),
          unit: step.before,
        }),
    },
    {
      width: H,
      state: 0,
      code: (step) =>
        mapped((frame) => {
          const unit = frame.loops[2]!;
          const [z, r, n] = [0, 1, 2].map((i) => {
            const row = shift(unit, i * H);
            return { input: step.input(frame, xw, row), past: step.made(frame, 0, row) };
          });
          const reset = f!(clip(fadd(r!.input, r!.past)));
          const fresh = g!(clip(fadd(n!.input, fmul(reset, n!.past))));
          return blend(f!(clip(fadd(z!.input, z!.past))), fresh, step.before(frame, unit));
        }),
    },
  ];
}

function gru(node: Node): readonly Value[] {
  const layer = layerOf(node, 3, ["Sigmoid", "Tanh"]);
  const initial = [node.optional(5)];
  const cell = node.int("linear_before_reset", 0) === 0 ? resetFirst : resetAfter;
  const hidden = layer.directions.map((direction) => runCell(layer, direction, initial, cell(layer, direction)));
  return [allSteps(layer, hidden), lastStep(layer, hidden, 0)];
}

register("GRU", gru);
