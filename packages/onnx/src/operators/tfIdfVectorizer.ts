import type { Expr } from "@opengradient/program";
import { plus, scale, shift } from "../broadcast.ts";
import { constant, type Value, view } from "../builder.ts";
import { fromFloats, fromInts } from "../elements.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import {
  and,
  fadd,
  float,
  flt,
  fmul,
  fold,
  iadd,
  ieq,
  ilt,
  imul,
  int,
  isub,
  loop,
  or,
  select,
  state,
} from "../scalar.ts";

/** Items of an n-gram: each takes two of a kernel's 16 accesses. */
const LONGEST = 7;

/** An n-gram, and the column that counts it. */
type Gram = { readonly items: readonly number[]; readonly column: number };

/** `ngram_counts` says where in the pool those of one item begin, those of two, … */
function gramsOf(node: Node): { readonly grams: readonly Gram[]; readonly columns: number } {
  const pool = node.ints("pool_int64s") ?? node.refuse("pool_strings is not supported: strings");
  const starts = node.ints("ngram_counts") ?? node.refuse("attribute ngram_counts is missing");
  const all = starts.flatMap((start, i) => {
    const [n, part] = [i + 1, pool.slice(start, starts[i + 1] ?? pool.length)];
    if (part.length % n !== 0) node.refuse(`${part.length} numbers do not make ${n}-grams`);
    return Array.from({ length: part.length / n }, (_, g) => part.slice(g * n, (g + 1) * n));
  });
  const indexes = node.ints("ngram_indexes") ?? node.refuse("attribute ngram_indexes is missing");
  if (indexes.length !== all.length || new Set(all.map(String)).size !== all.length || indexes.some((i) => i < 0))
    return node.refuse(`${all.length} n-grams, equal ones among them or not as many as the ${indexes.length} indexes`);
  const [least, most] = [node.int("min_gram_length"), node.int("max_gram_length")];
  const grams = all
    .map((items, i): Gram => ({ items, column: indexes[i]! }))
    .filter(({ items: { length } }) => length >= least && length <= most);
  if (grams.length === 0) return node.refuse(`no n-grams of ${least} to ${most} items`);
  return { grams, columns: Math.max(...indexes) + 1 };
}

/** How often each n-gram stands in each row of x [rows, length], its items 1 to skips + 1 apart; single items count once. */
function countsOf(node: Node, x: Value, grams: readonly Gram[], skips: number): Value {
  const [rows, length] = x.dims as [number, number];
  const longest = Math.max(...grams.map(({ items }) => items.length));
  if (longest > LONGEST) return node.refuse(`n-grams of ${longest} items, at most ${LONGEST}`);
  const padded = grams.flatMap(({ items }) => Array.from({ length: longest }, (_, j) => items[j] ?? 0));
  const pool = constant({ ...fromInts(padded), dims: [grams.length, longest] });
  const lengths = constant(fromInts(grams.map(({ items }) => items.length)));
  return node.build.fold("f32", [rows, grams.length], {
    over: [longest > 1 ? skips + 1 : 1, length],
    init: () => [float(0)],
    step: ({ loops: [row, gram], folds: [skip, start], read }) => {
      const n = read(lengths, [gram!]);
      const end = iadd(fold(1), imul(isub(n, int(1)), iadd(fold(0), int(1))));
      const matches = Array.from({ length: longest }, (_, j): Expr => {
        const at = shift(plus(start!, scale(skip!, j)), j);
        const item = read(pool, [gram!, { base: j, coef: gram!.coef.map(() => 0) }]);
        return or(ilt(n, int(j + 1)), ieq(read(x, [row!, at]), item));
      });
      const counts = and(ilt(end, int(length)), or(ilt(int(1), n), ieq(fold(0), int(0))));
      return [fadd(state(), select(matches.reduce(and, counts), float(1), float(0)))];
    },
    done: () => state(),
  });
}

/** Counts of n-grams (TF), whether there are any (IDF), or counts (TFIDF), the last two times weights. */
register("TfIdfVectorizer", (node) => {
  const given = node.typed(0, "i32", "i64");
  if (given.dims.length < 1 || given.dims.length > 2) return node.refuse(`X [${given.dims}] is not of rank 1 or 2`);
  const x = given.dims.length === 1 ? view(given, [1, ...given.dims]) : given;
  const { grams, columns } = gramsOf(node);
  const mode = node.text("mode");
  if (!["TF", "IDF", "TFIDF"].includes(mode)) return node.refuse(`mode ${mode}`);
  const counts = countsOf(node, x, grams, node.int("max_skip_count"));
  const weights = mode === "TF" ? undefined : weightsOf(node, columns);
  node.ignore("weights");
  const columnOf = constant(fromInts(grams.map(({ column }) => column)));
  const y = node.build.fold("f32", [x.dims[0]!, columns], {
    over: [grams.length],
    init: () => [float(0)],
    step: ({ loops: [row], folds: [gram], read }) => [
      fadd(state(), select(ieq(read(columnOf, [gram!]), loop(1)), read(counts, [row!, gram!]), float(0))),
    ],
    done: ({ loops, read }) => {
      const total = mode === "IDF" ? select(flt(float(0), state()), float(1), float(0)) : state();
      return weights ? fmul(total, read(weights, [loops[1]!])) : total;
    },
  });
  return view(y, [...given.dims.slice(0, -1), columns]);
});

/** ONNX gives a weight to each n-gram, runtimes to each column: only where these are in one order is it clear. */
function weightsOf(node: Node, columns: number): Value | undefined {
  const weights = node.floats("weights");
  if (!weights?.length) return undefined;
  if (node.ints("ngram_indexes")!.some((column, i) => column !== i) || weights.length !== columns)
    return node.refuse("weights of n-grams whose columns are in another order are not supported");
  return constant(fromFloats(weights, [columns]));
}
