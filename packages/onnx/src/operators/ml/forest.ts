/** Decision trees as tables, and their evaluation: a walk from the root for each row and tree, a gather, a fold over the trees. */
import type { Expr } from "@opengradient/program";
import { zero } from "../../broadcast.ts";
import type { Value } from "../../builder.ts";
import type { Node } from "../../node.ts";
import { and, fadd, fdiv, feq, float, flt, fmax, fmin, iadd, int, select, shl, shr, state } from "../../scalar.ts";
import { floats, integers, origin } from "./rows.ts";

/** How a feature stands to a node's value, as bits of the relations that go to the true branch. */
const RELATION = { less: 1, equal: 2, greater: 4, unordered: 8 } as const;

export type Leaf = { readonly kind: "leaf"; readonly weights: readonly (readonly [target: number, weight: number])[] };
export type Branch = {
  readonly kind: "branch";
  readonly feature: number;
  readonly value: number;
  /** relations that go to `yes` */
  readonly mask: number;
  readonly yes: number;
  readonly no: number;
};

/** Nodes refer to each other by their place. */
export type Forest = { readonly nodes: readonly (Leaf | Branch)[]; readonly roots: readonly number[] };

export type Aggregate = "SUM" | "AVERAGE" | "MIN" | "MAX";

const MODES: Readonly<Record<string, number>> = {
  BRANCH_LEQ: RELATION.less | RELATION.equal,
  BRANCH_LT: RELATION.less,
  BRANCH_GTE: RELATION.greater | RELATION.equal,
  BRANCH_GT: RELATION.greater,
  BRANCH_EQ: RELATION.equal,
  BRANCH_NEQ: RELATION.less | RELATION.greater | RELATION.unordered,
};

/** The relations of a mode; `missing`: NaN goes to the true branch. */
export const maskOf = (node: Node, mode: string, missing: boolean): number =>
  (MODES[mode] ?? node.refuse(`node mode ${mode}`)) | (missing ? RELATION.unordered : 0);

/** Branches on the longest way from a root to a leaf. @throws OnnxError when a node has two parents or is its own ancestor */
function depthOf(node: Node, { nodes, roots }: Forest): number {
  const seen = new Set<number>();
  let level = roots;
  let depth = 0;
  for (; level.length > 0; depth++) {
    const next: number[] = [];
    for (const at of level) {
      const found = nodes[at] ?? node.refuse(`a tree node ${at} that does not exist`);
      if (seen.has(at)) return node.refuse("tree nodes that are reached on two ways");
      seen.add(at);
      if (found.kind === "branch") next.push(found.yes, found.no);
    }
    level = next;
  }
  if (seen.size < nodes.length) return node.refuse("tree nodes that no root leads to");
  return depth - 1;
}

/** Bytes of witness that the dynamic reads of one kernel may take; the others need few. */
const WALK_BYTES = 45_000;

/** What one dynamic read of a tensor of `words` 32-bit words may take: a leaf and its path. */
const readBytes = (words: number): number => 8 + 64 * (32 - Math.clz32(Math.ceil(words / 64) - 1)) + 257;

