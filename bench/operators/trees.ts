/** Trees of ai.onnx.ml. */
import type { AttributeValue, TensorFacts, TypeName } from "../../packages/onnx/test/onnxFile.ts";
import { type Case, type Family, type Random, some } from "./cases.ts";
import { domain, floats, POST, withNaN } from "./rows.ts";

const BRANCHES = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"];

type Node = {
  readonly tree: number;
  readonly id: number;
  readonly feature: number;
  readonly mode: string;
  readonly value: number;
  readonly missing: number;
  yes: number;
  no: number;
};

type Leaf = { readonly tree: number; readonly node: number; readonly target: number; readonly weight: number };

type Forest = { readonly nodes: Node[]; readonly leaves: Leaf[] };

function leavesOf(r: Random, tree: number, node: number, targets: number): Leaf[] {
  const chosen = r.shuffled(Array.from({ length: targets }, (_, i) => i)).slice(0, r.int(1, targets));
  return chosen.map((target) => ({ tree, node, target, weight: r.int(-8, 8) / 8 }));
}

function forestOf(r: Random, features: number, targets: number): Forest {
  const forest: Forest = { nodes: [], leaves: [] };
  const count = r.int(1, 3);
  const modes = r.chance(0.6) ? [r.pick(BRANCHES.slice(0, 4))] : BRANCHES;
  for (let tree = 0; tree < count; tree++) {
    let next = 0;
    const grow = (depth: number): number => {
      const id = next++;
      const isLeaf = depth === 0 || r.chance(0.25);
      const node: Node = {
        tree,
        id,
        feature: isLeaf ? 0 : r.int(0, features - 1),
        mode: isLeaf ? "LEAF" : r.pick(modes),
        value: isLeaf ? 0 : r.int(-6, 6) / 2,
        missing: isLeaf ? 0 : r.int(0, 1),
        yes: 0,
        no: 0,
      };
      forest.nodes.push(node);
      if (isLeaf) forest.leaves.push(...leavesOf(r, tree, id, targets));
      else {
        node.yes = grow(depth - 1);
        node.no = grow(depth - 1);
      }
      return id;
    };
    grow(r.int(1, 3));
  }
  return forest;
}

/** Whether every row names every target: some tree does in each of its leaves. */
const namesAll = ({ nodes, leaves }: Forest, targets: number): boolean =>
  nodes.some(({ tree }) =>
    nodes
      .filter((node) => node.tree === tree && node.mode === "LEAF")
      .every(({ id }) => leaves.filter((leaf) => leaf.tree === tree && leaf.node === id).length === targets),
  );

const nodeAttributes = (r: Random, nodes: readonly Node[]): Record<string, AttributeValue> => ({
  nodes_treeids: nodes.map(({ tree }) => tree),
  nodes_nodeids: nodes.map(({ id }) => id),
  nodes_featureids: nodes.map(({ feature }) => feature),
  nodes_modes: { texts: nodes.map(({ mode }) => mode) },
  nodes_values: { floats: nodes.map(({ value }) => value) },
  nodes_truenodeids: nodes.map(({ yes }) => yes),
  nodes_falsenodeids: nodes.map(({ no }) => no),
  ...some(r, { nodes_missing_value_tracks_true: () => nodes.map(({ missing }) => missing) }),
});

const leafAttributes = (prefix: string, leaves: readonly Leaf[]): Record<string, AttributeValue> => ({
  [`${prefix}_treeids`]: leaves.map(({ tree }) => tree),
  [`${prefix}_nodeids`]: leaves.map(({ node }) => node),
  [`${prefix}_ids`]: leaves.map(({ target }) => target),
  [`${prefix}_weights`]: { floats: leaves.map(({ weight }) => weight) },
});

function regressor(r: Random): Case {
  const [features, targets] = [r.int(1, 3), r.int(1, 3)];
  const forest = forestOf(r, features, targets);
  const own = nodeAttributes(r, forest.nodes);
  const opset = r.pick([1, 3]);
  const inputs = [withNaN(r, features)];
  const scoring = some(r, {
    aggregate_function: () => r.pick(["SUM", "AVERAGE", "MIN", "MAX"]),
    ...(targets > 1 && { post_transform: () => r.pick(POST) }),
    base_values: () => floats(r, targets),
  });
  return {
    op: "TreeEnsembleRegressor",
    domain,
    opset,
    inputs,
    attributes: { ...own, ...leafAttributes("target", forest.leaves), n_targets: targets, ...scoring },
    deviates:
      scoring.base_values && !namesAll(forest, targets)
        ? "gives no base value to a target that no leaf on the way names"
        : undefined,
  };
}

type Scored = { readonly forest: Forest; readonly classes: number; readonly scoring: Record<string, unknown> };

function classifierDeviation({ forest, classes, scoring }: Scored): string | undefined {
  const based = scoring.base_values !== undefined;
  if (classes === 2) {
    const { post_transform: transform = "NONE" } = scoring;
    const isPlain =
      transform === "NONE" || (transform === "LOGISTIC" && forest.leaves.some(({ weight }) => weight < 0));
    return based || !isPlain || forest.leaves.some(({ target }) => target === 1)
      ? "has rules of its own for two classes with base values, weights of the second or a transform of positive ones: ONNX has none"
      : undefined;
  }
  return based || namesAll(forest, classes) ? undefined : "labels by the classes only that a leaf on the way names";
}

