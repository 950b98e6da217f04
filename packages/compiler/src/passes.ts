/** The pipeline. Order matters: each pass says what it relies on, and is checked on the way out. */
import { bound } from "./bound.ts";
import { copyOperands } from "./copyOperands.ts";
import { dropDead } from "./dropDead.ts";
import { foldConstants } from "./foldConstants.ts";
import { fuse } from "./fuse.ts";
import { layout } from "./layout.ts";
import { mergeLoops } from "./mergeLoops.ts";
import type { Module } from "./module.ts";
import { split } from "./split.ts";

export type Pass = {
  readonly name: string;
  readonly run: (module: Module) => Module;
  /** whether every output keeps all its bits */
  readonly exact: boolean;
};

export const PASSES: readonly Pass[] = [
  { name: "fold-constants", run: foldConstants, exact: true },
  { name: "drop-dead", run: dropDead, exact: true },
  // reorders the folds of sums
  { name: "layout", run: layout, exact: false },
  { name: "fuse", run: fuse, exact: true },
  { name: "drop-fused", run: dropDead, exact: true },
  { name: "merge-loops", run: mergeLoops, exact: true },
  { name: "copy-operands", run: copyOperands, exact: true },
  // partial sums
  { name: "split", run: split, exact: false },
  { name: "bound", run: bound, exact: true },
];
