import { importModel } from "@opengradient/cli";
import { toHex } from "@opengradient/commitments";
import {
  type Batch,
  type Claim,
  claimDigest,
  claimTypes,
  NO_END,
  parametersHash,
  sumLeaf,
  sumPath,
  sumRoot,
  sumTree,
} from "@opengradient/protocol";
import { encodeAbiParameters, type Hex, keccak256, parseEther, zeroHash } from "viem";
import { hardhat } from "viem/chains";
import { artifact, type Chain, type Court, tier, toyClaim } from "./court.ts";

/** Where the gas of an act is written down, as billed. */
type Note = (name: string, gas: number) => void;

const DAY = 86_400;
const parameters = parametersHash(tier);

/** What an operator does apart from answering: its entry, its keys, its exit. */
export async function operatorsActs(chain: Chain, { staking, market, opg, who }: Court, note: Note): Promise<void> {
  const [owner, first, second] = chain.accounts.slice(8, 11) as [Hex, Hex, Hex];
  const offers = [{ modelRoot: zeroHash, fee: 1n, maxCoverage: 1n }];
  const send = (name: string, args: readonly unknown[]) => chain.send(owner, staking, name, args);
  note("register", await send("register", [first, owner, "https://operator.example", []]));
  note("offer", await send("offer", [offers]));
  note("authorise", await send("authorise", [market.address]));
  note("rotate", await send("rotate", [second, 0]));
  note("update", await send("update", [who.payee, "https://other.example"]));
  await chain.send(who.treasury, opg, "transfer", [owner, parseEther("20000")]);
  await chain.send(owner, opg, "approve", [staking.address, parseEther("20000")]);
  await send("stake", [owner, parseEther("20000")]);
  note("thaw", await send("thaw", [parseEther("20000")]));
  await chain.wait(30 * DAY + 1);
  note("withdrawStake", await send("withdraw", []));
  note("revoke", await send("revoke", [market.address]));
}

/** Somebody backs the operator, earns, votes and leaves. */
export async function delegatorsActs(chain: Chain, { staking, opg, who }: Court, note: Note): Promise<void> {
  const address = (await chain.read(staking, "delegation")) as Hex;
  const delegation = { ...artifact("src/staking/Delegation.sol"), address };
  const votes = { ...artifact("src/staking/StakeVotes.sol"), address: (await chain.read(staking, "votes")) as Hex };
  const delegator = who.challenger;
  const send = (name: string, args: readonly unknown[]) => chain.send(delegator, delegation, name, args);
  await chain.send(delegator, opg, "approve", [address, parseEther("100")]);
  note("delegate", await send("delegate", [who.operator, parseEther("10"), 0]));
  note("syncVotes", await chain.send(delegator, votes, "sync", [delegator, who.operator]));
  note("reward", await send("reward", [who.operator, parseEther("1")]));
  note("announceCut", await chain.send(who.operator, delegation, "announceCut", [6000]));
  note("undelegate", await send("undelegate", [who.operator, 10n ** 24n]));
  await chain.wait(30 * DAY + 1);
  note("withdrawDelegated", await send("withdraw", [who.operator]));
}

/** A claim that no request asked for. */
async function soldClaim(chain: Chain, court: Court, number: bigint) {
  const { claim, terms } = await toyClaim(chain, court, number);
  const sold: Claim = { ...claim, requestId: 2n ** 64n + number, postBy: terms.deadline };
  return {
    claim: sold,
    id: claimDigest({ chainId: hardhat.id, market: court.market.address }, sold),
  };
}

/** A batch of 1,024: one leaf is shown, the rest released; another claim is lodged. */
export async function soldActs(chain: Chain, court: Court, note: Note): Promise<void> {
  const { who, batches, market } = court;
  const { claim, id } = await soldClaim(chain, court, 1n);
  const leaves = Array.from({ length: 1024 }, (_, i) =>
    i === 5 ? sumLeaf(id, claim) : { hash: keccak256(toHex(Uint8Array.of(i >> 8, i & 255))), sum: parseEther("1") },
  );
  const tree = sumTree(leaves);
  const { hash: root, sum: coverage } = sumRoot(tree);
  note("postBatch1", await chain.send(who.signer, batches, "post", [who.operator, id, claim.coverage, 1, parameters]));
  await chain.send(who.signer, batches, "post", [who.operator, root, coverage, 1024, parameters]);
  const { timestamp } = await chain.reader.getBlock();
  const batch: Batch = { operator: who.operator, root, coverage, count: 1024, parameters, postedAt: Number(timestamp) };
  note("show", await chain.send(who.requester, batches, "show", [batch, claim, 5, sumPath(tree, 5)]));

  const late = await soldClaim(chain, court, 2n);
  const domain = {
    name: "OpenGradient",
    version: "1",
    chainId: hardhat.id,
    verifyingContract: market.address,
  } as const;
  const typed = { domain, types: claimTypes, primaryType: "Claim", message: late.claim } as const;
  const signature = await chain.wallet.signTypedData({ account: who.signer, ...typed });
  await chain.wait(tier.window + 1);
  note("release", await chain.send(who.operator, batches, "release", [batch]));
  note("lodge", await chain.send(who.requester, batches, "lodge", [late.claim, signature]));
}