function classifier(r: Random): Case {
  const [features, classes] = [r.int(1, 3), r.int(2, 4)];
  const single = classes === 2 && r.chance(0.6);
  const { nodes, leaves } = forestOf(r, features, single ? 1 : classes);
  const own = nodeAttributes(r, nodes);
  const positive = single && r.chance();
  const second = single && r.chance(0.3);
  const weighted = leaves.map((leaf) => ({
    ...leaf,
    weight: positive ? Math.abs(leaf.weight) : leaf.weight,
    target: second ? 1 : leaf.target,
  }));
  const opset = r.pick([1, 3]);
  const inputs = [withNaN(r, features)];
  const scoring = some(r, {
    post_transform: () => r.pick(POST),
    base_values: () => floats(r, single ? r.pick([1, 2]) : classes),
  });
  const labels = Array.from({ length: classes }, (_, i) => (classes === 2 ? 0 : 10) + i);
  return {
    op: "TreeEnsembleClassifier",
    domain,
    opset,
    inputs,
    types: ["i64", "f32"],
    attributes: { ...own, ...leafAttributes("class", weighted), classlabels_int64s: labels, ...scoring },
    deviates: classifierDeviation({ forest: { nodes, leaves: weighted }, classes, scoring }),
  };
}

type Split = {
  readonly feature: number;
  readonly value: number;
  readonly mode: number;
  readonly missing: number;
  readonly to: { readonly place: number; readonly leaf: 0 | 1 }[];
};

const MEMBER = 6;

type Ensemble = {
  readonly splits: Split[];
  readonly leaves: { readonly target: number; readonly weight: number }[];
  /** sets in the order of their nodes, each ended by NaN */
  readonly members: number[];
  readonly roots: number[];
};

function ensembleOf(r: Random, features: number, targets: number): Ensemble {
  const made: Ensemble = { splits: [], leaves: [], members: [], roots: [] };
  const { splits, leaves, members, roots } = made;
  const grow = (depth: number): number => {
    const at = splits.length;
    const mode = r.pick([0, 0, 1, 2, 3, 4, 5, MEMBER]);
    const split: Split = {
      feature: r.int(0, features - 1),
      value: r.int(-6, 6) / 2,
      mode,
      missing: r.int(0, 1),
      to: [],
    };
    splits.push(split);
    if (mode === MEMBER)
      members.push(...r.shuffled([-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2]).slice(0, r.int(1, 3)), Number.NaN);
    for (let side = 0; side < 2; side++) {
      if (depth === 0 || r.chance(0.3)) {
        leaves.push({ target: r.int(0, targets - 1), weight: r.int(-8, 8) / 4 });
        split.to.push({ place: leaves.length - 1, leaf: 1 });
      } else split.to.push({ place: grow(depth - 1), leaf: 0 });
    }
    return at;
  };
  for (let tree = r.int(1, 3); tree > 0; tree--) roots.push(grow(r.int(0, 2)));
  return made;
}

const tensor = (values: number[], type: TypeName = "f32"): AttributeValue => ({
  type,
  dims: [values.length],
  values,
});

const ensembleAttributes = ({ splits, leaves, members, roots }: Ensemble): Record<string, AttributeValue> => ({
  tree_roots: roots,
  nodes_modes: tensor(
    splits.map(({ mode }) => mode),
    "u8",
  ),
  nodes_featureids: splits.map(({ feature }) => feature),
  nodes_splits: tensor(splits.map(({ value }) => value)),
  nodes_trueleafs: splits.map(({ to }) => to[0]!.leaf),
  nodes_truenodeids: splits.map(({ to }) => to[0]!.place),
  nodes_falseleafs: splits.map(({ to }) => to[1]!.leaf),
  nodes_falsenodeids: splits.map(({ to }) => to[1]!.place),
  leaf_targetids: leaves.map(({ target }) => target),
  leaf_weights: tensor(leaves.map(({ weight }) => weight)),
  ...(members.length > 0 && { membership_values: tensor(members) }),
});

const SWAPPED = [1, 2];

function ensembleDeviation(x: TensorFacts, members: readonly number[], transform: unknown): string | undefined {
  if (SWAPPED.some((code) => code === transform)) return "reads SOFTMAX's number as LOGISTIC's and the other way";
  const isCut = (v: number): boolean => !Number.isInteger(v) && v > 1 && members.includes(Math.trunc(v));
  return x.values.some(isCut) ? "cuts the fraction off a feature that it looks for in a set" : undefined;
}

function treeEnsemble(r: Random): Case {
  const [features, targets] = [r.int(1, 3), r.int(1, 3)];
  const ensemble = ensembleOf(r, features, targets);
  const x = withNaN(r, features);
  const scoring = some(r, {
    aggregate_function: () => r.int(0, 3),
    ...(targets > 1 && { post_transform: () => r.int(0, 3) }),
    nodes_missing_value_tracks_true: () => ensemble.splits.map(({ missing }) => missing),
  });
  return {
    op: "TreeEnsemble",
    domain,
    opset: 5,
    inputs: [x],
    attributes: { n_targets: targets, ...ensembleAttributes(ensemble), ...scoring },
    deviates: ensembleDeviation(x, ensemble.members, scoring.post_transform),
  };
}

export const TREES: Readonly<Record<string, Family>> = {
  "ml.TreeRegressor": regressor,
  "ml.TreeClassifier": classifier,
  "ml.TreeEnsemble": treeEnsemble,
};
