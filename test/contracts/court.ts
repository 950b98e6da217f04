import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { type Claim, claimDigest, inputSide, outputSide, parametersHash } from "@opengradient/protocol";
import { createHardhatRuntimeEnvironment } from "hardhat/hre";
import {
  type Abi,
  type Address,
  concat,
  createPublicClient,
  createTestClient,
  createWalletClient,
  custom,
  encodeAbiParameters,
  encodeFunctionData,
  getContractAddress,
  type Hex,
  keccak256,
  maxUint256,
  parseEther,
  publicActions,
  toHex,
  zeroAddress,
  zeroHash,
} from "viem";
import { hardhat } from "viem/chains";

const configPath = fileURLToPath(import.meta.resolve("@opengradient/contracts/config"));
const root = dirname(configPath);

export type Artifact = { readonly abi: Abi; readonly bytecode: Hex };

/** What `hardhat build` left; `source` is relative to the contracts' room, `name` the contract if not the file's. */
export function artifact(source: string, name = source.split("/").at(-1)!.replace(".sol", "")): Artifact {
  return JSON.parse(readFileSync(`${root}/artifacts/${source}/${name}.json`, "utf8"));
}

/** Blocks come one second apart from here on, so that the zeros in times and hashes, hence gas, are those of every run. */
const START = 1_900_000_000;

/** An Osaka chain in this process. */
export async function createChain() {
  const config = await import(configPath);
  const hre = await createHardhatRuntimeEnvironment(config.default, { config: configPath }, root);
  const { provider } = await hre.network.create();
  const transport = custom(provider);
  const [...accounts] = (await provider.request({ method: "eth_accounts", params: [] })) as Address[];
  const client = createTestClient({ chain: hardhat, mode: "hardhat", transport }).extend(publicActions);
  const reader = createPublicClient({ chain: hardhat, transport });
  const wallet = createWalletClient({ chain: hardhat, transport });

  let time = START;
  const tick = (seconds = 1) => {
    time += seconds;
    return client.setNextBlockTimestamp({ timestamp: BigInt(time) });
  };

  async function deploy(from: Address, { abi, bytecode }: Artifact, args: readonly unknown[]): Promise<Contract> {
    await tick();
    const hash = await wallet.deployContract({ account: from, abi, bytecode, args });
    const { contractAddress } = await reader.waitForTransactionReceipt({ hash });
    return { abi, address: contractAddress! };
  }

  /** Gas of a mined transaction as billed: 21,000, calldata and its floor included. */
  async function send(from: Address, to: Contract, functionName: string, args: readonly unknown[], value = 0n) {
    const data = encodeFunctionData({ abi: to.abi, functionName, args });
    await tick();
    const hash = await wallet.sendTransaction({ account: from, to: to.address, data, value, gas: 16_000_000n });
    const receipt = await reader.waitForTransactionReceipt({ hash });
    if (receipt.status !== "success") throw new Error(`${functionName} reverted`);
    return Number(receipt.gasUsed);
  }

  /** Lets time pass. */
  async function wait(seconds: number): Promise<void> {
    await tick(seconds);
    await client.mine({ blocks: 1 });
  }

  const read = (of: Contract, functionName: string, args: readonly unknown[] = []) =>
    reader.readContract({ abi: of.abi, address: of.address, functionName, args });

  return { accounts, reader, wallet, deploy, send, wait, read, close: () => provider.close() };
}

export type Chain = Awaited<ReturnType<typeof createChain>>;
export type Contract = { readonly abi: Abi; readonly address: Address };

export const FAULT_BOND = parseEther("10000");
export const tier = {
  window: 7200,
  reaction: 3600,
  answer: 36 * 3600,
  freeze: 86400,
  grace: 86400,
  auditBps: 500,
  burnBps: 500,
  delivery: 0,
  minCoverage: parseEther("1"),
  maxCoverage: parseEther("10000"),
} as const;

