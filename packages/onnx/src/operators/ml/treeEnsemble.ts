import type { Value } from "../../builder.ts";
import { numbersOf } from "../../elements.ts";
import type { Node } from "../../node.ts";
import { register } from "../../registry.ts";
import { type Aggregate, type Branch, type Forest, type Leaf, maskOf, scoresOf } from "./forest.ts";
import { binaryColumns, greatest, labelled, labelsOf, positive, rowsOf, transformed } from "./rows.ts";

const DOMAIN = "ai.onnx.ml";

/** Numbers of an attribute, which may be given as floats or as a tensor. */
function numbersAt(node: Node, name: string): readonly number[] | undefined {
  const [given, tensor] = [node.floats(name), node.tensor(`${name}_as_tensor`)];
  return given ?? (tensor && numbersOf(node.build.known(tensor)!));
}

type Weights = ReadonlyMap<string, readonly (readonly [number, number])[]>;

/** By tree and node: which targets get what. */
function weightsAt(node: Node, prefix: "class" | "target"): Weights {
  const list = (name: string): readonly number[] => node.ints(`${prefix}_${name}`) ?? [];
  const [trees, nodes, ids] = [list("treeids"), list("nodeids"), list("ids")];
  const values = numbersAt(node, `${prefix}_weights`) ?? [];
  if ([nodes, ids, values].some(({ length }) => length !== trees.length))
    node.refuse(`${prefix}_… attributes of different lengths`);
  const weights = new Map<string, [number, number][]>();
  for (const [i, tree] of trees.entries()) {
    const key = `${tree},${nodes[i]}`;
    if (!weights.has(key)) weights.set(key, []);
    weights.get(key)!.push([ids[i]!, values[i]!]);
  }
  return weights;
}

/** The trees of TreeEnsembleClassifier and TreeEnsembleRegressor. A tree's root is its node that is nobody's child. */
function forestOf(node: Node, weights: Weights): Forest {
  node.ignore("nodes_hitrates", "nodes_hitrates_as_tensor");
  const list = (name: string): readonly number[] =>
    node.ints(`nodes_${name}`) ?? node.refuse(`attribute nodes_${name} is missing`);
  const [trees, ids, features] = [list("treeids"), list("nodeids"), list("featureids")];
  const [yes, no] = [list("truenodeids"), list("falsenodeids")];
  const modes = node.texts("nodes_modes") ?? node.refuse("attribute nodes_modes is missing");
  const values = numbersAt(node, "nodes_values") ?? node.refuse("attribute nodes_values is missing");
  const missing = node.ints("nodes_missing_value_tracks_true") ?? [];
  if ([ids, features, yes, no, modes, values].some(({ length }) => length !== trees.length))
    return node.refuse("nodes_… attributes of different lengths");
  const places = new Map(trees.map((tree, i) => [`${tree},${ids[i]}`, i]));
  const children = new Set<number>();
  const child = (i: number, id: number): number => {
    const place = places.get(`${trees[i]},${id}`) ?? node.refuse(`tree ${trees[i]} has no node ${id}`);
    children.add(place);
    return place;
  };
  const nodes = trees.map((tree, i): Leaf | Branch =>
    modes[i] === "LEAF"
      ? { kind: "leaf", weights: weights.get(`${tree},${ids[i]}`) ?? [] }
      : {
          ...{ kind: "branch", feature: features[i]!, value: values[i]! },
          mask: maskOf(node, modes[i]!, missing[i] === 1),
          yes: child(i, yes[i]!),
          no: child(i, no[i]!),
        },
  );
  const roots = nodes.flatMap((_, i) => (children.has(i) ? [] : [i]));
  return roots.length > 0 && roots.length === new Set(trees).size
    ? { nodes, roots }
    : node.refuse(`${new Set(trees).size} trees with ${roots.length} roots`);
}

register(
  "TreeEnsembleRegressor",
  (node) => {
    const x = rowsOf(node);
    const forest = forestOf(node, weightsAt(node, "target"));
    const targets = node.int("n_targets", 1);
    const base = numbersAt(node, "base_values");
    const aggregate = node.text("aggregate_function", "SUM") as Aggregate;
    if (!["SUM", "AVERAGE", "MIN", "MAX"].includes(aggregate)) return node.refuse(`aggregate_function ${aggregate}`);
    const scoring = { targets, aggregate, base: base?.length === targets ? base : undefined };
    return transformed(node, scoresOf(node, x, forest, scoring), node.text("post_transform", "NONE"));
  },
  DOMAIN,
);

/** Two classes of which only one has weights: its score decides, above ½ if no weight is negative, else above 0. */
function oneScore(
  node: Node,
  x: Value,
  weights: Weights,
  base: readonly number[],
): { score: Value; probability: boolean } {
  const all = [...weights.values()].flat();
  const single: Weights = new Map([...weights].map(([key, list]) => [key, list.map(([, w]) => [0, w] as const)]));
  const scoring = { targets: 1, aggregate: "SUM", base: base.length > 0 ? [base.at(-1)!] : undefined } as const;
  return { score: scoresOf(node, x, forestOf(node, single), scoring), probability: all.every(([, w]) => w >= 0) };
}

