import { describe, expect, test } from "vitest";
import { asked, complaints } from "./cases/case.ts";
import { byteCases, DOT_HARNESS, edgeRowCases, longRowCases, shortRowCases } from "./cases/dot.ts";
import { onEvm } from "./onEvm.ts";

describe("inner loops of dot folds", () => {
  const contracts = onEvm(DOT_HARNESS);

  test("f32: 20,000 short rows of every kind of operand, from every kind of accumulator", async () => {
    expect(await complaints(contracts, shortRowCases(100))).toEqual([]);
  }, 300_000);

  test("f32: products at the edge of overflow and of vanishing, beside ±∞, −0 and finite sums", async () => {
    expect(await complaints(contracts, edgeRowCases())).toEqual([]);
  });

  test("f32: gas of a multiply-accumulate on whatever operands", async () => {
    const gas: Record<string, number> = {};
    const cases = [...longRowCases()];
    let i = 0;
    for await (const { answer, complaint } of asked(contracts, cases)) {
      expect(complaint).toBeUndefined();
      gas[cases[i++]!.name] = Math.round(Number((answer as bigint[])[1]) / 256);
    }
    console.log("gas of a multiply-accumulate:", gas);
  });

  test("i8: sums of products of bytes, signed or not, of every length", async () => {
    expect(await complaints(contracts, byteCases())).toEqual([]);
  });
});
