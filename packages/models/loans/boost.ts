/** Gradient boosting of the logistic loss with second-order leaves, over features cut into bins. */
import { type Application, FEATURES, type Loan } from "./book.ts";
import { logistic } from "./logistic.ts";

export type Tree =
  | { readonly leaf: number }
  /** `yes` where the feature is at most `limit` */
  | { readonly feature: number; readonly limit: number; readonly yes: Tree; readonly no: Tree };

/** Log odds of default: `base` and the leaf that each tree leads to. All numbers are f32. */
export type Forest = { readonly base: number; readonly trees: readonly Tree[] };

export type Settings = {
  readonly trees: number;
  readonly depth: number;
  /** share of each tree's leaves that is taken */
  readonly rate: number;
  /** added to the second derivative of every leaf */
  readonly ridge: number;
  /** least second derivative of a leaf */
  readonly weight: number;
  readonly bins: number;
  /** log odds that the first tree starts from */
  readonly base: number;
};

/** Features of all loans, one list each; which bin each of them lies in. */
type Table = { readonly limits: readonly (readonly number[])[]; readonly bins: readonly Uint8Array[] };

/** Slopes of the loss: first and second derivative by the score. */
type Slopes = { readonly first: Float64Array; readonly second: Float64Array };

const rowOf = (application: Application): number[] => FEATURES.map((name) => application[name]);

/** Features are whole numbers: limits lie between two of them, where f32 says the same as every other number. */
function tableOf(loans: readonly Loan[], most: number): Table {
  const rows = loans.map(({ application }) => rowOf(application));
  const limits = FEATURES.map((_, f) => {
    const sorted = Float64Array.from(rows, (row) => row[f]!).sort();
    const cuts = Array.from(
      { length: most - 1 },
      (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / most)]! + 0.5,
    );
    return [...new Set(cuts)].filter((cut) => cut < sorted.at(-1)!);
  });
  const bins = limits.map((cuts, f) =>
    Uint8Array.from(rows, (row) => {
      const at = cuts.findIndex((cut) => row[f]! <= cut);
      return at < 0 ? cuts.length : at;
    }),
  );
  return { limits, bins };
}

type Split = { readonly gain: number; readonly feature: number; readonly bin: number };

/** The cut of these rows that lowers the loss most; undefined where none does. */
function bestSplit(
  table: Table,
  rows: readonly number[],
  slopes: Slopes,
  { ridge, weight }: Settings,
): Split | undefined {
  let best: Split | undefined;
  for (const [feature, cuts] of table.limits.entries()) {
    const [g, h] = [new Float64Array(cuts.length + 1), new Float64Array(cuts.length + 1)];
    const bins = table.bins[feature]!;
    for (const row of rows) {
      g[bins[row]!]! += slopes.first[row]!;
      h[bins[row]!]! += slopes.second[row]!;
    }
    const [allG, allH] = [g.reduce((a, b) => a + b), h.reduce((a, b) => a + b)];
    for (let bin = 0, [yesG, yesH] = [0, 0]; bin < cuts.length; bin++) {
      yesG += g[bin]!;
      yesH += h[bin]!;
      const [noG, noH] = [allG - yesG, allH - yesH];
      if (yesH < weight || noH < weight) continue;
      const gain = (yesG * yesG) / (yesH + ridge) + (noG * noG) / (noH + ridge) - (allG * allG) / (allH + ridge);
      if (gain > (best?.gain ?? 1e-9)) best = { gain, feature, bin };
    }
  }
  return best;
}

function grow(table: Table, rows: readonly number[], slopes: Slopes, settings: Settings): Tree {
  const split = settings.depth > 0 ? bestSplit(table, rows, slopes, settings) : undefined;
  if (!split) {
    let [g, h] = [0, settings.ridge];
    for (const row of rows) {
      g += slopes.first[row]!;
      h += slopes.second[row]!;
    }
    return { leaf: Math.fround((-settings.rate * g) / h) };
  }
  const { feature, bin } = split;
  const side = Map.groupBy(rows, (row) => table.bins[feature]![row]! <= bin);
  const below = { ...settings, depth: settings.depth - 1 };
  const [yes, no] = [true, false].map((at) => grow(table, side.get(at)!, slopes, below)) as [Tree, Tree];
  return { feature, limit: table.limits[feature]![bin]!, yes, no };
}

function leafOf(tree: Tree, row: readonly number[]): number {
  let at = tree;
  while (!("leaf" in at)) at = row[at.feature]! <= at.limit ? at.yes : at.no;
  return at.leaf;
}

/** Probability of default. */
export const predict = ({ base, trees }: Forest, application: Application): number =>
  logistic(trees.reduce((sum, tree) => sum + leafOf(tree, rowOf(application)), base));

export function boost(loans: readonly Loan[], settings: Settings): Forest {
  const table = tableOf(loans, settings.bins);
  const rows = loans.map(({ application }) => rowOf(application));
  const scores = new Float64Array(loans.length).fill(settings.base);
  const trees: Tree[] = [];
  while (trees.length < settings.trees) {
    const chances = scores.map(logistic);
    const first = chances.map((p, i) => p - Number(loans[i]!.defaulted));
    const second = chances.map((p) => p * (1 - p));
    const tree = grow(table, [...rows.keys()], { first, second }, settings);
    for (const [i, row] of rows.entries()) scores[i]! += leafOf(tree, row);
    trees.push(tree);
  }
  return { base: Math.fround(settings.base), trees };
}
