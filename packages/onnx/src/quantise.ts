/**
 * Integers that stand for real numbers: value = (q − zero)·scale. A dequantised value remembers its integers, so that products of
 * such values become integer dots; docs/adr/0011 says what that means for their bits.
 */
import type { Expr } from "@opengradient/program";
import { constant, type Frame, type Index, type Quantised, type Scaling, type Value, view } from "./builder.ts";
import { type Constant, type ElementType, elementsOf, numbersOf } from "./elements.ts";
import { type Format, plainFormat } from "./formats.ts";
import { isFloat, type Node } from "./node.ts";
import { type Overflow, roundTo } from "./rounding.ts";
import { f2i, fadd, fdiv, float, fmul, frint, fsub, i2f, iadd, imax, imin, int, isub, loop, udiv } from "./scalar.ts";

/** Least and greatest integer of a format. */
function rangeOf({ name, bits }: Format): readonly [number, number] {
  const half = 0x80000000 / (1 << (32 - bits));
  return name.startsWith("u") ? [0, 2 * half - 1] : [-half, half - 1];
}

/** What the elements of a value are in ONNX. */
export const formatOfValue = ({ format, type }: Value): Format => format ?? plainFormat(type);

/** What is known of a tensor of one element, as an immediate. */
export function immediate({ build }: Node, value: Value | undefined): Expr | undefined {
  if (value === undefined) return int(0);
  const known = elementsOf(value.dims) === 1 ? build.known(value) : undefined;
  if (known === undefined) return undefined;
  const [number] = numbersOf(known) as [number];
  return known.type === "f32" ? float(number) : int(number);
}

export const isWord = (e: Expr | undefined, bits: number): boolean => e?.kind === "word" && e.word === bits >>> 0;

/** `value`, a scale or zero point, where it applies to the element of `dims` at `index`. */
export function readScaling(node: Node, frame: Frame, value: Value | undefined, at: Where): Expr {
  const known = immediate(node, value);
  if (known !== undefined) return known;
  const { index, axis, block } = at;
  if (elementsOf(value!.dims) === 1)
    return frame.read(
      value!,
      value!.dims.map(() => none(frame)),
    );
  if (block === 0) return frame.read(view(value!, [elementsOf(value!.dims)]), [index[axis]!]);
  const own = index.map((i, j) => (j === axis ? none(frame) : i));
  return frame.readAt(value!, own, axis, udiv(loop(axis), int(block)));
}

type Where = { readonly index: readonly Index[]; readonly axis: number; readonly block: number };

const none = ({ loops, folds }: Frame): Index => ({ base: 0, coef: [...loops, ...folds].map(() => 0) });

/** Scale, zero point, axis and block_size as QuantizeLinear and DequantizeLinear give them for x. */
export function scalingOf(node: Node, x: Value): Scaling {
  const [scale, zero] = [node.typed(1, "f32"), node.optional(2)];
  const rank = x.dims.length;
  const block = node.int("block_size", 0);
  const single = elementsOf(scale.dims) === 1 && block === 0;
  const given = node.int("axis", 1);
  const axis = single ? 0 : node.axis(given, rank);
  if (zero !== undefined && elementsOf(zero.dims) !== elementsOf(scale.dims))
    return node.refuse(`scale [${scale.dims}] and zero point [${zero.dims}] differ`);
  const blocks = x.dims.map((d, i) => (i === axis ? scale.dims[axis] : d));
  if (block < 0) return node.refuse(`block_size ${block}`);
  if (block > 0 && (String(scale.dims) !== String(blocks) || Math.ceil(x.dims[axis]! / block) !== scale.dims[axis]))
    return node.refuse(`scale [${scale.dims}] does not give one value for each block of ${block} of [${x.dims}]`);
  if (!single && block === 0 && (scale.dims.length !== 1 || scale.dims[0] !== x.dims[axis]))
    return node.refuse(`scale [${scale.dims}] does not fit axis ${axis} of [${x.dims}]`);
  return { scale, zero, axis, block };
}

/** The one scale and zero point that two inputs of an operator give. */
export function oneScaling(node: Node, scale: number, zero: number): Target & { readonly scale: Expr } {
  const [s, z] = [node.typed(scale, "f32"), node.input(zero)];
  const [known, point] = [immediate(node, s), immediate(node, z)];
  if (known === undefined || point === undefined)
    return node.refuse("an output scale and zero point that are not known at import, or more than one of them");
  return { scale: known, zero: point, format: formatOfValue(z) };
}

/** (q − zero)·scale, which remembers q. The difference is exact, its conversion and the product round once each. */
export function dequantise(node: Node, q: Value, scaling: Scaling): Value {
  const made = node.build.map("f32", q.dims, (frame) => {
    const at = { index: frame.loops, ...scaling };
    const zero = readScaling(node, frame, scaling.zero, at);
    const read = frame.read(q, frame.loops);
    const real = isFloat(q.type) ? (isWord(zero, 0) ? read : fsub(read, zero)) : i2f(less(read, zero));
    return fmul(real, readScaling(node, frame, scaling.scale, at));
  });
  return { ...made, quantised: { ...scaling, q } };
}

