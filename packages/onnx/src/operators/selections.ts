/** What is chosen by values: how much that is must be known at import. */
import { constant, rowMajor, type Value, view } from "../builder.ts";
import {
  type Constant,
  elementsOf,
  fromBigInts,
  fromInts,
  isWide,
  MAX_IMPORT_STEPS,
  numbersOf,
  widthOf,
} from "../elements.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";

/** Slices along `axis` at places known now. */
const gathered = (node: Node, x: Value, axis: number, places: readonly number[]): Value => {
  const known = node.build.known(x);
  if (known) return constant(gatheredConstant(known, axis, places));
  const table = constant(fromInts(places));
  return node.build.map(x.type, x.dims.with(axis, places.length), ({ loops, read, readAt }) => {
    const at = { base: 0, coef: loops.map(() => 0) };
    return readAt(x, loops.with(axis, at), axis, read(table, [loops[axis]!]));
  });
};

function gatheredConstant(c: Constant, axis: number, places: readonly number[]): Constant {
  const inner = elementsOf(c.dims.slice(axis + 1));
  const outer = elementsOf(c.dims.slice(0, axis));
  const from = Array.from({ length: outer }, (_, o) =>
    places.flatMap((place) => Array.from({ length: inner }, (_, i) => (o * c.dims[axis]! + place) * inner + i)),
  ).flat();
  const dims = c.dims.with(axis, places.length);
  if (isWide(c.type))
    return fromBigInts(
      from.map((at) => c.wide![at]!),
      dims,
      c.type,
    );
  const width = widthOf(c.type);
  const data = new Uint8Array(from.length * width);
  for (const [to, at] of from.entries()) data.set(c.data.subarray(at * width, (at + 1) * width), to * width);
  return { ...c, dims, data };
}

/** The slices where the condition holds; without `axis` the elements. A short condition leaves the rest out. */
function compress(node: Node): Value {
  const [x, condition] = [node.input(0), node.constant(1, "condition")];
  const source = node.has("axis") ? x : view(x, [elementsOf(x.dims)]);
  const axis = node.axis(node.int("axis", 0), source.dims.length);
  const kept = numbersOf(condition).flatMap((holds, i) => (holds !== 0 ? [i] : []));
  if ((kept.at(-1) ?? 0) >= source.dims[axis]!)
    return node.refuse(`condition [${condition.dims}] for [${source.dims}]`);
  return gathered(node, source, axis, kept);
}

/** The coordinates of what is not 0, one row for each dimension. */
function nonZero(node: Node): Value {
  const x = node.constant(0, "how much is not 0");
  const found = numbersOf(x).flatMap((value, at) => (value !== 0 ? [at] : []));
  const strides = rowMajor(x.dims);
  const rows = x.dims.flatMap((d, i) => found.map((at) => BigInt(Math.floor(at / strides[i]!) % d)));
  return constant(fromBigInts(rows, [x.dims.length, found.length]));
}

const compare = (a: readonly number[], b: readonly number[]): number => {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at < 0 ? 0 : a[at]! - b[at]!;
};

/** The distinct slices along `axis` (elements without it), where each was first, which one each was, and how often. */
function unique(node: Node): readonly Value[] {
  const given = node.input(0);
  const known = node.constant(0, "how much is distinct");
  const x = node.has("axis") ? given : view(given, [elementsOf(given.dims)]);
  const axis = node.axis(node.int("axis", 0), x.dims.length);
  const sorted = node.int("sorted", 1) !== 0;
  const numbers = numbersOf(known);
  if (numbers.length * x.dims[axis]! > MAX_IMPORT_STEPS) return node.refuse(`[${x.dims}] is too large`);
  const inner = elementsOf(x.dims.slice(axis + 1));
  const slices = Array.from({ length: x.dims[axis]! }, (_, place) =>
    numbers.filter((_, at) => Math.floor(at / inner) % x.dims[axis]! === place),
  );
  const firstOf = slices.map((slice) => slices.findIndex((other) => compare(slice, other) === 0));
  const distinct = [...new Set(firstOf)];
  if (sorted) distinct.sort((a, b) => compare(slices[a]!, slices[b]!));
  const inverse = firstOf.map((first) => distinct.indexOf(first));
  const counts = distinct.map((first) => firstOf.filter((other) => other === first).length);
  return [gathered(node, x, axis, distinct), ...[distinct, inverse, counts].map((list) => constant(fromInts(list)))];
}

register("Compress", compress);
register("NonZero", nonZero);
register("Unique", unique);
