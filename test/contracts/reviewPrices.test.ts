import { concat, encodeAbiParameters, type Hex, keccak256, pad, parseEther, toHex, zeroHash } from "viem";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Chain, type Court, createChain, createCourt, toyClaim } from "./court.ts";

const HEADER = [
  {
    type: "tuple",
    components: [
      { name: "weights", type: "uint32" },
      { name: "kernels", type: "uint32" },
      { name: "outputs", type: "uint32[]" },
      { name: "inputs", type: "uint40[]" },
    ],
  },
] as const;
const KERNEL = [
  {
    type: "tuple",
    components: [
      { name: "shape", type: "uint40" },
      { name: "groupPos", type: "uint16" },
      { name: "groupSize", type: "uint16" },
      { name: "leading", type: "uint32" },
      {
        name: "reads",
        type: "tuple[]",
        components: [
          { name: "kernel", type: "uint32" },
          { name: "shape", type: "uint40" },
        ],
      },
    ],
  },
] as const;
let chain: Chain;
let court: Court;
beforeAll(async () => {
  chain = await createChain();
  court = await createCourt(chain);
});
afterAll(() => chain.close());

function root(leaves: readonly Hex[]): Hex {
  let level = [...leaves];
  while (level.length > 1) {
    const n: Hex[] = [];
    for (let i = 0; i < level.length; i += 2)
      n.push(i + 1 < level.length ? keccak256(concat(["0x01", level[i]!, level[i + 1]!])) : level[i]!);
    level = n;
  }
  return level[0]!;
}
it.each([
  [512, 256],
  [257, 256],
  [257, 1],
  [2, 1],
])(
  "trace reveal, %d kernels, %d outputs",
  async (kernels, outputs) => {
    const { who, registry, market, disputes, staking } = court;
    const outs = Array.from({ length: outputs }, (_, i) => (kernels === 512 ? 2 * i : i));
    const header = encodeAbiParameters(HEADER, [{ weights: 0, kernels, outputs: outs, inputs: [256] }]);
    const kernel = encodeAbiParameters(KERNEL, [{ shape: 256, groupPos: 0, groupSize: 1, leading: 0, reads: [] }]);
    const origin = { weightsRoot: zeroHash, sourceHash: zeroHash, compilerHash: zeroHash };
    const args = [header, Array(kernels).fill(kernel), origin, { royaltyBps: 0, uri: "" }];
    const { result } = await chain.reader.simulateContract({
      ...registry,
      functionName: "publish",
      args,
      account: who.author,
      gas: 16_000_000n,
    });
    await chain.send(who.author, registry, "publish", args);
    await chain.send(who.operator, staking, "stake", [who.operator, parseEther("20000")]);
    const id = ((await chain.read(market, "requests")) as bigint) + 1n;
    const salt = keccak256(concat([pad(who.operator), pad(who.requester), toHex(id, { size: 32 })]));
    const roots = Array.from({ length: kernels - outputs }, (_, i) => keccak256(toHex(i + 1)));
    const free = Array.from({ length: kernels }, (_, i) => i).filter((i) => !outs.includes(i));
    const leaves = roots.map((r, i) => keccak256(concat(["0x06", salt, toHex(free[i]!, { size: 4 }), r])));
    court = { ...court, modelRoot: result as Hex };
    const made = await toyClaim(chain, court, id, root(leaves));
    await chain.send(who.requester, market, "request", [made.terms]);
    await chain.send(who.signer, market, "postOpened", [made.claim, made.deadline, made.opening]);
    const J = leaves.length > 256 ? 2n : 1n;
    const position = (1n << 72n) | (1n << 32n);
    if (J !== 1n) return;
    await chain.send(
      who.challenger,
      disputes,
      "demand",
      [made.claim, made.opening, position, { tensorRoot: zeroHash, listPath: [], node: zeroHash, path: [] }],
      parseEther("0.01"),
    );
    const gas = await chain.send(who.signer, disputes, "reveal", [made.claim, position, concat(roots)]);
    const paid = 130_000 + 1300 * roots.length;
    console.log({ kernels, outputs, gas, paid });
    expect(gas).toBeLessThanOrEqual(paid);
  },
  120000,
);
