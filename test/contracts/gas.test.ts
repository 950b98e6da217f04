import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  channelId,
  claimTypes,
  inUnit,
  NO_END,
  outputSide,
  parametersHash,
  signVoucher,
  sumLeaf,
  voucherDigest,
} from "@opengradient/protocol";
import { concat, encodeFunctionData, type Hex, keccak256, pad, parseEther, toHex, zeroHash } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { hardhat } from "viem/chains";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  artifact,
  BIG_SHAPE,
  type Chain,
  type Court,
  createChain,
  createCourt,
  rootOf,
  tier,
  toyClaim,
} from "./court.ts";
import { authorsActs, delegatorsActs, depositsActs, leftoverActs, operatorsActs, soldActs } from "./rareActs.ts";

/** Upper bounds of what people pay, from the issue that asked for them. */
const BOUNDS: Record<string, number> = {
  stake: 120_000,
  request: 150_000,
  post: 150_000,
  postOpened: 150_000,
  finalise: 150_000,
  demandOpening: 120_000,
  demand: 120_000,
  reveal256: 500_000,
  expire: 250_000,
  commit: 80_000,
  // 100 a claim
  postBatch1024: 102_400,
  // beyond its calldata
  consume: 15_000,
};

/** EIP-2929 */
const COLD_ACCOUNT = 2_600;

const SNAPSHOT = fileURLToPath(new URL("../../contracts/gas.json", import.meta.url));
const DIGITS = new URL("../../packages/models/digits/digits.onnx", import.meta.url);
const measured: Record<string, number> = {};
const note = (name: string, gas: number): void => {
  measured[name] = Math.max(measured[name] ?? 0, gas);
};
let chain: Chain;
let court: Court;

beforeAll(async () => {
  chain = await createChain();
  court = await createCourt(chain);
});
afterAll(() => chain.close());

const position = (object: number, tensor: number, j: number, i: number): bigint =>
  (BigInt(object) << 72n) | (BigInt(tensor) << 40n) | (BigInt(j) << 32n) | BigInt(i);

const leaves = Array.from({ length: 256 }, (_, i) => keccak256(toHex(i + 1)));
const tensorRoot = keccak256(concat(["0x02", "0x00", toHex(BIG_SHAPE, { size: 4 }), rootOf(leaves)]));
const big = position(5, 0, 1, 0);

/** The trace of the toy model has one leaf, kernel 0's. */
const traceRoot = (requestId: bigint): Hex => {
  const words = [pad(court.who.operator), pad(court.who.requester), toHex(requestId, { size: 32 })];
  return keccak256(concat(["0x06", keccak256(concat(words)), "0x00000000", tensorRoot]));
};

const demandProof = { tensorRoot, listPath: [], node: zeroHash, path: [] };
const price = parseEther("0.01");

/** A batch of 1,024, and vouchers of a hundred keys, each for the first time and again. */
async function paidOffChain() {
  const { who, batches, channels, modelRoot } = court;
  const parameters = parametersHash(tier);
  const batch = [who.operator, keccak256("0x04"), 1024n * parseEther("1"), 1024, parameters];
  measured["postBatch1024"] = await chain.send(who.signer, batches, "post", batch);
  const domain = { chainId: hardhat.id, channels: channels.address };
  const keys = Array.from({ length: 100 }, (_, i) => privateKeyToAccount(toHex(i + 1, { size: 32 })));
  for (const { address } of keys) {
    const opened = [who.operator, address, parseEther("10"), NO_END];
    const gas = await chain.send(who.requester, channels, "open", opened);
    measured["openChannel"] = Math.max(measured["openChannel"] ?? 0, gas);
  }
  const vouchers = (cumulative: bigint) =>
    Promise.all(
      keys.map(async (key) => {
        const parties = { requester: who.requester, operator: who.operator, signer: key.address };
        const owed = inUnit({ modelRoot, parameters, cumulative });
        const voucher = { channel: channelId(parties), ...owed };
        expect(await chain.read(channels, "digest", [voucher])).toBe(voucherDigest(domain, voucher));
        return { parties, ...owed, signature: await signVoucher(key, domain, voucher) };
      }),
    );
  const [first, second] = [await vouchers(parseEther("1")), await vouchers(parseEther("2"))];
  measured["redeem1"] = await chain.send(who.requester, channels, "redeem", [who.operator, first.slice(0, 1)]);
  measured["redeem100"] = await chain.send(who.requester, channels, "redeem", [who.operator, first]);
  measured["redeem100Again"] = await chain.send(who.requester, channels, "redeem", [who.operator, second]);
}

