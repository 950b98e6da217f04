import { stakingAbi } from "@opengradient/bindings";
import { type Claim, claimDigest, demandOpening, domainOf, ensureAllowance } from "@opengradient/protocol";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { OPG } from "./chain.ts";
import {
  ask,
  FEE,
  give,
  newActor,
  OVER,
  openStage,
  passing,
  postedClaim,
  STAKE,
  type Stage,
  settled,
  startOperatorOf,
  untilDecided,
} from "./stage.ts";
import { toyInput } from "./toy.ts";

// Attack of docs/invariants.md: a reorganisation between a demand and its reveal, with the operator's daemon.

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterEach(() => stage.stopNodes());
afterAll(() => stage.close());

const DEPTH = 2;

/** A node believes only what has blocks on top. */
const mining = <T>(what: string, get: () => Promise<T | undefined>): Promise<T> => passing(stage, what, get, 1);

async function mine(blocks: number, seconds: number): Promise<void> {
  for (let i = 0; i < blocks; i++) {
    await stage.chain.advance(seconds);
    await settled(stage);
  }
}

async function scene(seed: number) {
  const playing = await startOperatorOf(stage, {}, false, DEPTH);
  const requester = await newActor(stage, 10n * OPG);
  const accuser = await newActor(stage, 1_000n * OPG);
  await ensureAllowance(accuser, { spender: stage.deployment.disputes, amount: 1_000n * OPG });
  const input = toyInput(seed);
  const { requestId } = await ask(stage, requester, playing.operator, input);
  await mine(DEPTH, 1);
  await give(playing.node, input);
  await mining("the post", async () => (await posted(requestId)) || undefined);
  const claim = await postedClaim(stage, requestId);
  return { ...playing, accuser, claim };
}

const posted = async (requestId: bigint) =>
  (await stage.events()).some(({ name, args }) => name === "Posted" && args["requestId"] === requestId);

const opened = async (claim: Claim) => {
  const id = claimDigest(domainOf(stage.author), claim);
  return (await stage.events()).find(({ name, args }) => name === "Opened" && args["id"] === id);
};

/** The operator lost nothing: its stake is whole, its fee and the price of the opening are on their way or here. */
async function stands(claim: Claim, owner: `0x${string}`): Promise<void> {
  expect(await untilDecided(stage, claim, OVER)).toBe("final");
  const { staked, frozenAt } = await stage.chain.client.readContract({
    address: stage.deployment.staking,
    abi: stakingAbi,
    functionName: "operators",
    args: [owner],
  });
  expect({ staked, frozenAt }).toEqual({ staked: STAKE, frozenAt: 0 });
  expect(await stage.balance(owner)).toBeGreaterThanOrEqual((FEE * 8_500n) / 10_000n);
}

const value = 10n ** 16n;

test("reorg between demand and reveal: a reveal that is taken back is sent again", async () => {
  const { operator, accuser, claim } = await scene(1);
  await demandOpening(accuser, { claim, value });
  const before = await stage.chain.snapshot();
  await mining("the opening", () => opened(claim));
  await stage.chain.revert(before);
  expect(await opened(claim)).toBeUndefined();
  await mining("the opening, again", () => opened(claim));
  await stands(claim, operator.owner.wallet.account.address);
});

test("reorg between demand and reveal: a demand that is taken back with its answer, and asked again, is answered again", async () => {
  const { operator, accuser, claim } = await scene(2);
  const before = await stage.chain.snapshot();
  await demandOpening(accuser, { claim, value });
  await mining("the opening", () => opened(claim));
  // The answer has more on top than the node wants, so it counts as done.
  await mine(2 * DEPTH, 1);
  await stage.chain.revert(before);
  await mine(3 * DEPTH, 7);
  await demandOpening(accuser, { claim, value });
  await mining("the opening, again", () => opened(claim));
  await stands(claim, operator.owner.wallet.account.address);
});
