/** What a case shows, by the answers of the two. */
import type { Answer, Output } from "./answers.ts";
import type { Case } from "./cases.ts";

export const KINDS = ["same", "differs", "crashed", "refused", "skipped", "deviates"] as const;

/**
 * `differs`, `crashed`: to be mended. `refused`: we say that we do not support it. `skipped`: onnxruntime can not do it.
 * `deviates`: the case says that onnxruntime is known to answer otherwise.
 */
export type Verdict = { readonly kind: (typeof KINDS)[number]; readonly why: string };

type Tolerance = { readonly rtol: number; readonly atol: number };

/** What is left of terms that cancel has the rounding of the greatest of them. */
const CANCELLED = 2e-6;

function isNear(got: number, want: number, greatest: number, { rtol, atol }: Tolerance): boolean {
  if (Number.isNaN(want)) return Number.isNaN(got);
  return got === want || Math.abs(got - want) <= atol + rtol * Math.abs(want) + CANCELLED * greatest;
}

function outputDifference(got: Output, want: Output, tolerance: Tolerance): string | undefined {
  if (String(got.dims) !== String(want.dims)) return `is [${got.dims}], not [${want.dims}]`;
  const greatest = want.values.reduce((most, v) => (Number.isFinite(v) ? Math.max(most, Math.abs(v)) : most), 0);
  const wrong = want.values.flatMap((v, i) => (isNear(got.values[i]!, v, greatest, tolerance) ? [] : [i]));
  const [at] = wrong;
  if (at === undefined) return undefined;
  return `[${want.dims}], element ${at}: ${got.values[at]}, not ${want.values[at]} (${wrong.length} of ${want.values.length})`;
}

function difference(got: readonly Output[], want: readonly Output[], { rtol = 1e-3, atol = 1e-7 }: Case) {
  if (got.length !== want.length) return `${got.length} outputs, not ${want.length}`;
  for (const [i, output] of want.entries()) {
    const found = outputDifference(got[i]!, output, { rtol, atol });
    if (found) return `output ${i} ${found}`;
  }
  return undefined;
}

export function verdictOf(one: Case, ours: Answer, theirs: Answer): Verdict {
  if ("failed" in ours && !ours.refused) return { kind: "crashed", why: ours.failed };
  if ("failed" in theirs)
    return { kind: "skipped", why: `${theirs.failed} [we ${"failed" in ours ? "refuse too" : "accept"}]` };
  if ("failed" in ours) return { kind: "refused", why: ours.failed };
  if (one.deviates) return { kind: "deviates", why: one.deviates };
  const why = difference(ours.outputs, theirs.outputs, one);
  return why === undefined ? { kind: "same", why: "" } : { kind: "differs", why };
}
