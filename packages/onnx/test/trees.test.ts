import { describe, expect, it } from "vitest";
import { expectNear } from "./near.ts";
import { type AttributeValue, modelBytes, type TensorFacts } from "./onnxFile.ts";
import { numbers, type Result, runModel } from "./run.ts";

/** A tree as a test writes it: what goes left, or what a leaf gives to its targets. */
type Tree =
  | { readonly weights: readonly (readonly [target: number, weight: number])[] }
  | {
      readonly mode: string;
      readonly feature: number;
      readonly value: number;
      readonly missing: number;
      readonly yes: Tree;
      readonly no: Tree;
    };

const MODES = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"];
const VALUES = [-0.5, 0, 0.25, 0.5];

/** A random tree that compares features with a few values, which rows hold too. */
function randomTree(seed: number, depth: number, targets: number): Tree {
  const [a, b, c, d, e] = numbers(seed, 5).map((x) => Math.floor(32768 * (x + 1)));
  if (depth === 0 || a! % 5 === 0)
    return {
      weights: Array.from({ length: 1 + (b! % targets) }, (_, i) => [(c! + i) % targets, VALUES[(d! + i) % 4]!]),
    };
  return {
    ...{ mode: MODES[a! % 6]!, feature: b! % 3, value: VALUES[c! % 4]!, missing: d! % 2 },
    yes: randomTree(seed * 31 + e!, depth - 1, targets),
    no: randomTree(seed * 37 + e! + 1, depth - 1, targets),
  };
}

function goesYes(mode: string, x: number, v: number): boolean {
  if (mode === "BRANCH_LEQ") return x <= v;
  if (mode === "BRANCH_LT") return x < v;
  if (mode === "BRANCH_GTE") return x >= v;
  if (mode === "BRANCH_GT") return x > v;
  return mode === "BRANCH_EQ" ? x === v : x !== v;
}

function leafOf(tree: Tree, x: readonly number[]): readonly (readonly [number, number])[] {
  if ("weights" in tree) return tree.weights;
  const value = x[tree.feature]!;
  const yes = goesYes(tree.mode, value, tree.value) || (Number.isNaN(value) && tree.missing === 1);
  return leafOf(yes ? tree.yes : tree.no, x);
}

const floats = (values: readonly number[]): AttributeValue => ({ floats: values });

/** The attributes of ai.onnx.ml 1 and 3, nodes numbered in the order of a walk. */
function attributesOf(trees: readonly Tree[], prefix: "class" | "target"): Record<string, AttributeValue> {
  const nodes: {
    tree: number;
    id: number;
    mode: string;
    feature: number;
    value: number;
    missing: number;
    yes: number;
    no: number;
  }[] = [];
  const weights: { tree: number; id: number; target: number; weight: number }[] = [];
  for (const [tree, root] of trees.entries()) {
    let count = 0;
    const walk = (at: Tree): number => {
      const id = count++;
      if ("weights" in at) {
        nodes.push({ tree, id, mode: "LEAF", feature: 0, value: 0, missing: 0, yes: 0, no: 0 });
        for (const [target, weight] of at.weights) weights.push({ tree, id, target, weight });
        return id;
      }
      const place = nodes.push({ ...at, tree, id, yes: 0, no: 0 }) - 1;
      const [yes, no] = [walk(at.yes), walk(at.no)];
      nodes[place] = { ...nodes[place]!, yes, no };
      return id;
    };
    walk(root);
  }
  return {
    nodes_treeids: nodes.map(({ tree }) => tree),
    nodes_nodeids: nodes.map(({ id }) => id),
    nodes_featureids: nodes.map(({ feature }) => feature),
    nodes_modes: { texts: nodes.map(({ mode }) => mode) },
    nodes_values: floats(nodes.map(({ value }) => value)),
    nodes_truenodeids: nodes.map(({ yes }) => yes),
    nodes_falsenodeids: nodes.map(({ no }) => no),
    nodes_missing_value_tracks_true: nodes.map(({ missing }) => missing),
    [`${prefix}_treeids`]: weights.map(({ tree }) => tree),
    [`${prefix}_nodeids`]: weights.map(({ id }) => id),
    [`${prefix}_ids`]: weights.map(({ target }) => target),
    [`${prefix}_weights`]: floats(weights.map(({ weight }) => weight)),
  };
}

