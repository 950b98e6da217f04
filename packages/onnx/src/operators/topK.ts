import type { Expr } from "@opengradient/program";
import { zero } from "../broadcast.ts";
import type { Value } from "../builder.ts";
import { elementsOf } from "../elements.ts";
import { kindOfType, type Node } from "../node.ts";
import { register } from "../registry.ts";
import { and, fadd, float, fold, iadd, ieq, ilt, int, loop, or, sar, select, state, xor } from "../scalar.ts";

/** Pairs of elements that are compared. */
const MAX_COMPARISONS = 1e9;

/** Integers in the order of the floats: −0 as 0, NaN above all. */
const ordered = (x: Expr): Expr => {
  const bits = fadd(x, float(0));
  return xor(bits, and(sar(bits, int(31)), int(0x7fffffff)));
};

/** i32 words in the order of the elements. */
function keysOf(node: Node, x: Value): Value {
  const kind = kindOfType(x.type);
  if (kind === "signed") return x;
  const key = kind === "float" ? ordered : (word: Expr) => xor(word, int(0x80000000));
  return node.build.map("i32", x.dims, ({ loops, read }) => key(read(x, loops)));
}

/** An element's rank is how many come before it; the k outputs are those of ranks 0 to k − 1. Equal ones keep their order. */
function topK(node: Node): readonly Value[] {
  const x = node.input(0);
  const axis = node.axis(node.int("axis", -1), x.dims.length);
  const k = node.opset < 10 ? node.int("k") : node.integers(1, "K")[0]!;
  const largest = node.int("largest", 1) !== 0;
  node.ignore("sorted");
  const length = x.dims[axis]!;
  if (k < 1 || k > length) return node.refuse(`K ${k} of ${length}`);
  if (elementsOf(x.dims) * length > MAX_COMPARISONS)
    return node.refuse(`[${x.dims}] along axis ${axis}: more than ${MAX_COMPARISONS} comparisons`);
  const keys = keysOf(node, x);
  const ranks = node.build.fold("i32", x.dims, {
    over: [length],
    init: () => [int(0)],
    step: ({ loops, folds, read }) => {
      const [own, other] = [read(keys, loops), read(keys, loops.with(axis, folds[0]!))];
      const before = largest ? ilt(own, other) : ilt(other, own);
      return [iadd(state(), or(before, and(ieq(own, other), ilt(fold(0), loop(axis)))))];
    },
    done: () => state(),
  });
  const dims = x.dims.with(axis, k);
  const indices = node.build.fold("i64", dims, {
    over: [length],
    init: () => [int(0)],
    step: ({ loops, folds, read }) => {
      const rank = read(ranks, loops.with(axis, folds[0]!));
      return [iadd(state(), select(ieq(rank, loop(axis)), fold(0), int(0)))];
    },
    done: () => state(),
  });
  const values = node.build.map(x.type, dims, ({ loops, read, readAt }) =>
    readAt(x, loops.with(axis, zero(loops[axis]!)), axis, read(indices, loops)),
  );
  return [values, indices];
}

register("TopK", topK);
