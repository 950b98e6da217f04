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
  /** whether every output keeps all its bits, or sums are taken in another order */
  readonly kind: "exact" | "reassociating";
};

export const PASSES: readonly Pass[] = [
  { name: "fold-constants", run: foldConstants, kind: "exact" },
  { name: "drop-dead", run: dropDead, kind: "exact" },
  // reorders the folds of sums
  { name: "layout", run: layout, kind: "reassociating" },
  { name: "fuse", run: fuse, kind: "exact" },
  { name: "drop-fused", run: dropDead, kind: "exact" },
  { name: "merge-loops", run: mergeLoops, kind: "exact" },
  { name: "copy-operands", run: copyOperands, kind: "exact" },
  // partial sums
  { name: "split", run: split, kind: "reassociating" },
  { name: "bound", run: bound, kind: "exact" },
];