const ROWS = [
  ...Array.from({ length: 12 }, (_, i) => numbers(100 + i, 3).map((x) => VALUES[Math.floor(2 * (x + 1))]!)),
  [Number.NaN, 0.25, -0.5],
  [0, Number.NaN, Number.NaN],
  [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0],
];
const X: TensorFacts = { dims: [ROWS.length, 3], values: ROWS.flat() };

function run(op: string, attributes: Readonly<Record<string, AttributeValue>>, classifier = false): Result[] {
  const outputs = classifier ? [{ name: "label", type: "i64" as const }, { name: "y" }] : [{ name: "y" }];
  const bytes = modelBytes({
    domains: ["ai.onnx.ml"],
    inputs: [{ name: "x", dims: X.dims }],
    nodes: [{ op, domain: "ai.onnx.ml", inputs: ["x"], outputs: outputs.map(({ name }) => name), attributes }],
    outputs,
  });
  return runModel(bytes, [X]);
}

const FOREST = Array.from({ length: 7 }, (_, i) => randomTree(i + 1, 5, 3));
/** Weights of each target, tree by tree; targets that no tree has weights for have none. */
const given = (row: readonly number[], trees: readonly Tree[], targets: number): number[][] =>
  Array.from({ length: targets }, (_, target) =>
    trees.flatMap((tree) => leafOf(tree, row).flatMap(([at, weight]) => (at === target ? [weight] : []))),
  );
const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
const sums = (trees: readonly Tree[], targets: number): number[][] =>
  ROWS.map((row) => given(row, trees, targets).map(sum));

describe("TreeEnsembleRegressor", () => {
  const attributes = { ...attributesOf(FOREST, "target"), n_targets: 3 };

  it("every mode, NaN on either way, several targets, base values", () => {
    expectNear(run("TreeEnsembleRegressor", attributes)[0]!, [ROWS.length, 3], sums(FOREST, 3).flat());
    const based = { ...attributes, base_values: floats([1, 2, 3]) };
    expectNear(
      run("TreeEnsembleRegressor", based)[0]!,
      [ROWS.length, 3],
      sums(FOREST, 3).flatMap((row) => row.map((v, i) => v + i + 1)),
    );
  });

  it("average, least and greatest; what no leaf gives is 0", () => {
    const all = ROWS.map((row) => given(row, FOREST, 3));
    for (const [aggregate_function, join] of [
      ["AVERAGE", (list: number[]) => sum(list) / FOREST.length],
      ["MIN", (list: number[]) => (list.length > 0 ? Math.min(...list) : 0)],
      ["MAX", (list: number[]) => (list.length > 0 ? Math.max(...list) : 0)],
    ] as const)
      expectNear(
        run("TreeEnsembleRegressor", { ...attributes, aggregate_function })[0]!,
        [ROWS.length, 3],
        all.flatMap((row) => row.map(join)),
      );
  });

  it("deep trees are walked in stages", () => {
    const chain = (depth: number): Tree =>
      depth === 0
        ? { weights: [[0, 99]] }
        : {
            ...{ mode: "BRANCH_LT", feature: 0, value: depth - 60, missing: 0 },
            yes: { weights: [[0, depth]] },
            no: chain(depth - 1),
          };
    const deep = chain(120);
    expect(run("TreeEnsembleRegressor", attributesOf([deep], "target"))[0]!.values).toEqual(
      ROWS.map((row) => leafOf(deep, row)[0]![1]),
    );
  });

  it("refuses what is no forest", () => {
    const [yes, no]: Tree[] = [{ weights: [[0, 1]] }, { weights: [[0, 2]] }];
    const loop = attributesOf([{ mode: "BRANCH_LT", feature: 0, value: 0, missing: 0, yes: yes!, no: no! }], "target");
    expect(() => run("TreeEnsembleRegressor", { ...loop, nodes_modes: { texts: ["LEAF"] } })).toThrow(/lengths/);
    const back = (loop["nodes_truenodeids"] as number[]).map(() => 0);
    expect(() => run("TreeEnsembleRegressor", { ...loop, nodes_truenodeids: back })).toThrow(/no root/);
    const far = { ...loop, nodes_featureids: (loop["nodes_featureids"] as number[]).map(() => 3) };
    expect(() => run("TreeEnsembleRegressor", far)).toThrow(/feature 3 of 3/);
  });
});

