import { claimDigest, openingPrice, waterfall } from "@opengradient/protocol";
import { zeroAddress, zeroHash } from "viem";
import { hardhat } from "viem/chains";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { artifact, type Chain, type Contract, type Court, createChain, createCourt, toyClaim } from "./court.ts";

/** mulberry32: the same figures in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t);
    return (t ^ (t >>> 14)) >>> 0;
  };
}

let chain: Chain;
let court: Court;
let harness: Contract;

beforeAll(async () => {
  chain = await createChain();
  court = await createCourt(chain);
  const source = "test/staking/Waterfall.t.sol";
  harness = await chain.deploy(court.who.treasury, artifact(source, "WaterfallHarness"), []);
});
afterAll(() => chain.close());

describe("TypeScript and Solidity say the same", () => {
  it("about 500 slashes of every size", async () => {
    const next = random(7);
    /** Up to 2^bits, bits themselves random, so that small amounts and their rounding come often. */
    const amount = (): bigint => {
      const word = (BigInt(next()) << 96n) | (BigInt(next()) << 64n) | (BigInt(next()) << 32n) | BigInt(next());
      return word >> BigInt(next() % 129);
    };
    for (let i = 0; i < 500; i++) {
      const [c, m] = [amount(), i % 3 ? amount() : 0n];
      expect(await chain.read(harness, "split", [c, m])).toEqual(waterfall(c, m));
    }
  });

  it("about the digest and the opening's price of a claim", async () => {
    const { claim } = await toyClaim(chain, court, 3n);
    const domain = { chainId: hardhat.id, market: court.market.address };
    for (const changed of [claim, { ...claim, postBy: 2n ** 64n - 1n, operator: zeroAddress, input: zeroHash }]) {
      expect(await chain.read(court.market, "digest", [changed])).toBe(claimDigest(domain, changed));
      const price = openingPrice(changed.fee, changed.coverage);
      expect(await chain.read(court.disputes, "openingPrice", [changed])).toBe(price);
    }
  });
});
