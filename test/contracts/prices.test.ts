import { concat, type Hex, keccak256, pad, parseEther, toHex, zeroHash } from "viem";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Chain, type Court, createChain, createCourt, rootOf, toyClaim, toyProgram } from "./court.ts";

let chain: Chain;
let court: Court;

beforeAll(async () => {
  chain = await createChain();
  court = await createCourt(chain);
});
afterAll(() => chain.close());

const ORIGIN = { weightsRoot: zeroHash, sourceHash: zeroHash, compilerHash: zeroHash };
/** The root of the trace, where its j is 1. */
const FOOT = (1n << 72n) | (1n << 32n);
const GWEI = 10n ** 9n;

/** The trace of a model whose every kernel but the outputs has a result: tensorRoots, and the root over their leaves. */
function traceOf(kernels: number, outputs: readonly number[], requestId: bigint) {
  const salt = keccak256(concat([pad(court.who.operator), pad(court.who.requester), toHex(requestId, { size: 32 })]));
  const traced = Array.from({ length: kernels }, (_, k) => k).filter((k) => !outputs.includes(k));
  const roots = traced.map((k) => keccak256(toHex(k + 1)));
  const leaves = traced.map((k, i) => keccak256(concat(["0x06", salt, toHex(k, { size: 4 }), roots[i]!])));
  return { roots, traceRoot: rootOf(leaves) };
}

/** Gas that the answer costs who reveals for the first time, and gas that its demand pays for. */
async function footOfTrace(kernels: number, outputs: readonly number[]) {
  const { who, registry, market, disputes, staking } = court;
  const { header, descriptors } = toyProgram(kernels, outputs);
  const published = [header, descriptors, ORIGIN, { royaltyBps: 0, uri: "" }];
  const { result: modelRoot } = await chain.reader.simulateContract({
    ...registry,
    functionName: "publish",
    args: published,
    account: who.author,
    gas: 16_000_000n,
  });
  await chain.send(who.author, registry, "publish", published);
  await chain.send(who.operator, staking, "stake", [who.operator, parseEther("20000")]);
  const requestId = ((await chain.read(market, "requests")) as bigint) + 1n;
  const { roots, traceRoot } = traceOf(kernels, outputs, requestId);
  const { terms, claim, deadline, opening } = await toyClaim(
    chain,
    { ...court, modelRoot: modelRoot as Hex },
    requestId,
    traceRoot,
  );
  await chain.send(who.requester, market, "request", [terms]);
  await chain.send(who.signer, market, "postOpened", [claim, deadline, opening]);
  const proof = { tensorRoot: zeroHash, listPath: [], node: zeroHash, path: [] };
  const price = (await chain.read(disputes, "price", [claim, FOOT])) as bigint;
  const { baseFeePerGas } = await chain.reader.getBlock();
  const fee = baseFeePerGas! > GWEI ? baseFeePerGas! : GWEI;
  await chain.send(who.challenger, disputes, "demand", [claim, opening, FOOT, proof], 2n * price);
  const gas = await chain.send(chain.accounts[kernels % 7]!, disputes, "reveal", [claim, FOOT, concat(roots)]);
  return { gas, paid: Number(price / (2n * fee)) };
}

const first = (n: number, every = 1) => Array.from({ length: n }, (_, i) => every * i);

it.each([
  ["256 results between 256 outputs", 512, first(256, 2)],
  ["one result behind 256 outputs", 257, first(256)],
  ["256 results and one output", 257, [256]],
  ["one result and two outputs", 3, [1, 2]],
])("no demand makes an honest answer dearer than what it pays for: %s", async (_, kernels, outputs) => {
  const { gas, paid } = await footOfTrace(kernels, outputs);
  expect(gas).toBeLessThanOrEqual(paid);
});
