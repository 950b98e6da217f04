/** Writing to places that are computed: each element looks through the updates for those that go to it. */
import type { Expr } from "@opengradient/program";
import { constant, type Frame, type Value } from "./builder.ts";
import { elementsOf } from "./elements.ts";
import { type Binary, kindOf, type Node } from "./node.ts";
import { fadd, fmax, fmin, fmul, iadd, imax, imin, imul, select, ult } from "./scalar.ts";

/** Updates that one kernel looks through, so that it can be proven. */
const CHUNK = 768;
/** Comparisons, one for each element and update. */
const MAX_COMPARISONS = 1e9;

const later: Binary = (_, fresh) => fresh;
const greater: Binary = (a, b) => select(ult(a, b), b, a);
const less: Binary = (a, b) => select(ult(a, b), a, b);
const REDUCTIONS = {
  none: { float: later, signed: later, unsigned: later, bool: later },
  add: { float: fadd, signed: iadd, unsigned: iadd },
  mul: { float: fmul, signed: imul, unsigned: imul },
  max: { float: fmax, signed: imax, unsigned: greater },
  min: { float: fmin, signed: imin, unsigned: less },
};

/** What becomes of an element and an update that goes to it. */
export function joinOf(node: Node, type: Value["type"]): Binary {
  const name = node.text("reduction", "none");
  if (!Object.hasOwn(REDUCTIONS, name)) return node.refuse(`reduction ${name} is not supported`);
  return kindOf(node, REDUCTIONS[name as keyof typeof REDUCTIONS], type);
}

/** `step` over `count` updates in order, in as many kernels as it takes, from what `first` reads. */
export function overUpdates(
  node: Node,
  { type, dims }: Pick<Value, "type" | "dims">,
  count: number,
  { first, step }: { first: (frame: Frame) => Expr; step: (frame: Frame, start: number) => Expr },
): Value {
  const comparisons = elementsOf(dims) * count;
  if (comparisons > MAX_COMPARISONS)
    return node.refuse(`${comparisons} comparisons of elements and updates; at most ${MAX_COMPARISONS}`);
  let y: Value | undefined;
  for (let start = 0; start < count; start += CHUNK) {
    const before = y;
    y = node.build.fold(type, dims, {
      over: [Math.min(CHUNK, count - start)],
      init: (frame) => [before ? frame.read(before, frame.loops) : first(frame)],
      step: (frame) => [step(frame, start)],
      done: () => ({ kind: "state", at: 0 }),
    });
  }
  return y ?? node.build.map(type, dims, first);
}

/** A table for constant places: which update each of `elements` elements gets in the end, −1 where none. */
export function lastUpdates(places: readonly number[], elements: number): Value {
  const last = new Int32Array(elements).fill(-1);
  for (const [update, place] of places.entries()) if (place >= 0 && place < elements) last[place] = update;
  return constant({ type: "i32", dims: [elements], data: new Uint8Array(last.buffer) });
}
