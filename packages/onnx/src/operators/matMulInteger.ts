import type { Expr } from "@opengradient/program";
import { readBroadcast } from "../broadcast.ts";
import type { Frame, Index, Value } from "../builder.ts";
import { type IntegerDot, integerDot, scaleAlong } from "../dot.ts";
import { elementsOf } from "../elements.ts";
import type { Node } from "../node.ts";
import { oneScaling, product, rounded } from "../quantise.ts";
import { register } from "../registry.ts";
import { fadd, fdiv, fmul, i2f } from "../scalar.ts";
import { dynamicQuantise } from "./dynamicQuantizeLinear.ts";
import { keptAxes, matricesOf, multiply, withoutUnits } from "./matmul.ts";

type Factors = Pick<IntegerDot, "type" | "done"> & {
  readonly left: Value;
  readonly right: Value;
  readonly zeros: readonly [left: Value | undefined, right: Value | undefined];
};

/** numpy.matmul of integers less their zero points (one, or one for each row of the left and column of the right), then `done`. */
function integerMatmul(node: Node, { left, right, zeros, type, done }: Factors): Value {
  const [a, b] = matricesOf(node, left, right);
  const kept = keptAxes(a, b);
  const operand = (q: Value, zero: Value | undefined, axis: number) => {
    if (zero) along(node, zero, q.dims[axis]!);
    return { q, zero, axis, block: 0 };
  };
  const dot = integerDot(node, { type, a: operand(a, zeros[0], kept.a), b: operand(b, zeros[1], kept.b), done });
  return withoutUnits(multiply(node, dot), left, right);
}

/** One value, or one for each of `extent`. */
function along(node: Node, value: Value, extent: number): Value {
  const count = elementsOf(value.dims);
  return count === 1 || count === extent
    ? value
    : node.refuse(`a scale or zero point [${value.dims}] for ${extent} rows or columns`);
}

type Scales = { readonly left: Value; readonly right: Value; readonly dims: readonly [Value, Value] };
type ScaleAt = (frame: Frame, row: Index, column: Index) => Expr;

/** Product of the scales of a row and a column. */
function scalesOf(node: Node, { left, right, dims: [a, b] }: Scales): ScaleAt {
  const of = (scale: Value, extent: number) =>
    scaleAlong(node, { scale: along(node, scale, extent), axis: 0, block: 0 }, 0)!;
  const [rows, columns] = [of(left, a.dims.at(-2) ?? 1), of(right, b.dims.at(-1)!)];
  return (frame, row, column) => product(rows(frame, row), columns(frame, column));
}

const integers = (node: Node, i: number): Value => node.typed(i, "i8", "u8");

register("MatMulInteger", (node) =>
  integerMatmul(node, {
    left: integers(node, 0),
    right: integers(node, 1),
    zeros: [node.optional(2), node.optional(3)],
    type: "i32",
    done: (sum) => sum,
  }),
);

/** The sum, times (a_scale·b_scale)/y_scale, rounded to the output's integers. */
register("QLinearMatMul", (node) => {
  const [left, right] = [integers(node, 0), integers(node, 3)];
  const scale = scalesOf(node, { left: node.typed(1, "f32"), right: node.typed(4, "f32"), dims: [left, right] });
  const y = oneScaling(node, 6, 7);
  return integerMatmul(node, {
    left,
    right,
    zeros: [node.optional(2), node.optional(5)],
    type: y.format.type,
    done: (sum, ...where) => rounded(fmul(i2f(sum), fdiv(scale(...where), y.scale)), y),
  });
});

type ToFloat = Omit<Factors, "type" | "done"> & { readonly scale: ScaleAt; readonly bias: Value | undefined };

/** The sum, times the scales, plus a bias for each column. */
const toFloat = (node: Node, { scale, bias, ...factors }: ToFloat): Value =>
  integerMatmul(node, {
    ...factors,
    type: "f32",
    done: (sum, frame, row, column) => {
      const value = fmul(i2f(sum), scale(frame, row, column));
      return bias ? fadd(value, readBroadcast(frame, bias, [column])) : value;
    },
  });

register(
  "MatMulIntegerToFloat",
  (node) => {
    const [left, right] = [integers(node, 0), integers(node, 1)];
    const scale = scalesOf(node, { left: node.typed(2, "f32"), right: node.typed(3, "f32"), dims: [left, right] });
    return toFloat(node, { left, right, zeros: [node.optional(4), node.optional(5)], scale, bias: node.optional(6) });
  },
  "com.microsoft",
);

register(
  "DynamicQuantizeMatMul",
  (node) => {
    const x = dynamicQuantise(node, node.typed(0, "f32"));
    const right = integers(node, 1);
    const scale = scalesOf(node, { left: x.scale, right: node.typed(2, "f32"), dims: [x.y, right] });
    return toFloat(node, { left: x.y, right, zeros: [x.zero, node.optional(3)], scale, bias: node.optional(4) });
  },
  "com.microsoft",
);
