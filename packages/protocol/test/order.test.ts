import { privateKeyToAccount } from "viem/accounts";
import { expect, test } from "vitest";
import {
  type Batch,
  batchId,
  type Claim,
  channelId,
  checkLeaf,
  claimDigest,
  isSigned,
  LeafError,
  leafFromJson,
  leafToJson,
  OrderError,
  orderFromJson,
  orderToJson,
  requestIdOf,
  signVoucher,
  sumLeaf,
  sumPath,
  sumRoot,
  sumTree,
  unitName,
  unitOf,
} from "../src/index.ts";

const account = privateKeyToAccount(`0x${"11".repeat(32)}`);
const address = (byte: string) => `0x${byte.repeat(20)}` as const;
const hash = (byte: string) => `0x${byte.repeat(32)}` as const;
const domain = { chainId: 31_337, channels: address("0c") };

const parties = { requester: address("01"), operator: address("02"), signer: account.address };
const lane = { modelRoot: hash("03"), parameters: hash("04") };

async function order(cumulative: bigint) {
  const voucher = { channel: channelId(parties), ...lane, cumulative };
  return { parties, ...lane, cumulative, signature: await signVoucher(account, domain, voucher), coverage: 7n };
}

test("an order travels as JSON, and its voucher's digest is the request that it buys", async () => {
  const one = await order(5n);
  expect(orderFromJson(orderToJson(one))).toEqual(one);
  expect(await isSigned(domain, one)).toBe(true);
  expect(await isSigned(domain, { ...one, cumulative: 6n })).toBe(false);
  expect(await isSigned({ ...domain, chainId: 1 }, one)).toBe(false);
  expect(await isSigned(domain, { ...one, signature: hash("00") })).toBe(false);
  expect(requestIdOf(domain, one)).toBe(requestIdOf(domain, { ...one, signature: hash("00") }));
  expect(requestIdOf(domain, one)).not.toBe(requestIdOf(domain, await order(6n)));
  expect(requestIdOf(domain, one) >= 1n << 64n).toBe(true);
  expect(() => orderFromJson("{")).toThrow(OrderError);
  expect(() => orderFromJson(orderToJson({ ...one, cumulative: 1n << 128n }))).toThrow(/cumulative/);
  const counted = { ...one, unit: unitOf("USD"), price: 3n };
  expect(orderFromJson(orderToJson(counted))).toEqual(counted);
  expect(await isSigned(domain, counted)).toBe(false);
  expect(unitName(counted.unit)).toBe("USD");
  expect(() => orderFromJson(orderToJson(one).replace('"5"', '"-5"'))).toThrow(/cumulative/);
});

const market = { chainId: 31_337, market: address("0d") };
const claim = (requestId: bigint): Claim => ({
  ...lane,
  input: hash("05"),
  output: hash("06"),
  operator: address("02"),
  requester: address("01"),
  requestId: (1n << 64n) + requestId,
  fee: 1n,
  coverage: 10n + requestId,
  level: 3,
  postBy: 1_000n,
});

test("a leaf is a claim's only when its path leads to the batch's root, in hash, sum and time", () => {
  const claims = [0n, 1n, 2n].map(claim);
  const tree = sumTree(claims.map((one) => sumLeaf(claimDigest(market, one), one)));
  const { hash: root, sum } = sumRoot(tree);
  const batch: Batch = {
    operator: address("02"),
    root,
    coverage: sum,
    count: 3,
    parameters: hash("04"),
    postedAt: 900,
  };
  const leaf = (index: number, more: Partial<Batch> = {}) => ({
    batch: { ...batch, ...more },
    index,
    path: sumPath(tree, index),
  });
  for (const [i, one] of claims.entries()) {
    expect(() => checkLeaf(market, one, leaf(i))).not.toThrow();
    expect(leafFromJson(leafToJson(leaf(i)))).toEqual(leaf(i));
  }
  const refused = (...args: Parameters<typeof leaf>) => expect(() => checkLeaf(market, claims[0]!, leaf(...args)));
  refused(1).toThrow(LeafError);
  refused(0, { coverage: sum + 1n }).toThrow(/does not lead/);
  refused(0, { operator: address("03") }).toThrow(/another operator/);
  refused(0, { postedAt: 1_001 }).toThrow(/postBy/);
  refused(0, { postedAt: 1_000 - 86_401 }).toThrow(/postBy/);
  expect(batchId(batch)).not.toBe(batchId({ ...batch, postedAt: 901 }));
  expect(() => leafFromJson("[]")).toThrow(LeafError);
});
