/** What the operators of ai.onnx.ml share: rows of features, scores after them, class labels. */
import type { Expr } from "@opengradient/program";
import { zero } from "../../broadcast.ts";
import { constant, type Frame, type Index, type Value, view } from "../../builder.ts";
import { fromFloats, fromInts } from "../../elements.ts";
import type { Node } from "../../node.ts";
import {
  fadd,
  fdiv,
  feq,
  float,
  flt,
  fmul,
  fneg,
  fold,
  fsqrt,
  fsub,
  i2f,
  int,
  loop,
  select,
  state,
} from "../../scalar.ts";
import { log, sigmoid } from "../../transcendental.ts";
import { alongAxis } from "../softmax.ts";

export const floats = (values: readonly number[], dims: readonly number[] = [values.length]): Value =>
  constant(fromFloats(values, dims));
export const integers = (values: readonly number[]): Value => constant(fromInts(values));

/** The index 0 of a frame. */
export const origin = ({ loops, folds }: Frame): Index => ({ base: 0, coef: [...loops, ...folds].map(() => 0) });

/** Input 0 as f32 of the same dims. */
export function asFloats(node: Node): Value {
  const x = node.typed(0, "f32", "i32", "i64");
  return x.type === "f32" ? x : node.build.map("f32", x.dims, ({ loops, read }) => i2f(read(x, loops)));
}

/** Input 0 as rows of features; one dimension is one row. */
export function rowsOf(node: Node): Value {
  const x = asFloats(node);
  if (x.dims.length === 0 || x.dims.length > 2) return node.refuse(`X [${x.dims}], expected rows of features`);
  return x.dims.length === 1 ? view(x, [1, ...x.dims]) : x;
}

/** X·Wᵀ + b for W [targets, features]. */
export function affine(node: Node, x: Value, weights: readonly number[], bias: readonly number[]): Value {
  const [rows, features] = x.dims as [number, number];
  const targets = bias.length;
  if (weights.length !== targets * features)
    return node.refuse(`${weights.length} coefficients for ${targets} targets of ${features} features`);
  const [w, b] = [floats(weights, [targets, features]), floats(bias)];
  return node.build.fold("f32", [rows, targets], {
    over: [features],
    init: ({ loops, read }) => [read(b, [loops[1]!])],
    step: ({ loops: [n, t], folds: [c], read }) => [fadd(state(), fmul(read(x, [n!, c!]), read(w, [t!, c!])))],
    done: () => state(),
  });
}

export type Labels = { readonly count: number; readonly ints?: readonly number[]; readonly names?: readonly string[] };

/** Class labels: integers, or strings, of which the classes' numbers are given. */
export function labelsOf(node: Node, ints: string, strings: string): Labels {
  const [numbers, names] = [node.ints(ints), node.texts(strings)];
  if (numbers?.length) return { count: numbers.length, ints: numbers };
  if (names?.length) return { count: names.length, names };
  return node.refuse(`neither ${ints} nor ${strings} is given`);
}

/** The labels of classes [rows]. */
export function labelled(node: Node, classes: Value, { ints, names }: Labels): Value {
  if (names) return { ...classes, type: "i64", names };
  if (ints!.every((label, i) => label === i)) return { ...classes, type: "i64" };
  const table = integers(ints!);
  return node.build.map("i64", classes.dims, (frame) =>
    frame.readAt(table, [origin(frame)], 0, frame.read(classes, frame.loops)),
  );
}

/** The class with the greatest score; the first of equals. */
export function greatest(node: Node, scores: Value): Value {
  const [rows, count] = scores.dims as [number, number];
  return node.build.fold("i64", [rows], {
    over: [count],
    init: () => [float(Number.NEGATIVE_INFINITY), int(0)],
    step: ({ loops: [n], folds: [c], read }) => {
      const score = read(scores, [n!, c!]);
      const better = flt(state(0), score);
      return [select(better, score, state(0)), select(better, fold(0), state(1))];
    },
    done: () => state(1),
  });
}

/** 1 where the one score of a row is above `threshold`, else 0. */
export const positive = (node: Node, score: Value, threshold: number): Value =>
  node.build.map("i64", [score.dims[0]!], (frame) =>
    flt(float(threshold), frame.read(score, [frame.loops[0]!, origin(frame)])),
  );

/** Two columns from one score: of the negative class, and of the positive one. */
export const twoColumns = (node: Node, score: Value, negative: (s: Expr) => Expr, same: (s: Expr) => Expr): Value =>
  node.build.map("f32", [score.dims[0]!, 2], ({ loops, read }) => {
    const s = read(score, [loops[0]!, zero(loops[1]!)]);
    return select(loop(1), same(s), negative(s));
  });

/** The columns of a single score: 1 − s and s of a probability, −s and s of a margin, or both through the sigmoid. */
export function binaryColumns(node: Node, score: Value, { probability, transform }: Binary): Value {
  if (probability) return twoColumns(node, score, (s) => fsub(float(1), s), same);
  if (transform === "LOGISTIC") return twoColumns(node, score, (s) => sigmoid(fneg(s)), sigmoid);
  if (transform === "PROBIT") return node.refuse("PROBIT of a single score is not supported");
  return twoColumns(node, score, fneg, same);
}
type Binary = { readonly probability: boolean; readonly transform: string };
const same = (s: Expr): Expr => s;

/** √2·erf⁻¹(2p − 1), by Winitzki's approximation, as runtimes have it. */
function probit(p: Expr): Expr {
  const x = fsub(fadd(p, p), float(1));
  const ln = log(fmul(fsub(float(1), x), fadd(float(1), x)));
  const half = fadd(float(2 / (Math.PI * 0.147)), fmul(float(0.5), ln));
  const root = fsqrt(fsub(fsqrt(fsub(fmul(half, half), fdiv(ln, float(0.147)))), half));
  return fmul(float(Math.SQRT2), select(flt(x, float(0)), fneg(root), root));
}

/** What post_transform makes of scores [rows, classes]. */
export function transformed(node: Node, scores: Value, transform: string): Value {
  const each = (code: (s: Expr) => Expr): Value =>
    node.build.map("f32", scores.dims, ({ loops, read }) => code(read(scores, loops)));
  switch (transform) {
    case "NONE":
      return scores;
    case "LOGISTIC":
      return each(sigmoid);
    case "PROBIT":
      return each(probit);
    case "SOFTMAX":
      return alongAxis(node, scores, 1);
    case "SOFTMAX_ZERO":
      return softmaxZero(node, scores);
    default:
      return node.refuse(`post_transform ${transform}`);
  }
}

/** Softmax in which scores of 0 take no part and stay 0. */
function softmaxZero(node: Node, scores: Value): Value {
  const { build } = node;
  const masked = build.map("f32", scores.dims, ({ loops, read }) => {
    const s = read(scores, loops);
    return select(feq(s, float(0)), float(Number.NEGATIVE_INFINITY), s);
  });
  return alongAxis(node, masked, 1, true);
}
