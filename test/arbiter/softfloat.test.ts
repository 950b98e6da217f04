import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { complaints } from "./cases/case.ts";
import { F32_HARNESS, f32Cases, numberOf, OPERATIONS, operationCases } from "./cases/f32.ts";
import { onEvm } from "./onEvm.ts";

type Vector = { readonly op: number; readonly a: number; readonly b: number; readonly want: number };
const symbols: Record<string, number> = { "+": 1, "-": 2, "*": 3, "/": 4, V: 5, "~": 8, A: 9, "<C": 6, ">C": 7 };
const folder = new URL("../../../shared/data/ieee754/fptest/", import.meta.url);

/** Bits of an operand in IBM's notation. */
function operand(text: string): number {
  if (text === "Q" || text === "S") return 0x7fc00000;
  const sign = text[0] === "-" ? 0x80000000 : 0;
  const rest = text.slice(1);
  if (rest === "Zero") return sign;
  if (rest === "Inf") return sign + 0x7f800000;
  const match = /^([01])\.([0-9A-F]{6})P(-?\d+)$/.exec(rest);
  if (match === null) throw new Error(`no such operand: ${text}`);
  const exponent = match[1] === "1" ? Number(match[3]) + 127 : 0;
  return sign + exponent * 2 ** 23 + Number.parseInt(match[2] ?? "", 16);
}

/** Lines rounded to nearest even, without an enabled trap, of operations that Programs have. */
function vectors(text: string): Vector[] {
  const found: Vector[] = [];
  for (const line of text.split("\n")) {
    const match = /^b32(\S+) =0 (?:([xuozi]+) )? *(\S+)(?: (\S+))? -> (\S+)/.exec(line.trim());
    const op = symbols[match?.[1] ?? ""];
    // a trapped inexact result is the rounded one; other traps deliver something else
    if (match === null || op === undefined || (match[2] ?? "x") !== "x") continue;
    const a = operand(match[3] ?? "");
    const b = match[4] === undefined ? 0 : operand(match[4]);
    const nan = Number.isNaN(numberOf(a)) || Number.isNaN(numberOf(b));
    // minNum and maxNum prefer numbers to NaN and do not order zeros: not what Programs have
    if ((op === 6 || op === 7) && (nan || ((a | b) & 0x7fffffff) === 0)) continue;
    found.push({ op, a, b, want: operand(match[5] ?? "") });
  }
  return found;
}

describe("F32 against Math.fround", () => {
  const contracts = onEvm(F32_HARNESS);

  test.each(OPERATIONS)("$name: all pairs of special values, 100,000 random pairs", async (operation) => {
    expect(await complaints(contracts, operationCases(operation, 100_000))).toEqual([]);
  });

  test.skipIf(!existsSync(folder))("IBM's IEEE-754 vectors (skipped where ../shared/data is absent)", async () => {
    const all = readdirSync(folder)
      .filter((name) => name.endsWith(".fptest"))
      .flatMap((name) => vectors(readFileSync(new URL(name, folder), "latin1")));
    expect(all.length).toBeGreaterThan(30_000);
    for (const { name, op } of OPERATIONS) {
      const chosen = all.filter((vector) => vector.op === op);
      const pairs = chosen.flatMap(({ a, b }) => [a, b]);
      const cases = f32Cases({ operation: { name, op }, pairs, wants: chosen.map(({ want }) => want) });
      expect(await complaints(contracts, cases)).toEqual([]);
    }
  });
});