/** Deposits by the other ways, and back. */
export async function depositsActs(chain: Chain, { channels, opg, who }: Court, note: Note): Promise<void> {
  const signer = chain.accounts[11]!;
  const parties = { requester: who.requester, operator: who.operator, signer };
  const salt = keccak256("0x05");
  const amount = parseEther("10");
  const { timestamp } = await chain.reader.getBlock();
  const closesAt = timestamp + 3n * BigInt(DAY);
  const bound = [{ type: "address" }, { type: "address" }, { type: "uint40" }, { type: "bytes32" }] as const;
  const nonce = keccak256(encodeAbiParameters(bound, [who.operator, signer, Number(closesAt), salt]));
  const validity = { validAfter: 0n, validBefore: timestamp + 3600n };
  const fields = [
    "address from",
    "address to",
    "uint256 value",
    "uint256 validAfter",
    "uint256 validBefore",
    "bytes32 nonce",
  ];
  const signature = await chain.wallet.signTypedData({
    account: who.requester,
    domain: { name: "OpenGradient", version: "1", chainId: hardhat.id, verifyingContract: opg.address },
    types: {
      ReceiveWithAuthorization: fields.map((field) => ({ type: field.split(" ")[0]!, name: field.split(" ")[1]! })),
    },
    primaryType: "ReceiveWithAuthorization",
    message: { from: who.requester, to: channels.address, value: amount, ...validity, nonce },
  });
  const authorization = { ...validity, salt, signature };
  const args = [parties, amount, closesAt, authorization];
  note("openWithAuthorization", await chain.send(who.operator, channels, "openWithAuthorization", args));
  note("fund", await chain.send(who.requester, channels, "fund", [parties, amount]));
  note("setEnd", await chain.send(who.requester, channels, "setEnd", [who.operator, signer, closesAt + 1n]));
  await chain.wait(4 * DAY);
  note("withdrawDeposit", await chain.send(who.requester, channels, "withdraw", [who.operator, signer]));
  await chain.send(who.requester, channels, "setEnd", [who.operator, signer, NO_END]);
}

/** A request that nobody answers; an accusation that nobody proves; coin and pots taken out. */
export async function leftoverActs(chain: Chain, court: Court, note: Note): Promise<void> {
  const { who, market, disputes } = court;
  const number = ((await chain.read(market, "requests")) as bigint) + 1n;
  const unanswered = await toyClaim(chain, court, number);
  await chain.send(who.requester, market, "request", [unanswered.terms]);
  const accused = await toyClaim(chain, court, number + 1n);
  await chain.send(who.requester, market, "request", [accused.terms]);
  await chain.send(who.signer, market, "post", [accused.claim, accused.deadline, "0x"]);
  const commitment = keccak256("0x06");
  await chain.send(who.challenger, disputes, "commit", [accused.id, commitment]);
  await chain.wait(3 * DAY);
  note("refund", await chain.send(who.requester, market, "refund", [number, who.requester, unanswered.terms]));
  const settled = [accused.claim, who.challenger, commitment];
  note("settleBond", await chain.send(who.challenger, disputes, "settleBond", settled));
  note("withdrawPrices", await chain.send(who.signer, disputes, "withdraw", [who.signer]));
  note("burnPot", await chain.send(who.requester, market, "burn", []));
  note("payAudits", await chain.send(who.requester, market, "payAudits", []));
}

/** Publishing a real model, checked by the real Validator. */
export async function authorsActs(chain: Chain, file: Uint8Array, note: Note): Promise<void> {
  const author = chain.accounts[12]!;
  const validator = await chain.deploy(author, artifact("src/arbiter/Validator.sol"), []);
  const registry = await chain.deploy(author, artifact("src/registry/ModelRegistry.sol"), [validator.address]);
  const { header, descriptors, roots } = importModel(file);
  const args = [toHex(header), descriptors.map(toHex), roots, { royaltyBps: 250, uri: "https://models.example" }];
  note("publishDigits", await chain.send(author, registry, "publish", args));
  note("deprecate", await chain.send(author, registry, "deprecate", [roots.modelRoot]));
}
