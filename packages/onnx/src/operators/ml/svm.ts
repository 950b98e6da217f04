import type { Expr } from "@opengradient/program";
import type { Value } from "../../builder.ts";
import type { Node } from "../../node.ts";
import { register } from "../../registry.ts";
import {
  fadd,
  float,
  flt,
  fmax,
  fmin,
  fmul,
  fneg,
  fsub,
  i2f,
  iadd,
  ieq,
  int,
  loop,
  select,
  state,
} from "../../scalar.ts";
import { exp, sigmoid, tanh } from "../../transcendental.ts";
import {
  affine,
  binaryColumns,
  floats,
  greatest,
  integers,
  labelled,
  labelsOf,
  rowsOf,
  transformed,
  twoColumns,
} from "./rows.ts";

const DOMAIN = "ai.onnx.ml";

type Kernel = { readonly each: (x: Expr, s: Expr) => Expr; readonly finish: (sum: Expr) => Expr };

function kernelOf(node: Node): Kernel {
  const [gamma, constant, degree] = node.floats("kernel_params") ?? [0, 0, 0];
  const type = node.text("kernel_type", "LINEAR");
  const inner = (sum: Expr): Expr => fadd(fmul(float(gamma!), sum), float(constant!));
  switch (type) {
    case "LINEAR":
      return { each: fmul, finish: (sum) => sum };
    case "POLY":
      return { each: fmul, finish: (sum) => power(node, inner(sum), degree!) };
    case "SIGMOID":
      return { each: fmul, finish: (sum) => tanh(inner(sum)) };
    case "RBF":
      return {
        each: (x, s) => fmul(fsub(x, s), fsub(x, s)),
        finish: (sum) => exp(fmul(fneg(float(gamma!)), sum)),
      };
    default:
      return node.refuse(`kernel_type ${type}`);
  }
}

function power(node: Node, x: Expr, degree: number): Expr {
  if (!Number.isInteger(degree) || degree < 1 || degree > 32) return node.refuse(`a polynomial of degree ${degree}`);
  let result = x;
  for (let i = 1; i < degree; i++) result = fmul(result, x);
  return result;
}

/** The kernel of each row with each of `count` support vectors. */
function kernelValues(node: Node, x: Value, count: number): Value {
  const vectors = node.floats("support_vectors") ?? [];
  const [rows, features] = x.dims as [number, number];
  if (vectors.length !== count * features)
    return node.refuse(`${vectors.length} numbers for ${count} support vectors of ${features} features`);
  const supports = floats(vectors, [count, features]);
  const { each, finish } = kernelOf(node);
  return node.build.fold("f32", [rows, count], {
    over: [features],
    init: () => [float(0)],
    step: ({ loops: [n, s], folds: [c], read }) => [fadd(state(), each(read(x, [n!, c!]), read(supports, [s!, c!])))],
    done: () => finish(state()),
  });
}

register(
  "SVMRegressor",
  (node) => {
    const x = rowsOf(node);
    const count = node.int("n_supports", 0);
    const weights = node.floats("coefficients") ?? node.refuse("attribute coefficients is missing");
    const [rho] = node.floats("rho") ?? [0];
    if (node.text("post_transform", "NONE") !== "NONE") return node.refuse("post_transform is not supported");
    if (count === 0) node.ignore("kernel_params", "kernel_type", "support_vectors");
    const score = affine(node, count === 0 ? x : kernelValues(node, x, count), weights, [rho!]);
    if (node.int("one_class", 0) === 0) return score;
    return node.build.map("f32", score.dims, ({ loops, read }) =>
      select(flt(float(0), read(score, loops)), float(1), float(-1)),
    );
  },
  DOMAIN,
);

type Pairs = readonly (readonly [number, number])[];

/** Classes against each other, in ONNX's order: 0-1, 0-2, …, 1-2, … */
const pairsOf = (classes: number): Pairs =>
  Array.from({ length: classes }, (_, i) => i).flatMap((i) =>
    Array.from({ length: classes - i - 1 }, (_, j): [number, number] => [i, i + 1 + j]),
  );

/** One row of weights for each pair over all support vectors; those of other classes have none. */
function pairWeights(node: Node, pairs: Pairs, perClass: readonly number[]): number[] {
  const count = perClass.reduce((sum, n) => sum + n, 0);
  const given = node.floats("coefficients") ?? node.refuse("attribute coefficients is missing");
  if (given.length !== count * (perClass.length - 1)) return node.refuse(`${given.length} coefficients`);
  const classOf = perClass.flatMap((n, c) => new Array<number>(n).fill(c));
  return pairs.flatMap(([i, j]) =>
    classOf.map((c, s) => (c === i ? given[count * (j - 1) + s]! : c === j ? given[count * i + s]! : 0)),
  );
}

/** How many pairs each class wins; a positive score is the first one's. */
function votes(node: Node, scores: Value, pairs: Pairs, classes: number): Value {
  const [first, second] = [integers(pairs.map(([i]) => i)), integers(pairs.map(([, j]) => j))];
  return node.build.fold("i32", [scores.dims[0]!, classes], {
    over: [pairs.length],
    init: () => [int(0)],
    step: ({ loops: [n], folds: [p], read }) => {
      const winner = select(flt(float(0), read(scores, [n!, p!])), read(first, [p!]), read(second, [p!]));
      return [iadd(state(), ieq(winner, loop(1)))];
    },
    done: () => state(),
  });
}

/** 1/(1 + e^(a·score + b)), kept off 0 and 1, and the rest. */
function probabilities(node: Node, scores: Value, a: number, b: number): Value {
  const first = (s: Expr): Expr =>
    fmin(fmax(sigmoid(fneg(fadd(fmul(s, float(a)), float(b)))), float(1e-7)), float(1 - 1e-7));
  return twoColumns(node, scores, first, (s) => fsub(float(1), first(s)));
}

register(
  "SVMClassifier",
  (node) => {
    const x = rowsOf(node);
    const labels = labelsOf(node, "classlabels_ints", "classlabels_strings");
    const perClass = node.ints("vectors_per_class") ?? [];
    if (perClass.length === 0) return node.refuse("a classifier without support vectors is not supported");
    if (perClass.length !== labels.count || labels.count < 2)
      return node.refuse(`${labels.count} labels for ${perClass.length} classes`);
    const pairs = pairsOf(labels.count);
    const rho = node.floats("rho") ?? node.refuse("attribute rho is missing");
    const values = kernelValues(
      node,
      x,
      perClass.reduce((sum, n) => sum + n, 0),
    );
    const scores = affine(node, values, pairWeights(node, pairs, perClass), rho);
    const counted = votes(node, scores, pairs, labels.count);
    const wins = node.build.map("f32", counted.dims, ({ loops, read }) => i2f(read(counted, loops)));
    return [labelled(node, greatest(node, wins), labels), outputScores(node, scores, labels.count)];
  },
  DOMAIN,
);

function outputScores(node: Node, scores: Value, classes: number): Value {
  const [a, b] = [node.floats("prob_a") ?? [], node.floats("prob_b") ?? []];
  const transform = node.text("post_transform", "NONE");
  if (a.length > 0) {
    if (classes > 2) return node.refuse("probabilities of more than two classes are found by iteration");
    return transformed(node, probabilities(node, scores, a[0]!, b[0]!), transform);
  }
  if (classes > 2) return transformed(node, scores, transform);
  return binaryColumns(node, scores, { probability: transform !== "NONE" && transform !== "LOGISTIC", transform });
}
