import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readGenesis } from "../src/deploy/genesis.ts";
import { keepIntent } from "../src/deploy/journal.ts";
import { readParams } from "../src/deploy/params.ts";

const scratch = mkdtempSync(join(tmpdir(), "og-genesis-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const example = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../docs/deploy/${name}.example.json`, import.meta.url), "utf8"));

function read(params: object, genesis: object, devnet = false) {
  const at = (what: string, value: object) => {
    const path = join(scratch, `${what}.json`);
    writeFileSync(path, JSON.stringify(value));
    return path;
  };
  const allocations = readGenesis(at("genesis", genesis));
  return readParams(at("params", params), allocations, devnet);
}

describe("what a deployment refuses before it sends anything", () => {
  const params = example("params");
  const genesis = example("genesis");
  const tier = params.tiers[0];
  const line = genesis.allocations[0];
  const one = (change: object) => ({ ...params, tiers: [{ ...tier, ...change }] });
  const lines = (...allocations: object[]) => ({ allocations: [...allocations, ...genesis.allocations.slice(1)] });
  const cases: [string, object, object, string][] = [
    [
      "A below force inclusion + 12 h",
      one({ answer: 129_599 }),
      genesis,
      "answer time A is 129599 s and must be at least 129600 s",
    ],
    ["a thaw that claims outlive", { ...params, thawPeriod: 86_400 }, genesis, "thawPeriod is 86400 s"],
    ["a clock above its bound", one({ reaction: 172_801 }), genesis, "tiers[0].reaction"],
    ["a burn below its bound", one({ burnBps: 99 }), genesis, "tiers[0].burnBps"],
    ["coverage upside down", one({ maxCoverage: "0.5" }), genesis, "maxCoverage 0.5 OPG is below minCoverage 1 OPG"],
    ["a word that nobody knows", { ...params, clock: 1 }, genesis, "clock"],
    ["an address that is none", { ...params, auditPool: "0x12" }, genesis, "0x12 is no address"],
    ["a sum below the supply", params, lines({ ...line, amount: "299999999" }), "1 OPG are missing"],
    ["a sum above the supply", params, lines({ ...line, amount: "300000000.5" }), "0.5 OPG are too many"],
    ["too large a share", params, lines({ ...line, amount: "330000001" }), "more than 33 % of the supply"],
    ["a holder twice", params, lines(line, { ...line, amount: "1" }), "has an allocation already"],
    ["an amount that is none", params, lines({ ...line, amount: "a lot" }), "a lot is no amount of OPG"],
    ["a number for an amount", params, lines({ ...line, amount: 300_000_000 }), "allocations[0].amount"],
    ["the zero address", params, lines({ ...line, to: `0x${"0".repeat(40)}` }), "the zero address can hold nothing"],
  ];
  test.each(cases)("%s", (_, withParams, withGenesis, words) => {
    expect(() => read(withParams, withGenesis)).toThrow(words);
  });

  test("on a devnet clocks may be short, and nothing else", () => {
    expect(read(one({ answer: 60 }), genesis, true).tiers[0]!.answer).toBe(60);
    expect(() => read(one({ answer: 0 }), genesis, true)).toThrow("tiers[0].answer");
  });

  test("the folder of another deployment", async () => {
    const path = join(scratch, "intent.json");
    const [from, other] = [
      "0x0000000000000000000000000000000000000011",
      "0x0000000000000000000000000000000000000012",
    ] as const;
    const intent = { chainId: 1, from, nonce: 7, block: 9, plan: "0x" as const };
    const fresh = async () => intent;
    expect(await keepIntent(path, intent, fresh)).toEqual(intent);
    expect(await keepIntent(path, intent, () => Promise.reject(new Error("asked twice")))).toEqual(intent);
    await expect(keepIntent(path, { chainId: 2, from }, fresh)).rejects.toThrow(
      "on chain 1, and this one is on chain 2",
    );
    await expect(keepIntent(path, { chainId: 1, from: other }, fresh)).rejects.toThrow(`from ${from}`);
  });
});
