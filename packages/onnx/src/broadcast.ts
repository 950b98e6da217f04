/** Numpy's broadcasting, and the operators that are one scalar function over it. */
import type { Expr } from "@opengradient/program";
import { constant, type Frame, type Index, type Value, view } from "./builder.ts";
import { type Constant, type ElementType, elementsOf, fromBigInts, isWide, MAX_IMPORT_STEPS } from "./elements.ts";
import { OnnxError } from "./errors.ts";
import { type Binary, type ByKind, kindOf, type Node, type Unary } from "./node.ts";

/** @throws OnnxError when two dimensions differ and neither is 1 */
export function broadcastDims(shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(0, ...shapes.map((dims) => dims.length));
  return Array.from({ length: rank }, (_, i) => {
    let dim = 1;
    for (const dims of shapes) {
      const d = dims[i - rank + dims.length] ?? 1;
      if (d !== 1 && dim !== 1 && d !== dim)
        throw new OnnxError(`shapes ${shapes.map((s) => `[${s}]`).join(" and ")} do not broadcast`);
      if (d !== 1) dim = d;
    }
    return dim;
  });
}

/** The element of `value` that broadcasting puts at `index`, whose rank is at least the value's. */
export function readBroadcast(frame: Frame, value: Value, index: readonly Index[]): Expr {
  const aligned = index.slice(index.length - value.dims.length);
  return frame.read(
    value,
    aligned.map((at, i) => (value.dims[i] === 1 ? zero(at) : at)),
  );
}

export const zero = (like: Index): Index => ({ base: 0, coef: like.coef.map(() => 0) });
export const shift = (at: Index, by: number): Index => ({ ...at, base: at.base + by });
export const scale = (at: Index, by: number): Index => ({
  base: at.base * by + 0,
  coef: at.coef.map((c) => c * by + 0),
});
export const plus = (a: Index, b: Index): Index => ({
  base: a.base + b.base,
  coef: a.coef.map((c, i) => c + b.coef[i]!),
});

/** One output element from the elements of all inputs at its place. */
export function elementwise(
  node: Node,
  type: ElementType,
  values: readonly Value[],
  code: (...x: Expr[]) => Expr,
): Value {
  const dims = broadcastDims(values.map((value) => value.dims));
  return node.build.map(type, dims, (frame) =>
    code(...values.map((value) => readBroadcast(frame, value, frame.loops))),
  );
}

export const unaryOperator =
  (functions: ByKind<Unary>) =>
  (node: Node): Value => {
    node.ignore("consumed_inputs");
    const x = node.input(0);
    return elementwise(node, x.type, [x], kindOf(node, functions, x.type));
  };

type Exact = (a: bigint, b: bigint) => bigint | undefined;

/** 64-bit integers that are known at import are computed in full; `exact` gives undefined where ONNX leaves the result open. */
function onIntegers(node: Node, [a, b]: readonly [Constant, Constant], exact: Exact): Value {
  const type = a.type as "i64" | "u64";
  const dims = broadcastDims([a.dims, b.dims]);
  if (elementsOf(dims) > MAX_IMPORT_STEPS) return node.refuse(`a 64-bit integer constant of [${dims}] is too large`);
  const [left, right] = [broadcastIndices(a.dims, dims), broadcastIndices(b.dims, dims)];
  const wide = left.map((i, at) => {
    const value = exact(a.wide![i]!, b.wide![right[at]!]!);
    if (value === undefined || value !== (type === "i64" ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value)))
      return node.refuse("64-bit integer arithmetic without a defined result");
    return value;
  });
  return constant(fromBigInts(wide, dims, type));
}

/** Says once that 64-bit integers have 32 bits where they depend on the model's inputs. */
export function noteWide(node: Node, type: ElementType): void {
  if (isWide(type))
    node.build.note("64-bit integers that depend on inputs are computed with in 32 bits, and wrap there");
}

/** For each element of `dims` in row-major order, the element of a tensor of shape `from` that broadcasts to it. */
export function broadcastIndices(from: readonly number[], dims: readonly number[]): number[] {
  let indices = [0];
  for (const [i, dim] of dims.entries()) {
    const own = from[i - dims.length + from.length] ?? 1;
    indices = indices.flatMap((at) => Array.from({ length: dim }, (_, d) => at * own + (own === 1 ? 0 : d)));
  }
  return elementsOf(dims) === 0 ? [] : indices;
}

/** Two inputs of one type. Before operator set 7, `axis` says where the dimensions of the second lie in the first's. */
export function operands(node: Node): readonly [Value, Value] {
  node.ignore("consumed_inputs");
  const [a, b] = [node.input(0), node.input(1)];
  if (a.type !== b.type) return node.refuse(`inputs of types ${a.type} and ${b.type}`);
  if (node.opset >= 7) return [a, b];
  const isBroadcast = node.int("broadcast", 0) !== 0;
  const axis = node.int("axis", a.dims.length - b.dims.length);
  if (!isBroadcast)
    return String(a.dims) === String(b.dims) ? [a, b] : node.refuse(`[${a.dims}] and [${b.dims}] differ`);
  const after = a.dims.length - node.axis(axis, a.dims.length + 1) - b.dims.length;
  if (after < 0) return node.refuse(`axis ${axis} leaves no room for [${b.dims}] in [${a.dims}]`);
  return [a, view(b, [...b.dims, ...new Array<number>(after).fill(1)])];
}

export const binaryOperator =
  (functions: ByKind<Binary>, exact?: Exact) =>
  (node: Node): Value => {
    const [a, b] = operands(node);
    if (isWide(a.type)) {
      const known = [node.build.known(a), node.build.known(b)] as const;
      if (exact && known[0]?.wide && known[1]?.wide) return onIntegers(node, known as [Constant, Constant], exact);
      noteWide(node, a.type);
    }
    return elementwise(node, a.type, [a, b], kindOf(node, functions, a.type));
  };
