import {
  type Access,
  type Draft,
  type Expr,
  rewriteDraft,
  segments,
  toDraft,
  toKernel,
  visit,
} from "@opengradient/program";
import { isRecurrent, type Module } from "./module.ts";

/** Neighbouring loops, or folds, that every box runs through as if they were one, become one. */
export function mergeLoops(module: Module): Module {
  const kernels = module.program.kernels.map((kernel, k) =>
    isRecurrent(kernel, k) ? kernel : toKernel(mergeDraft(toDraft(kernel))),
  );
  return { ...module, program: { ...module.program, kernels } };
}

export function mergeDraft(d: Draft): Draft {
  let merged = d;
  for (let at = d.loops.length + d.folds.length - 2; at >= 0; at--) merged = mergeAt(merged, at);
  return merged;
}

/** Merges index `at` (loops, then folds) with the next one, if that changes nothing. */
function mergeAt(d: Draft, at: number): Draft {
  const loops = d.loops.length;
  if (at === loops - 1) return d;
  const kind = at < loops ? "loop" : "fold";
  const own = at < loops ? at : at - loops;
  const extents = at < loops ? d.loops : d.folds;
  const inner = extents[own + 1]!;
  let possible = true;
  visit(segments(d), (e) => {
    if (e.kind === kind && (e.at === own || e.at === own + 1)) possible = false;
    if (e.kind === "load" && e.access.coordinates.some(({ coef }) => coef[at] !== coef[at + 1]! * inner))
      possible = false;
  });
  if (!possible) return d;
  const merged = extents.flatMap((extent, i) => (i === own ? [extent * inner] : i === own + 1 ? [] : [extent]));
  const rename = (e: Expr): Expr => {
    if (e.kind === kind && e.at > own) return { kind, at: e.at - 1 };
    return e.kind === "load" ? { ...e, access: without(e.access, at) } : e;
  };
  return rewriteDraft(kind === "loop" ? { ...d, loops: merged } : { ...d, folds: merged }, rename);
}

const without = (access: Access, at: number): Access => ({
  ...access,
  coordinates: access.coordinates.map((c) => ({ ...c, coef: c.coef.filter((_, i) => i !== at) })),
});