/** The leaf that each row of x [rows, features] reaches in each tree: [rows, trees]. Leaves lead to themselves. */
function leavesOf(node: Node, x: Value, forest: Forest): Value {
  const { nodes, roots } = forest;
  const features = x.dims[1]!;
  for (const at of nodes)
    if (at.kind === "branch" && !(at.feature >= 0 && at.feature < features))
      node.refuse(`feature ${at.feature} of ${features}`);
  const tests = integers(nodes.map((at) => (at.kind === "branch" ? (at.feature << 4) | at.mask : 0)));
  const values = floats(nodes.map((at) => (at.kind === "branch" ? at.value : 0)));
  const children = integers(nodes.flatMap((at, i) => (at.kind === "branch" ? [at.no, at.yes] : [i, i])));
  const start = integers(roots);
  const perLevel = readBytes(nodes.length) * 2 + readBytes(2 * nodes.length) + readBytes(x.dims[0]! * features);
  const most = Math.max(1, Math.floor(WALK_BYTES / perLevel));
  let reached: Value | undefined;
  for (let left = Math.max(depthOf(node, forest), 1); left > 0; left -= most) {
    const before = reached;
    reached = node.build.fold("i32", [x.dims[0]!, roots.length], {
      over: [Math.min(left, most)],
      init: ({ loops, read }) => [before ? read(before, loops) : read(start, [loops[1]!])],
      step: (frame) => {
        const [none, at] = [origin(frame), state()];
        const test = frame.readAt(tests, [none], 0, at);
        const value = frame.readAt(x, [frame.loops[0]!, none], 1, shr(test, int(4)));
        const side = and(shr(test, relation(value, frame.readAt(values, [none], 0, at))), int(1));
        return [frame.readAt(children, [none], 0, iadd(shl(at, int(1)), side))];
      },
      done: () => state(),
    });
  }
  return reached!;
}

/** The bit of the relation between x and v. */
const relation = (x: Expr, v: Expr): Expr =>
  select(flt(x, v), int(0), select(feq(x, v), int(1), select(flt(v, x), int(2), int(3))));

type Join = { readonly join: (a: Expr, b: Expr) => Expr; readonly start: number };
const JOINS: Readonly<Record<Aggregate, Join>> = {
  SUM: { join: fadd, start: 0 },
  AVERAGE: { join: fadd, start: 0 },
  MIN: { join: fmin, start: Number.POSITIVE_INFINITY },
  MAX: { join: fmax, start: Number.NEGATIVE_INFINITY },
};

/** Scores [rows, targets] of x [rows, features]. Targets that no reached leaf has weights for get 0; then the base values. */
export function scoresOf(node: Node, x: Value, forest: Forest, facts: Scoring): Value {
  const { targets, aggregate, base } = facts;
  const { join, start } = JOINS[aggregate];
  const { nodes, roots } = forest;
  const leaves = leavesOf(node, x, forest);
  const table = floats(
    nodes.flatMap((at) => (at.kind === "leaf" ? weightsOf(node, at, facts) : new Array<number>(targets).fill(start))),
    [nodes.length, targets],
  );
  const rows = x.dims[0]!;
  const reached = node.build.map("f32", [rows, targets, roots.length], (frame) => {
    const [n, target, tree] = frame.loops;
    return frame.readAt(table, [origin(frame), target!], 0, frame.read(leaves, [n!, tree!]));
  });
  const bases = base && floats(base);
  return node.build.fold("f32", [rows, targets], {
    over: [roots.length],
    init: () => [float(start)],
    step: ({ loops, folds: [tree], read }) => [join(state(), read(reached, [...loops, tree!]))],
    done: ({ loops, read }) => {
      const sum = aggregate === "AVERAGE" ? fdiv(state(), float(roots.length)) : state();
      const score = start === 0 ? sum : select(feq(sum, float(start)), float(0), sum);
      return bases ? fadd(score, read(bases, [bases.dims[0] === 1 ? zero(loops[1]!) : loops[1]!])) : score;
    },
  });
}

export type Scoring = {
  readonly targets: number;
  readonly aggregate: Aggregate;
  readonly base: readonly number[] | undefined;
};

function weightsOf(node: Node, { weights }: Leaf, { targets, aggregate }: Scoring): number[] {
  const { start } = JOINS[aggregate];
  const row = new Array<number>(targets).fill(start);
  for (const [target, weight] of weights) {
    if (!(target >= 0 && target < targets)) node.refuse(`target ${target} of ${targets}`);
    const before = row[target]!;
    if (aggregate === "MIN") row[target] = Math.min(before, weight);
    else if (aggregate === "MAX") row[target] = Math.max(before, weight);
    else row[target] = Math.fround(before + weight);
  }
  return row;
}