/** Everything on a fresh system the first time, when most slots are still zero: the dearest that each can be. */
async function live(round: number) {
  const { who, staking, market, disputes } = court;
  note("stake", await chain.send(who.operator, staking, "stake", [who.operator, parseEther("50000")]));

  const first = BigInt(3 * round + 1);
  const claims = [];
  for (let i = 0n; i < 3n; i++) {
    const made = await toyClaim(chain, court, first + i, traceRoot(first + i));
    note("request", await chain.send(who.requester, market, "request", [made.terms]));
    claims.push(made);
  }
  const [plain, opened, silent] = claims as [(typeof claims)[0], (typeof claims)[0], (typeof claims)[0]];
  const signature = await chain.wallet.signTypedData({
    account: who.signer,
    domain: { name: "OpenGradient", version: "1", chainId: 31337, verifyingContract: market.address },
    types: claimTypes,
    primaryType: "Claim",
    message: plain.claim,
  });
  note("post", await chain.send(who.signer, market, "post", [plain.claim, plain.deadline, signature]));
  note(
    "postOpened",
    await chain.send(who.signer, market, "postOpened", [opened.claim, opened.deadline, opened.opening]),
  );
  await chain.send(who.signer, market, "post", [silent.claim, silent.deadline, "0x"]);

  note("commit", await chain.send(who.challenger, disputes, "commit", [plain.id, keccak256(toHex(round))]));
  note("demandOpening", await chain.send(who.challenger, disputes, "demandOpening", [plain.claim], price));
  note("open", await chain.send(who.signer, disputes, "open", [plain.claim, plain.opening]));
  const args = [plain.claim, plain.opening, big, demandProof];
  note("demand", await chain.send(who.challenger, disputes, "demand", args, price));
  const data = concat(leaves);
  note("reveal256", await chain.send(who.requester, disputes, "reveal", [plain.claim, big, data]));

  await chain.send(who.challenger, disputes, "demandOpening", [silent.claim], price);
  await chain.wait(36 * 3600 + 1);
  note("expire", await chain.send(who.requester, disputes, "expire", [silent.claim, 0n, zeroHash]));
  await chain.wait(30 * 86400);
  note("finalise", await chain.send(who.requester, market, "finalise", [plain.claim]));
  note("settleOpening", await chain.send(who.requester, disputes, "settleOpening", [plain.claim]));
  await chain.send(who.requester, market, "finalise", [opened.claim]);
  await chain.send(who.operator, staking, "restore", []);
}

/** What a contract pays beyond calldata to rely on a claim of a batch that was shown and is final. */
async function consumed() {
  const { who, market, batches, modelRoot } = court;
  const deploy = (source: string, name: string, args: readonly unknown[]) =>
    chain.deploy(who.treasury, artifact(source, name), args);
  const deliveries = await deploy("src/consumer/Deliveries.sol", "Deliveries", [market.address]);
  const consumer = await deploy("test/consumer/Deliveries.t.sol", "Listener", [deliveries.address]);
  const meter = await deploy("test/arbiter/GasMeter.sol", "GasMeter", []);
  // Ten floats: a classifier's scores.
  const [dtype, length, data] = [0n, 10n, toHex(1, { size: 40 })];
  const leaf = keccak256(concat(["0x00", pad(data, { dir: "right", size: 256 })]));
  const outputRoot = keccak256(
    concat(["0x05", "0x00000001", keccak256(concat(["0x02", "0x00", toHex(length, { size: 4 }), leaf]))]),
  );
  const { claim: asked, opening } = await toyClaim(chain, court, 2n ** 64n);
  const claim = { ...asked, output: outputSide(opening.salt, outputRoot) };
  // A tree of one leaf is the leaf.
  const { hash: root, sum: coverage } = sumLeaf((await chain.read(market, "digest", [claim])) as Hex, claim);
  const batch = { operator: who.operator, root, coverage, count: 1, parameters: claim.parameters };
  await chain.send(who.signer, batches, "post", Object.values(batch));
  const { timestamp: postedAt } = await chain.reader.getBlock();
  await chain.send(who.requester, batches, "show", [{ ...batch, postedAt }, claim, 0, []]);
  await chain.wait(30 * 86400);
  await chain.send(who.requester, market, "finalise", [claim]);
  const result = { salt: opening.salt, outputs: [{ shape: (dtype << 32n) | length, data }] };
  const call = encodeFunctionData({ ...consumer, functionName: "consume", args: [modelRoot, claim, result] });
  const gas = Number(await chain.read(meter, "measure", [consumer.address, call]));
  // The meter calls a contract that is cold; the target of a transaction is not.
  measured["consume"] = gas - COLD_ACCOUNT;
}

describe("what a transaction costs, as billed, the first time and the second", () => {
  it("is measured", async () => {
    await live(0);
    await live(1);
    await paidOffChain();
    await consumed();
    await operatorsActs(chain, court, note);
    await delegatorsActs(chain, court, note);
    await soldActs(chain, court, note);
    await depositsActs(chain, court, note);
    await leftoverActs(chain, court, note);
    await authorsActs(chain, readFileSync(DIGITS), note);
    console.log(measured);
  });

  it.each(Object.entries(BOUNDS))("%s stays below %d", (name, bound) => {
    expect(measured[name]).toBeLessThanOrEqual(bound);
  });

  it("is what contracts/gas.json says (write it anew with UPDATE_GAS=1)", () => {
    if (process.env["UPDATE_GAS"]) writeFileSync(SNAPSHOT, `${JSON.stringify(measured, null, 2)}\n`);
    expect(measured).toEqual(JSON.parse(readFileSync(SNAPSHOT, "utf8")));
  });
});
