/** What the fuzzer prints. */
import type { TensorFacts } from "../../packages/onnx/test/onnxFile.ts";
import type { Case } from "./cases.ts";
import { KINDS, type Verdict } from "./verdict.ts";

/** `n`: which of its family, from the seed on. */
export type Tried = { readonly n: number; readonly one: Case; readonly verdict: Verdict };

export type Counts = Record<Verdict["kind"], number>;

export const none = (): Counts => ({ same: 0, differs: 0, crashed: 0, refused: 0, skipped: 0, deviates: 0 });

const FIRST = 24;
const OTHER = 10;

export const heading = (): string => "".padEnd(FIRST) + KINDS.map((kind) => kind.padStart(OTHER)).join("");
export const lineOf = (name: string, counts: Counts): string =>
  name.padEnd(FIRST) + KINDS.map((kind) => String(counts[kind]).padStart(OTHER)).join("");

/** Values of a longer tensor are not printed. */
const MOST_VALUES = 24;
const MOST_LETTERS = 1800;

function numberOf(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function tensorOf(tensor: TensorFacts | undefined): string {
  if (tensor === undefined) return "–";
  const { type = "f32", dims, values } = tensor;
  return `${type}[${dims}]${values.length <= MOST_VALUES ? `{${values.map(numberOf)}}` : ""}`;
}

function caseOf({ op, opset, attributes = {}, bound = [], types = ["f32"], casts = {}, inputs }: Case): string {
  const facts = JSON.stringify({ attributes, bound, types, casts });
  return `${op} ${opset} ${facts}\n      ${inputs.map(tensorOf).join(" ")}`.slice(0, MOST_LETTERS);
}

export function printCases(tried: readonly Tried[], most: number): void {
  const found = tried.filter(({ verdict }) => verdict.kind === "differs" || verdict.kind === "crashed");
  for (const { n, one, verdict } of found.slice(0, most))
    console.log(`   ✗ ${verdict.kind}, case ${n}: ${verdict.why}\n      ${caseOf(one)}`);
}

/** Why cases were not compared, once for all that differ in numbers only. */
export function printReasons(tried: readonly Tried[]): void {
  const reasons = new Map<string, number>();
  for (const { kind, why } of tried.map(({ verdict }) => verdict)) {
    if (kind !== "refused" && kind !== "skipped" && kind !== "deviates") continue;
    const reason = `${kind}: ${why.replace(/-?\d+(,-?\d+)*/g, "#")}`;
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  for (const [reason, count] of reasons) console.log(`   – ${count} × ${reason}`);
}
