/** Parts of tensors, and tensors from parts. */
import { shift } from "./broadcast.ts";
import { type Builder, constant, empty, type Value, view } from "./builder.ts";
import { elementsOf, fromBigInts } from "./elements.ts";
import { or } from "./scalar.ts";

/** A kernel has 16 accesses. */
const MOST_PARTS = 15;

/** The values one after another along `axis`; they differ in nothing else. */
export function concatenate(build: Builder, values: readonly Value[], axis: number): Value {
  const [first] = values as [Value];
  const whole = first.dims.with(
    axis,
    values.reduce((sum, value) => sum + value.dims[axis]!, 0),
  );
  const wide = values.map((value) =>
    first.dims.length === 1 && first.type === "i64" ? build.known(value)?.wide : undefined,
  );
  if (wide.every((part) => part !== undefined)) return constant(fromBigInts(wide.flat(), whole));
  const parts = values.filter((value) => elementsOf(value.dims) > 0);
  if (parts.length === 0) return empty(first.type, whole);
  if (parts.length === 1) return parts[0]!;
  if (parts.length <= MOST_PARTS) return joined(build, parts, axis, whole);
  // as few as possible at each level
  const size = Math.max(2, Math.min(MOST_PARTS, Math.ceil(parts.length / MOST_PARTS)));
  const chunks = Array.from({ length: Math.ceil(parts.length / size) }, (_, i) =>
    parts.slice(i * size, (i + 1) * size),
  );
  return concatenate(
    build,
    chunks.map((chunk) => concatenate(build, chunk, axis)),
    axis,
  );
}

/** Every part is read with 0 outside it, and the words are joined: exactly one is inside. */
function joined(build: Builder, parts: readonly Value[], axis: number, whole: readonly number[]): Value {
  let start = 0;
  const starts = parts.map((part) => {
    start += part.dims[axis]!;
    return start - part.dims[axis]!;
  });
  return build.map(parts[0]!.type, whole, ({ loops, read }) =>
    parts.map((part, i) => read(part, loops.with(axis, shift(loops[axis]!, -starts[i]!)))).reduce(or),
  );
}

/** The values side by side along a new `axis`. */
export const stack = (build: Builder, values: readonly Value[], axis: number): Value =>
  concatenate(
    build,
    values.map((value) => view(value, value.dims.toSpliced(axis, 0, 1))),
    axis,
  );

/** The slice of `value` at `at` of `axis`, which disappears. */
export const slice = (build: Builder, value: Value, axis: number, at: number): Value =>
  build.map(value.type, value.dims.toSpliced(axis, 1), ({ loops, read }) =>
    read(value, loops.toSpliced(axis, 0, { base: at, coef: value.dims.slice(1).map(() => 0) })),
  );
