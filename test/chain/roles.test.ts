import { fetchInputs, fetchModel, fetchOutputs, fetchReceipt, type Lie } from "@opengradient/node";
import { claimDigest, domainOf, verifyReceipt, waterfall } from "@opengradient/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OPG } from "./chain.ts";
import {
  ask,
  COVERAGE,
  FEE,
  give,
  newActor,
  openStage,
  postedClaim,
  STAKE,
  type Stage,
  startOperator,
  startWatcher,
  until,
  untilDecided,
} from "./stage.ts";
import { toyInput } from "./toy.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

describe("an honest operator", () => {
  test.each([false, true])("answers, is agreed with, and is paid (posted opened: %s)", async (postOpened) => {
    const { node, operator } = await startOperator(stage, "none", postOpened);
    const watcher = await startWatcher(stage, "defend");
    const requester = await newActor(stage, 10n * OPG);
    const input = toyInput(1);
    const { requestId } = await ask(stage, requester, operator, input);
    await give(node, input);
    const claim = await postedClaim(stage, requestId);
    const digest = claimDigest(domainOf(stage.author), claim);

    const receipt = (await fetchReceipt(node.url, requestId))!;
    const outputs = (await fetchOutputs(node.url, { digest, side: claim.output }))!;
    const inputs = (await fetchInputs(node.url, { digest, side: claim.input }))!;
    const checks = await verifyReceipt(receipt, { signer: operator.hot.wallet.account.address, inputs, outputs });
    expect(checks.every(({ holds }) => holds)).toBe(true);
    expect((await fetchModel(node.url, claim.modelRoot))?.modelRoot).toBe(stage.model.modelRoot);

    const verdict = await until("a verdict", async () => {
      const all = (await (await fetch(`${watcher.node.url}/verdicts`)).json()) as { digest: string; agree: boolean }[];
      return all.find((at) => at.digest === digest);
    });
    expect(verdict.agree).toBe(true);
    expect(await untilDecided(stage, claim)).toBe("final");
    const opg = await stage.balance(operator.owner.wallet.account.address);
    expect(opg).toBe((FEE * 8_500n) / 10_000n);
    expect((await stage.events()).filter(({ name }) => name === "Demanded" || name === "Committed")).toEqual([]);
    await Promise.all([node.stop(), watcher.node.stop()]);
  });
});

describe("a liar", () => {
  const cases: [Lie, boolean, string][] = [
    ["output", false, "Proven"],
    ["output", true, "Proven"],
    ["middle", true, "Proven"],
    ["weights", false, "Proven"],
    ["silent", false, "Expired"],
    ["withhold", false, "Expired"],
  ];
  test.each(cases)("%s (posted opened: %s) falls: %s", async (lie, postOpened, ending) => {
    const { node, operator } = await startOperator(stage, lie, postOpened);
    const watcher = await startWatcher(stage, "defend");
    const requester = await newActor(stage, 10n * OPG);
    const input = toyInput(2);
    const { requestId } = await ask(stage, requester, operator, input);
    const before = await stage.balance(watcher.actor.wallet.account.address);
    await give(node, input);
    const claim = await postedClaim(stage, requestId);
    const digest = claimDigest(domainOf(stage.author), claim);
    expect(await untilDecided(stage, claim)).toBe("void");
    const events = (await stage.events()).filter(({ args }) => args["id"] === digest);
    expect(events.some(({ name }) => name === ending)).toBe(true);

    const { victim, challenger } = waterfall(COVERAGE, 10_000n * OPG);
    expect(await stage.balance(requester.wallet.account.address)).toBe(10n * OPG + victim);
    const after = () => stage.balance(watcher.actor.wallet.account.address);
    const openings = events.filter(({ name, args }) => name === "Demanded" && args["position"] === 0n).length;
    const paid = ending === "Proven" || lie === "withhold" ? BigInt(openings) * 3n * FEE : 0n;
    await until("the reward", async () => ((await after()) === before + challenger - paid ? true : undefined));
    expect(STAKE).toBeGreaterThan(0n);
    await Promise.all([node.stop(), watcher.node.stop()]);
  });
});