const HEADER_FACTS = [
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
const KERNEL_FACTS = [
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

/** f32 × 16,384: 256 leaves. */
export const BIG_SHAPE = 16384;

/** Kernels that read nothing, and one input, of 256 leaves each, for the toy validator. */
export function toyProgram(kernels: number, outputs: readonly number[]) {
  const header = encodeAbiParameters(HEADER_FACTS, [{ weights: 0, kernels, outputs, inputs: [BIG_SHAPE] }]);
  const kernel = { shape: BIG_SHAPE, groupPos: 0, groupSize: 1, leading: 0, reads: [] };
  const descriptor = encodeAbiParameters(KERNEL_FACTS, [kernel]);
  return { header, descriptors: Array<Hex>(kernels).fill(descriptor) };
}

/** All contracts with the toy machine, an operator with stake, a requester and a challenger with allowances. */
export async function createCourt(chain: Chain) {
  const [treasury, author, operator, signer, payee, requester, challenger, auditPool] = chain.accounts as Address[];
  const who = { treasury, author, operator, signer, payee, requester, challenger, auditPool } as Record<
    "treasury" | "author" | "operator" | "signer" | "payee" | "requester" | "challenger" | "auditPool",
    Address
  >;
  const supply = parseEther("1000000000");
  const create = (source: string, args: readonly unknown[], name?: string) =>
    chain.deploy(who.treasury, artifact(source, name), args);
  const opg = await create("src/token/OPG.sol", [[{ to: who.treasury, amount: supply }]]);
  const validator = await create("test/toys/Alphabet.sol", [], "ToyValidator");
  const registry = await create("src/registry/ModelRegistry.sol", [validator.address]);
  const staking = await create("src/staking/Staking.sol", [opg.address, FAULT_BOND, 30 * 86400]);
  const arbiter = await create("test/toys/Alphabet.sol", [], "ToyArbiter");
  const nonce = await chain.reader.getTransactionCount({ address: who.treasury });
  const court = getContractAddress({ from: who.treasury, nonce: BigInt(nonce) + 1n });
  const market = await create("src/market/Market.sol", [
    {
      opg: opg.address,
      staking: staking.address,
      registry: registry.address,
      disputes: court,
      auditPool: who.auditPool,
      governance: who.treasury,
      guardian: zeroAddress,
    },
    [tier],
  ]);
  const disputes = await create("src/dispute/Disputes.sol", [
    market.address,
    arbiter.address,
    parseEther("100"),
    10n ** 9n,
  ]);
  const channels = await create("src/market/Channels.sol", [market.address, 2 * 86400]);
  const batches = {
    abi: artifact("src/market/Batches.sol").abi,
    address: (await chain.read(market, "batches")) as Address,
  };

  for (const actor of [who.operator, who.requester, who.challenger]) {
    await chain.send(who.treasury, opg, "transfer", [actor, parseEther("1000000")]);
    for (const spender of [staking, market, disputes, channels])
      await chain.send(actor, opg, "approve", [spender.address, maxUint256]);
  }
  // As the deployment does: its balance is never zero again, which would make the first bond dearer by 17,000 gas.
  await chain.send(who.treasury, opg, "transfer", [disputes.address, 1n]);
  const { header, descriptors } = toyProgram(2, [1]);
  const origin = { weightsRoot: zeroHash, sourceHash: zeroHash, compilerHash: zeroHash };
  const published = [header, descriptors, origin, { royaltyBps: 1000, uri: "" }];
  const { result: modelRoot } = await chain.reader.simulateContract({
    ...registry,
    functionName: "publish",
    args: published,
    account: who.author,
  });
  await chain.send(who.author, registry, "publish", published);
  await chain.send(who.operator, staking, "register", [who.signer, who.payee, "https://operator.example", []]);
  await chain.send(who.operator, staking, "authorise", [market.address]);
  return { who, opg, registry, staking, market, batches, channels, disputes, modelRoot: modelRoot as Hex };
}

export type Court = Awaited<ReturnType<typeof createCourt>>;

/** A request's terms and the claim that answers them, with an opening. */
export async function toyClaim(chain: Chain, court: Court, requestId: bigint, traceRoot: Hex = keccak256("0x01")) {
  const { timestamp } = await chain.reader.getBlock();
  const salt = keccak256(toHex(requestId, { size: 32 }));
  const opening = { salt, inputRoot: keccak256("0x02"), outputRoot: keccak256("0x03"), traceRoot };
  const terms = {
    modelRoot: court.modelRoot,
    input: inputSide(salt, opening.inputRoot),
    operator: court.who.operator,
    fee: parseEther("10"),
    coverage: parseEther("100"),
    level: 3,
    parameters: parametersHash(tier),
    deadline: timestamp + 3600n,
  };
  const { deadline, ...asked } = terms;
  const claim: Claim = {
    ...asked,
    output: outputSide(salt, opening.outputRoot),
    requester: court.who.requester,
    requestId,
    postBy: deadline,
  };
  const id = claimDigest({ chainId: hardhat.id, market: court.market.address }, claim);
  return { terms, claim, id, opening, deadline };
}

/** The tree over hashes as docs/spec/commitments.md has it, written apart from our own. */
export function rootOf(leaves: readonly Hex[]): Hex {
  let level = [...leaves];
  while (level.length > 1)
    level = level.flatMap((left, i) =>
      i % 2 ? [] : [i + 1 < level.length ? keccak256(concat(["0x01", left, level[i + 1]!])) : left],
    );
  return level[0]!;
}
