import {
  burntWith,
  charge,
  claimDigest,
  inUnit,
  openingPrice,
  sharesFor,
  tokensFor,
  unitOf,
  voucherDigest,
  waterfall,
  waterfallLodged,
  wornOut,
} from "@opengradient/protocol";
import { keccak256, zeroAddress, zeroHash } from "viem";
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

/** Up to 2^bits, bits themselves random, so that small amounts and their rounding come often. */
function amounts(seed: number): () => bigint {
  const next = random(seed);
  return () => {
    const word = (BigInt(next()) << 96n) | (BigInt(next()) << 64n) | (BigInt(next()) << 32n) | BigInt(next());
    return word >> BigInt(next() % 129);
  };
}

let chain: Chain;
let court: Court;
let harness: Contract;
let pool: Contract;

beforeAll(async () => {
  chain = await createChain();
  court = await createCourt(chain);
  const source = "test/staking/Waterfall.t.sol";
  harness = await chain.deploy(court.who.treasury, artifact(source, "WaterfallHarness"), []);
  const pools = artifact("test/staking/Delegation.t.sol", "PoolSharesHarness");
  pool = await chain.deploy(court.who.treasury, pools, []);
});
afterAll(() => chain.close());

describe("TypeScript and Solidity say the same", () => {
  it("about 500 slashes of every size", async () => {
    const amount = amounts(7);
    for (let i = 0; i < 500; i++) {
      const [c, m] = [amount(), i % 3 ? amount() : 0n];
      expect(await chain.read(harness, "split", [c, m])).toEqual(waterfall(c, m));
      expect(await chain.read(harness, "lodged", [c, m])).toEqual(waterfallLodged(c, m));
    }
  });

  it("about 300 pools of every size", async () => {
    const amount = amounts(8);
    for (let i = 0; i < 300; i++) {
      const [given, tokens, shares] = [amount(), i % 5 ? amount() : 0n, amount()];
      expect(await chain.read(pool, "toShares", [given, tokens, shares])).toBe(sharesFor(given, { tokens, shares }));
      expect(await chain.read(pool, "toTokens", [given, tokens, shares])).toBe(tokensFor(given, { tokens, shares }));
      expect(await chain.read(pool, "wornOut", [tokens, shares])).toBe(wornOut({ tokens, shares }));
      const [taken, own] = given < shares ? [given, shares] : [shares, given + 1n];
      expect(await chain.read(pool, "burnt", [tokens, taken, own])).toBe(burntWith(tokens, taken, own));
    }
  });

  it("about 300 charges in another unit", async () => {
    const amount = amounts(9);
    for (let i = 0; i < 300; i++) {
      const [some, price] = [amount(), i % 7 ? amount() : 10n ** 18n];
      expect(await chain.read(court.channels, "charge", [some, price])).toBe(charge(some, price));
    }
  });

  it("about the digest of a voucher in another unit", async () => {
    const { modelRoot, channels, who } = court;
    const lane = { channel: keccak256(who.signer), modelRoot, parameters: zeroHash, unit: unitOf("USD") };
    const voucher = { ...lane, price: 2n ** 128n - 1n, cumulative: 7n };
    const domain = { chainId: hardhat.id, channels: channels.address };
    for (const each of [voucher, { ...voucher, unit: zeroHash }, inUnit({ ...lane, unit: zeroHash, cumulative: 7n })])
      expect(await chain.read(channels, "digest", [each])).toBe(voucherDigest(domain, each));
    const { unit: _, ...plain } = { ...lane, cumulative: 7n };
    expect(voucherDigest(domain, plain)).toBe(voucherDigest(domain, inUnit(plain)));
  });

  it("about the digest of a claim", async () => {
    const { claim } = await toyClaim(chain, court, 3n);
    const domain = { chainId: hardhat.id, market: court.market.address };
    for (const changed of [claim, { ...claim, postBy: 2n ** 64n - 1n, operator: zeroAddress, input: zeroHash }]) {
      expect(await chain.read(court.market, "digest", [changed])).toBe(claimDigest(domain, changed));
    }
  });

  it("about 300 prices of openings", async () => {
    const { claim } = await toyClaim(chain, court, 3n);
    const amount = amounts(10);
    for (let i = 0; i < 300; i++) {
      const [fee, coverage] = [amount(), amount()];
      const price = await chain.read(court.disputes, "openingPrice", [{ ...claim, fee, coverage }]);
      expect(price).toBe(openingPrice(fee, coverage));
    }
  });
});