export const less = (x: Expr, zero: Expr): Expr => (isWord(zero, 0) ? x : isub(x, zero));

/** Where a scaled number goes: the format, its zero point, and what becomes of numbers beyond a float format. */
export type Target = { readonly format: Format; readonly zero: Expr; readonly overflow?: Overflow };

/** round(x) + zero, half to even, kept in the format's range; NaN becomes the zero point. Float formats round x + zero. */
export function rounded(x: Expr, { format, zero, overflow = "saturate" }: Target): Expr {
  if (format.float !== undefined) return roundTo(isWord(zero, 0) ? x : fadd(x, zero), format.float, overflow);
  const [least, most] = rangeOf(format);
  const bound = (limit: number): Expr => (zero.kind === "word" ? int(limit - (zero.word | 0)) : isub(int(limit), zero));
  const kept = imin(imax(f2i(frint(x)), bound(least)), bound(most));
  return isWord(zero, 0) ? kept : iadd(kept, zero);
}

/** round(x/scale) + zero. What was dequantised by the same scaling is given back as it was. */
export function quantise(node: Node, x: Value, scaling: Scaling, target: Omit<Target, "zero">): Value {
  const before = quantisedAs(x);
  const { format } = target;
  if (before && formatOfValue(before.q) === format && sameScaling(node, before, scaling)) return before.q;
  const made = node.build.map(format.type, x.dims, (frame) => {
    const at = { index: frame.loops, ...scaling };
    const quotient = fdiv(frame.read(x, frame.loops), readScaling(node, frame, scaling.scale, at));
    return rounded(quotient, { ...target, zero: readScaling(node, frame, scaling.zero, at) });
  });
  return { ...made, format };
}

/** One scale and zero point, equal and known, and far from where (k·scale)/scale could differ from k. */
function sameScaling(node: Node, a: Scaling, b: Scaling): boolean {
  const words = [a.scale, b.scale, a.zero, b.zero].map((value) => immediate(node, value));
  const [left, right, from, to] = words.map((e) => (e?.kind === "word" ? e.word : undefined));
  const ordinary = left !== undefined && left >= 0x10000000 && left <= 0x70000000;
  return ordinary && left === right && from !== undefined && from === to;
}

/** The integers behind a dequantised value, in the value's own dims. */
export function quantisedAs({ quantised, dims }: Value): Quantised | undefined {
  if (quantised === undefined || String(quantised.q.dims) === String(dims)) return quantised;
  return elementsOf(quantised.scale.dims) === 1 ? { ...quantised, q: view(quantised.q, dims), axis: 0 } : undefined;
}

/** q − zero as an operand of integer products: read `value`, subtract the immediate `zero`; outside reads `zero`, which counts as 0. */
export type Operand = { readonly value: Value; readonly zero: number };

/** Known integers whose differences fit i8 are stored as these; other zero points than one known number are subtracted beforehand. */
export function operandOf(node: Node, { q, zero, axis, block }: Omit<Quantised, "scale">): Operand {
  const only = immediate(node, zero);
  if (isWord(only, 0)) return { value: q, zero: 0 };
  const centred = (type: ElementType): Value =>
    node.build.map(type, q.dims, (frame) =>
      isub(frame.read(q, frame.loops), readScaling(node, frame, zero, { index: frame.loops, axis, block })),
    );
  if (node.build.known(q) !== undefined) {
    const wide = node.build.known(centred("i32"));
    if (wide !== undefined && numbersOf(wide).every((v) => v >= -128 && v <= 127))
      return { value: constant(narrowed(wide)), zero: 0 };
  }
  return only?.kind === "word" ? { value: q, zero: only.word | 0 } : { value: centred("i32"), zero: 0 };
}

const narrowed = (wide: Constant): Constant => ({
  type: "i8",
  dims: wide.dims,
  data: Uint8Array.from(Int8Array.from(numbersOf(wide)), (v) => v & 255),
});

/** a·b, at import where both are known. */
export function product(a: Expr, b: Expr): Expr {
  if (a.kind !== "word" || b.kind !== "word") return fmul(a, b);
  return float(floatOf(a.word) * floatOf(b.word));
}

const bits = new DataView(new ArrayBuffer(4));
function floatOf(value: number): number {
  bits.setUint32(0, value);
  return bits.getFloat32(0);
}

/** Operators that move elements, or choose among them by their order: what they do to integers is what they do to the reals. */
const MOVES: ReadonlySet<string> = new Set(["DepthToSpace", "Gather", "MaxPool", "Slice", "SpaceToDepth", "Transpose"]);

/** The integers that a moving operator may move in place of its first input, when one scaling holds for all of them. */
export function movable(operator: string, inputs: readonly (Value | undefined)[]): Quantised | undefined {
  const found = MOVES.has(operator) && inputs[0] ? quantisedAs(inputs[0]) : undefined;
  return found && elementsOf(found.scale.dims) === 1 && found.q.type !== "i32" ? found : undefined;
}