describe("TreeEnsembleClassifier", () => {
  it("the class with the greatest sum; softmax over the scores", () => {
    const attributes = { ...attributesOf(FOREST, "class"), classlabels_int64s: [7, 8, 9], post_transform: "SOFTMAX" };
    const [label, scores] = run("TreeEnsembleClassifier", attributes, true);
    const rows = sums(FOREST, 3);
    expect(label!.values).toEqual(rows.map((row) => 7 + row.indexOf(Math.max(...row))));
    const exps = rows.map((row) => row.map(Math.exp));
    expectNear(
      scores!,
      [ROWS.length, 3],
      exps.flatMap((row) => row.map((v) => v / sum(row))),
    );
  });

  it("two classes, weights of one: a margin around 0, or a probability around a half", () => {
    const one = Array.from({ length: 5 }, (_, i) => randomTree(i + 50, 4, 1));
    const margins = sums(one, 1).map(([s]) => s!);
    const labels = { classlabels_strings: { texts: ["no", "yes"] } };
    const [label, scores] = run(
      "TreeEnsembleClassifier",
      { ...attributesOf(one, "class"), ...labels, post_transform: "LOGISTIC" },
      true,
    );
    expect(label!.values).toEqual(margins.map((s) => Number(s > 0)));
    expectNear(
      scores!,
      [ROWS.length, 2],
      margins.flatMap((s) => [1 / (1 + Math.exp(s)), 1 / (1 + Math.exp(-s))]),
    );
    const positive = attributesOf(one, "class");
    const weights = (positive["class_weights"] as { floats: readonly number[] }).floats.map((w) => Math.abs(w) / 4);
    const [, odds] = run("TreeEnsembleClassifier", { ...positive, class_weights: floats(weights), ...labels }, true);
    expect(odds!.values.every((v, i) => v === Math.fround(i % 2 === 0 ? 1 - odds!.values[i + 1]! : v))).toBe(true);
  });
});

describe("TreeEnsemble", () => {
  const f = (values: readonly number[]): TensorFacts => ({ dims: [values.length], values });
  const modes = (values: readonly number[]): TensorFacts => ({ type: "u8", dims: [values.length], values });

  it("leaves with places of their own, a set of values, the greatest over the trees", () => {
    // x0 ≤ 0 ? (x1 ∈ {-0.5, 0.5} ? 1 : 2) : 3, and x2 > 0.25 ? 2.5 : -1
    const attributes = {
      ...{ nodes_featureids: [0, 1, 2], nodes_modes: modes([0, 6, 3]), nodes_splits: f([0, 0, 0.25]) },
      ...{
        nodes_truenodeids: [1, 0, 3],
        nodes_trueleafs: [0, 1, 1],
        nodes_falsenodeids: [2, 1, 4],
        nodes_falseleafs: [1, 1, 1],
      },
      ...{ membership_values: f([-0.5, 0.5, Number.NaN]), tree_roots: [0, 2], n_targets: 1, aggregate_function: 3 },
      ...{ leaf_targetids: [0, 0, 0, 0, 0], leaf_weights: f([1, 2, 3, 2.5, -1]) },
    };
    expect(run("TreeEnsemble", attributes)[0]!.values).toEqual(
      ROWS.map(([a, b, c]) => Math.max(a! <= 0 ? ([-0.5, 0.5].includes(b!) ? 1 : 2) : 3, c! > 0.25 ? 2.5 : -1)),
    );
  });
});