register(
  "TreeEnsembleClassifier",
  (node) => {
    const x = rowsOf(node);
    const labels = labelsOf(node, "classlabels_int64s", "classlabels_strings");
    const weights = weightsAt(node, "class");
    const base = numbersAt(node, "base_values") ?? [];
    const transform = node.text("post_transform", "NONE");
    const scored = new Set([...weights.values()].flatMap((list) => list.map(([target]) => target)));
    if (labels.count === 2 && scored.size === 1) {
      const { score, probability } = oneScore(node, x, weights, base);
      const classes = positive(node, score, probability ? 0.5 : 0);
      return [labelled(node, classes, labels), binaryColumns(node, score, { probability, transform })];
    }
    const own = base.length === labels.count ? base : undefined;
    const scoring = { targets: labels.count, aggregate: "SUM", base: own } as const;
    const scores = scoresOf(node, x, forestOf(node, weights), scoring);
    return [labelled(node, greatest(node, scores), labels), transformed(node, scores, transform)];
  },
  DOMAIN,
);

const NEW_MODES = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ", "BRANCH_MEMBER"];

/** The trees of TreeEnsemble: leaves have places of their own, and a node may ask for one of a set of values. */
function newForestOf(node: Node): Forest {
  const list = (name: string): readonly number[] => node.ints(name) ?? node.refuse(`attribute ${name} is missing`);
  const numbers = (name: string): readonly number[] | undefined => {
    const tensor = node.tensor(name);
    return tensor && numbersOf(node.build.known(tensor)!);
  };
  const [features, yes, no] = [list("nodes_featureids"), list("nodes_truenodeids"), list("nodes_falsenodeids")];
  const [yesLeaf, noLeaf] = [list("nodes_trueleafs"), list("nodes_falseleafs")];
  const [modes, splits] = [numbers("nodes_modes") ?? [], numbers("nodes_splits") ?? []];
  const missing = node.ints("nodes_missing_value_tracks_true") ?? [];
  node.ignore("nodes_hitrates");
  const [targets, weights] = [list("leaf_targetids"), numbers("leaf_weights") ?? []];
  const sets = setsOf(numbers("membership_values") ?? []);
  if ([yes, no, yesLeaf, noLeaf, modes, splits].some(({ length }) => length !== features.length))
    return node.refuse("nodes_… attributes of different lengths");
  const nodes: (Leaf | Branch)[] = features.map(() => ({ kind: "leaf", weights: [] }));
  const leaf = (at: number): number =>
    targets[at] === undefined || weights[at] === undefined
      ? node.refuse(`a leaf ${at} that does not exist`)
      : nodes.push({ kind: "leaf", weights: [[targets[at], weights[at]]] }) - 1;
  for (const [i, feature] of features.entries()) {
    const mode = NEW_MODES[modes[i]!] ?? node.refuse(`node mode ${modes[i]}`);
    const [isYes, isNo] = [yesLeaf[i] === 1, noLeaf[i] === 1];
    const values = mode === "BRANCH_MEMBER" ? (sets.shift() ?? node.refuse("too few membership_values")) : [splits[i]!];
    const mask = maskOf(node, mode === "BRANCH_MEMBER" ? "BRANCH_EQ" : mode, missing[i] === 1);
    // a set is a chain of tests; each has leaves or branches of its own to keep the trees trees
    if (values.length > 1 && !isYes) return node.refuse("a set of values that leads to a branch is not supported");
    for (let at = i, k = 0; k < values.length; k++) {
      const last = k === values.length - 1;
      const next = last ? (isNo ? leaf(no[i]!) : no[i]!) : nodes.push({ kind: "leaf", weights: [] }) - 1;
      nodes[at] = {
        ...{ kind: "branch", feature, value: values[k]!, mask },
        yes: isYes ? leaf(yes[i]!) : yes[i]!,
        no: next,
      };
      at = next;
    }
  }
  return { nodes, roots: list("tree_roots") };
}

/** Sets end with NaN. */
function setsOf(values: readonly number[]): number[][] {
  const sets: number[][] = [];
  let open: number[] = [];
  for (const value of values)
    if (Number.isNaN(value)) {
      sets.push(open);
      open = [];
    } else open.push(value);
  return open.length > 0 ? [...sets, open] : sets;
}

const AGGREGATES = ["AVERAGE", "SUM", "MIN", "MAX"] as const;
const TRANSFORMS = ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"];

register(
  "TreeEnsemble",
  (node) => {
    const x = rowsOf(node);
    const forest = newForestOf(node);
    const targets = node.int("n_targets", 1);
    const aggregate = AGGREGATES[node.int("aggregate_function", 1)] ?? node.refuse("unknown aggregate_function");
    const transform = TRANSFORMS[node.int("post_transform", 0)] ?? "unknown";
    return transformed(node, scoresOf(node, x, forest, { targets, aggregate, base: undefined }), transform);
  },
  DOMAIN,
);
