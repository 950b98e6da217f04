import { encodeErrorResult } from "viem";
import { describe, expect, test } from "vitest";
import {
  amountFor,
  checkClocks,
  decodeRefusal,
  demandPrice,
  devnetParameters,
  errorsAbi,
  openingPrice,
  owedBy,
  ProtocolError,
  protocolError,
  refusals,
  UnsafeClocksError,
  waterfall,
} from "../src/index.ts";

test("every error that a contract can raise has words, and no words are left over", () => {
  const names = new Set(errorsAbi.map((item) => (item as { name: string }).name));
  expect([...names].filter((name) => !(name in refusals))).toEqual([]);
  expect(Object.keys(refusals).filter((name) => !names.has(name))).toEqual([]);
});

test("revert data become a refusal with its values; what is none of ours stays unnamed", () => {
  const data = encodeErrorResult({ abi: errorsAbi, errorName: "MarketDeadlinePassed", args: [5n, 9n] });
  expect(decodeRefusal(data)).toEqual({ name: "MarketDeadlinePassed", args: [5n, 9n] });
  expect(decodeRefusal("0xdeadbeef")).toBeUndefined();
});

test("any failure is a ProtocolError with its cause, and one stays what it is", () => {
  const cause = new Error("no route");
  const error = protocolError(cause, "post");
  expect(error).toBeInstanceOf(ProtocolError);
  expect(error).toMatchObject({ cause, advice: "report", refusal: undefined });
  expect(protocolError(error, "again")).toBe(error);
});

describe("the waterfall", () => {
  test("of the example in docs/spec/claim.md", () => {
    expect(waterfall(100n, 10_000n)).toEqual({ total: 10_300n, victim: 100n, challenger: 2_550n, burn: 7_650n });
    expect(waterfall(100n, 0n)).toEqual({ total: 300n, victim: 100n, challenger: 50n, burn: 150n });
  });

  test("adds up, makes the victim whole, and burns at least half, whatever the amounts", () => {
    for (let i = 0n; i < 2_000n; i++) {
      const [coverage, bond] = [(i * 7_919n) % 1_003n, (i * 104_729n) % 5_003n];
      const { total, victim, challenger, burn } = waterfall(coverage, bond);
      expect(victim + challenger + burn).toBe(total);
      expect(victim).toBe(coverage);
      expect(2n * burn).toBeGreaterThanOrEqual(total);
    }
  });
});

test("prices round up: to whole gwei, and to a whole unit of OPG", () => {
  expect(demandPrice(130_000n, 1n)).toBe(10n ** 9n);
  expect(demandPrice(130_000n, 10n ** 9n)).toBe(260_000n * 10n ** 9n);
  expect(openingPrice(1n, 1_000n)).toBe(10n);
  expect(openingPrice(5n, 1_001n)).toBe(15n);
  expect(openingPrice(1n, 1_001n)).toBe(11n);
  expect(openingPrice(1_000n, 1_001n)).toBe(101n);
  expect(openingPrice(1n, 1n)).toBe(1n);
});

test("a real chain refuses an answer time below force inclusion and twelve hours", () => {
  const hour = 3_600;
  expect(() => checkClocks({ ...devnetParameters, answer: 12 * hour - 1 }, 0)).toThrow(UnsafeClocksError);
  expect(() => checkClocks({ ...devnetParameters, answer: 12 * hour }, 0)).not.toThrow();
  expect(() => checkClocks({ ...devnetParameters, answer: 36 * hour - 1 }, 24 * hour)).toThrow(/at least 129600 s/);
});

const ONE = 10n ** 18n;

test("the least amount that is charged so much is found, whatever the price", () => {
  for (const price of [1n, 7n, ONE / 3n, ONE, (5n * ONE) / 2n, 10n ** 24n])
    for (const owed of [0n, 1n, 2n, 999n, ONE, 123_456_789n * ONE]) {
      const amount = amountFor(owed, price);
      expect(owedBy({ cumulative: amount, price })).toBeGreaterThanOrEqual(owed);
      if (amount > 0n) expect(owedBy({ cumulative: amount - 1n, price })).toBeLessThan(owed);
    }
});
