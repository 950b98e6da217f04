/** Folds of products: of floats, or of the integers behind dequantised operands. */
import type { Expr } from "@opengradient/program";
import type { Frame, Index, Quantised, Scaling, Value } from "./builder.ts";
import { view } from "./builder.ts";
import { type ElementType, elementsOf, numbersOf } from "./elements.ts";
import type { Node } from "./node.ts";
import { immediate, isWord, less, type Operand, operandOf, product, quantisedAs } from "./quantise.ts";
import { fadd, float, fmul, i2f, iadd, imul, int, state } from "./scalar.ts";

/** What a fold of products reads, where it starts, its step, and what becomes of the sum. */
export type Dot = {
  readonly type: ElementType;
  readonly a: Value;
  readonly b: Value;
  /** the word that `a` reads as outside: it adds nothing */
  readonly outside: number;
  readonly start: (frame: Frame) => Expr;
  readonly step: (x: Expr, y: Expr) => Expr;
  /** `row` and `column`: where the element is along the kept axes of a and b */
  readonly done: (frame: Frame, row: Index, column: Index) => Expr;
};

export type DotFacts = {
  readonly a: Value;
  readonly b: Value;
  /** axes of a and b that scales may follow: those that the result keeps */
  readonly kept: { readonly a: number; readonly b: number };
  readonly bias?: Value | undefined;
  /** the element of the bias (or its integers) that belongs to a result */
  readonly readBias?: (frame: Frame, bias: Value) => Expr;
};

/** a·b + bias: on integers when both operands were dequantised by scales that the result can be multiplied with. */
export const dotOf = (node: Node, facts: DotFacts): Dot => quantisedDot(node, facts) ?? floatDot(facts);

const floatDot = ({ a, b, bias, readBias }: DotFacts): Dot => ({
  type: "f32",
  a,
  b,
  outside: 0,
  start: (frame) => (bias && readBias ? readBias(frame, bias) : float(0)),
  step: (x, y) => fadd(state(), fmul(x, y)),
  done: () => state(),
});

/** The exact integer sum, times the product of the scales. A bias in units of that product is where the sum starts. */
function quantisedDot(node: Node, { a, b, kept, bias, readBias }: DotFacts): Dot | undefined {
  const [left, right] = [quantisedAs(a), quantisedAs(b)];
  if (left === undefined || right === undefined || ![left, right].every(({ q }) => q.type === "i8" || q.type === "u8"))
    return undefined;
  const scales = [scaleAlong(node, left, kept.a), scaleAlong(node, right, kept.b)];
  const [scaleA, scaleB] = scales;
  if (scaleA === undefined || scaleB === undefined) return undefined;
  const whole = bias && inUnitsOf(node, bias, [left, right]);
  return integerDot(node, {
    type: "f32",
    a: left,
    b: right,
    start: (frame) => (whole && readBias ? readBias(frame, whole) : int(0)),
    done: (sum, frame, row, column) => {
      const value = fmul(i2f(sum), product(scaleA(frame, row), scaleB(frame, column)));
      return bias && readBias && whole === undefined ? fadd(value, readBias(frame, bias)) : value;
    },
  });
}

export type IntegerDot = {
  readonly type: ElementType;
  readonly a: Omit<Quantised, "scale">;
  readonly b: Omit<Quantised, "scale">;
  readonly start?: (frame: Frame) => Expr;
  readonly done: (sum: Expr, frame: Frame, row: Index, column: Index) => Expr;
};

/** Σ (a − a_zero)·(b − b_zero), modulo 2³². */
export function integerDot(node: Node, { type, a, b, start = () => int(0), done }: IntegerDot): Dot {
  const [left, right] = [operandOf(node, a), operandOf(node, b)];
  return {
    type,
    a: left.value,
    b: right.value,
    outside: left.zero >>> 0,
    start,
    step: (x, y) => iadd(state(), integerProduct(x, y, { left, right })),
    done: (...where) => done(state(), ...where),
  };
}

/** In the form that has a rate of its own (docs/spec/cost.md): a lone zero point is subtracted from what is read first. */
function integerProduct(x: Expr, y: Expr, { left, right }: { left: Operand; right: Operand }): Expr {
  const [a, b] = [less(x, int(left.zero)), less(y, int(right.zero))];
  return left.zero === 0 && right.zero !== 0 ? imul(b, a) : imul(a, b);
}

/** The scale of an operand at a place along its kept axis; undefined when it varies along another. */
export function scaleAlong(
  node: Node,
  { scale, axis, block }: Omit<Scaling, "zero">,
  kept: number,
): ((frame: Frame, at: Index) => Expr) | undefined {
  const known = immediate(node, scale);
  if (known !== undefined) return () => known;
  const flat = view(scale, [elementsOf(scale.dims)]);
  if (flat.dims[0] === 1) return (frame, at) => frame.read(flat, [{ base: 0, coef: at.coef.map(() => 0) }]);
  return block === 0 && axis === kept ? (frame, at) => frame.read(flat, [at]) : undefined;
}

/** The integers of a bias whose scale is, to the bit, the product of the operands' scales. */
function inUnitsOf(node: Node, bias: Value, operands: readonly Scaling[]): Value | undefined {
  const own = quantisedAs(bias);
  if (own?.q.type !== "i32" || !isWord(immediate(node, own.zero), 0)) return undefined;
  const known = [own.scale, ...operands.map(({ scale }) => scale)].map((scale) => node.build.known(scale));
  const [units, a, b] = known.map((scale) => scale && numbersOf(scale));
  if (units === undefined || a?.length !== 1 || b === undefined) return undefined;
  const pick = (list: readonly number[], i: number): number => list[list.length === 1 ? 0 : i]!;
  const count = Math.max(units.length, b.length);
  const same = Array.from({ length: count }, (_, i) => pick(units, i) === Math.fround(a[0]! * pick(b, i)));
  return same.every((equal) => equal) ? own.q : undefined;
}
