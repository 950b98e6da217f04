import {
  type Claim,
  claimDigest,
  DELIVERY,
  deliverRefund,
  deliverVoid,
  domainOf,
  refund,
  waterfall,
} from "@opengradient/protocol";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { OPG, quick } from "./chain.ts";
import { blind, bring, GATE_FEE, type Gate, loanModel, openGate, POOL, riskOf, samples } from "./gate.ts";
import { OVER, openStage, postedClaim, type Stage, startOperatorOf, startWatcher, untilDecided } from "./stage.ts";

let stage: Stage;

beforeAll(async () => {
  const tiers = Object.values(DELIVERY).map((delivery) => ({ ...quick, delivery }));
  stage = await openStage(loanModel(), tiers);
});
afterEach(() => stage.stopNodes());
afterAll(() => stage.close());

const [safest, riskiest] = [samples()[0]!, samples().at(-1)!];
const AMOUNT = BigInt(riskiest.application[1]!) * OPG;

/** How often the Arbiter found an element of this claim false. */
async function proofs(claim: Claim): Promise<number> {
  const id = claimDigest(domainOf(stage.author), claim);
  return (await stage.events()).filter(({ name, args }) => name === "Proven" && args["id"] === id).length;
}

const free = (gate: Gate): Promise<bigint> => gate.read("free");

test("a gate in mode final lends at the price of the risk that the engine finds", async () => {
  const honest = await startOperatorOf(stage, {});
  const gate = await openGate(stage, honest, DELIVERY.final);
  // Nobody hands the operator anything: the contract showed what it asks about.
  const requestId = await gate.apply(safest.application);
  const { claim, delivered } = await bring(stage, honest, requestId);
  expect(delivered).toMatchObject({ message: expect.stringContaining("no result that this mode delivers yet") });
  expect(await gate.stage(requestId)).toBe("asked");
  expect(await untilDecided(stage, claim, OVER)).toBe("final");
  expect((await bring(stage, honest, requestId)).delivered).toMatchObject({ result: true });
  expect(await gate.stage(requestId)).toBe("offered");

  const risk = BigInt(await riskOf(stage, safest.application));
  expect(Math.abs(Number(risk) - safest.risk)).toBeLessThanOrEqual(1);
  const [amount, months] = [BigInt(safest.application[1]!) * OPG, BigInt(safest.application[2]!)];
  const price = (amount * (1_200n * months + 12n * risk) + 119_999n) / 120_000n;
  await gate.send(gate.borrower, "draw", [requestId]);
  expect(await free(gate)).toBe(POOL - amount);
  const before = await stage.balance(gate.borrower.wallet.account.address);
  await gate.send(gate.borrower, "repay", [requestId]);
  expect(before - (await stage.balance(gate.borrower.wallet.account.address))).toBe(amount + price);
  expect(await free(gate)).toBe(POOL + price);
});

test("mode final saves the pool from a false risk", async () => {
  expect(riskiest.risk).toBeGreaterThan(1_500);
  const liar = await startOperatorOf(stage, { executor: blind });
  await startWatcher(stage, "defend");
  const gate = await openGate(stage, liar, DELIVERY.final);
  const requestId = await gate.apply(riskiest.application);
  const claim = await postedClaim(stage, requestId);
  expect(await untilDecided(stage, claim)).toBe("void");
  expect(await proofs(claim)).toBe(1);
  await deliverVoid(stage.author, { claim });
  expect(await gate.stage(requestId)).toBe("failed");
  await gate.send(gate.lender, "reclaim", [requestId]);
  expect(await free(gate)).toBe(POOL + AMOUNT);
  expect(await stage.balance(gate.borrower.wallet.account.address)).toBe(20_000n * OPG);
});

test("mode fast loses the loan to a false risk, and gets it back with the verdict", async () => {
  const liar = await startOperatorOf(stage, { executor: blind });
  const gate = await openGate(stage, liar, DELIVERY.fast);
  const requestId = await gate.apply(riskiest.application);
  const { claim, delivered } = await bring(stage, liar, requestId);
  expect(delivered).toMatchObject({ result: true });
  await gate.send(gate.borrower, "draw", [requestId]);
  expect(await free(gate)).toBe(POOL - AMOUNT);

  await startWatcher(stage, "defend");
  expect(await untilDecided(stage, claim)).toBe("void");
  expect(await proofs(claim)).toBe(1);
  expect(waterfall(claim.coverage, 0n).victim).toBe(AMOUNT);
  expect(await free(gate)).toBe(POOL + GATE_FEE);
  await deliverVoid(stage.author, { claim });
  await stage.chain.advance(3_601);
  await gate.send(gate.lender, "seize", [requestId]);
  expect(await gate.stage(requestId)).toBe("seized");
});

test("an operator that never answers costs borrower and pool nothing", async () => {
  const asleep = await startOperatorOf(stage, {});
  const gate = await openGate(stage, asleep, DELIVERY.fast);
  await stage.stopNodes();
  const requestId = await gate.apply(safest.application);
  const [asked] = (await stage.events()).filter(
    ({ name, args }) => name === "Requested" && args["requestId"] === requestId,
  );
  await stage.chain.advance(601);
  await refund(stage.author, { requestId, requester: gate.address, terms: asked!.args["request"] as never });
  await deliverRefund(stage.author, { requestId });
  await gate.send(gate.borrower, "reclaim", [requestId]);
  expect(await stage.balance(gate.borrower.wallet.account.address)).toBe(20_000n * OPG);
  expect(await free(gate)).toBe(POOL);
});
