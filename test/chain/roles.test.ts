import { decodePosition, fromHex, toHex } from "@opengradient/commitments";
import { fetchInputs, fetchModel, fetchOutputs, fetchReceipt, type Lie, uploadInput } from "@opengradient/node";
import { commitTensors, runReference, witnessElement } from "@opengradient/program";
import {
  claimDigest,
  claimStanding,
  claimTraceSalt,
  commit,
  commitmentOf,
  demand,
  demandOpening,
  domainOf,
  ensureAllowance,
  newSalt,
  type Opening,
  prove,
  settleBond,
  verifyReceipt,
  waterfall,
} from "@opengradient/protocol";
import { zeroHash } from "viem";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { scratch } from "../../packages/node/test/scratch.ts";
import { OPG } from "./chain.ts";
import {
  ask,
  COVERAGE,
  FEE,
  give,
  newActor,
  OVER,
  openStage,
  postedClaim,
  type Stage,
  settled,
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
afterEach(() => stage.stopNodes());
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
    expect(await untilDecided(stage, claim, OVER)).toBe("final");
    const opg = await stage.balance(operator.owner.wallet.account.address);
    expect(opg).toBe((FEE * 8_500n) / 10_000n);
    expect((await stage.events()).filter(({ name }) => name === "Demanded" || name === "Committed")).toEqual([]);
  });
});

describe("a liar", () => {
  const cases: [Lie, boolean, string][] = [
    ["output", false, "Proven"],
    ["output", true, "Proven"],
    ["middle", true, "Proven"],
    ["weights", false, "Proven"],
    ["silent", false, "Expired"],
    ["withhold", false, "Proven"],
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
    // Bonds and the price of the opening come back.
    await until("the reward", async () => ((await after()) === before + challenger ? true : undefined));
  });
});

test("a requester hands a watcher the input that its operator withholds: only the path is bought", async () => {
  const { node, operator } = await startOperator(stage, "withhold", true);
  // Else it could buy the input before it is handed in.
  const watcher = await startWatcher(stage, "defend", { patience: 5 });
  const requester = await newActor(stage, 10n * OPG);
  const input = toyInput(7);
  const { requestId } = await ask(stage, requester, operator, input);
  await give(node, input);
  const claim = await postedClaim(stage, requestId);
  await give(watcher.node, input);
  const other = { ...input, salt: newSalt() };
  await expect(uploadInput(watcher.node.url, other, { tries: 1 })).rejects.toMatchObject({ status: 409 });
  expect(await untilDecided(stage, claim)).toBe("void");
  const id = claimDigest(domainOf(stage.author), claim);
  const demanded = (await stage.events()).filter(({ name, args }) => name === "Demanded" && args["id"] === id);
  // The outputs' list and one leaf of the false output.
  expect(demanded.map(({ args }) => decodePosition(args["position"] as bigint).object)).toEqual([3, 5]);
});

test("a watcher that dies between its commit and its proof goes on where it was", async () => {
  const { node, operator } = await startOperator(stage, "output", true);
  const dataDir = scratch();
  const first = await startWatcher(stage, "defend", { dataDir });
  const requester = await newActor(stage, 10n * OPG);
  const input = toyInput(9);
  const { requestId } = await ask(stage, requester, operator, input);
  await give(node, input);
  const claim = await postedClaim(stage, requestId);
  const id = claimDigest(domainOf(stage.author), claim);
  const ours = async (name: string) => (await stage.events()).filter((e) => e.name === name && e.args["id"] === id);
  await until("the commit", async () => (await ours("Committed"))[0]);
  await stage.stop(first.node);
  await stage.chain.advance(1);
  await stage.chain.advance(1);
  expect(await ours("Proven")).toEqual([]);
  await startWatcher(stage, "defend", { dataDir, actor: first.actor });
  expect(await untilDecided(stage, claim)).toBe("void");
  expect((await ours("Committed")).length).toBe(1);
  expect((await ours("Proven")).length).toBe(1);
});

test("a watcher with a small budget does not buy what is dear", async () => {
  const { node, operator } = await startOperator(stage, "silent");
  const watcher = await startWatcher(stage, "defend", { mostNative: "0.0001" });
  const requester = await newActor(stage, 10n * OPG);
  const input = toyInput(8);
  const { requestId } = await ask(stage, requester, operator, input);
  await give(node, input);
  const claim = await postedClaim(stage, requestId);
  for (let i = 0; i < 3; i++) {
    await stage.chain.advance(30);
    await settled(stage);
  }
  expect((await claimStanding(stage.author, claim)).pending).toBe(0);
  expect(await stage.chain.client.getTransactionCount({ address: watcher.actor.wallet.account.address })).toBe(0);
});

describe("an honest operator under fire", () => {
  test("answers every demand, is paid for it, and a false accuser only loses", async () => {
    const { node, operator } = await startOperator(stage);
    const requester = await newActor(stage, 10n * OPG);
    const accuser = await newActor(stage, 1_000n * OPG);
    const input = toyInput(5);
    const { requestId } = await ask(stage, requester, operator, input);
    await give(node, input);
    const claim = await postedClaim(stage, requestId);
    const id = claimDigest(domainOf(stage.author), claim);
    const ours = async (name: string) => (await stage.events()).filter((e) => e.name === name && e.args["id"] === id);
    await ensureAllowance(accuser, { spender: stage.deployment.disputes, amount: 1_000n * OPG });
    const value = 10n ** 16n;
    const hot = operator.hot.wallet.account.address;
    const before = await stage.chain.client.getBalance({ address: hot });

    await demandOpening(accuser, { claim, value });
    const opened = await until("the opening", async () => (await ours("Opened"))[0]);
    const opening = opened.args["opening"] as Opening;
    const none = { tensorRoot: zeroHash, listPath: [], node: zeroHash, path: [] };
    for (const object of [1, 2, 3] as const)
      await demand(accuser, { claim, opening, position: { object, tensor: 0, j: 1, i: 0 }, proof: none, value });
    await until("three reveals", async () => ((await ours("Revealed")).length === 3 ? true : undefined));

    const salt = newSalt();
    const commitment = commitmentOf({
      digest: id,
      kernel: 1,
      element: 2,
      prover: accuser.wallet.account.address,
      salt,
    });
    await commit(accuser, { id, commitment });
    await stage.chain.advance(1);
    await stage.chain.advance(1);
    const model = stage.model;
    const results = runReference(model.program, model.weights, input.tensors);
    const traceSalt = fromHex(claimTraceSalt(claim));
    const committed = commitTensors(model.program, { ...model, inputs: input.tensors, results, traceSalt });
    const witness = toHex(witnessElement(model.program, 1, 2, committed));
    const lie = prove(accuser, { claim, opening, proof: { kernel: 1, element: 2, salt, witness } });
    await expect(lie).rejects.toMatchObject({ refusal: "ArbiterElementRight", advice: "stop" });

    expect(await untilDecided(stage, claim, OVER)).toBe("final");
    const { wallet } = accuser;
    await settleBond(accuser, { claim, prover: wallet.account.address, commitment });
    expect(await stage.balance(wallet.account.address)).toBe(1_000n * OPG - 100n * OPG - 3n * FEE);
    // The operator takes what its answers were paid for, once the claim is final.
    await until("the price of the answers", async () =>
      (await stage.chain.client.getBalance({ address: hot })) > before ? true : undefined,
    );
    const { address } = operator.owner.wallet.account;
    const income = (FEE * 8_500n) / 10_000n + 3n * FEE;
    await until("the price of the opening", async () => ((await stage.balance(address)) === income ? true : undefined));
  });
});

describe("a watcher without a key", () => {
  test("sees the lie, says so, and does nothing", async () => {
    const { node, operator } = await startOperator(stage, "output");
    const watcher = await startWatcher(stage, "watch");
    const requester = await newActor(stage, 10n * OPG);
    const input = toyInput(6);
    const { requestId } = await ask(stage, requester, operator, input);
    await give(node, input);
    const claim = await postedClaim(stage, requestId);
    const id = claimDigest(domainOf(stage.author), claim);
    const verdict = await until("a verdict", async () => {
      const all = (await (await fetch(`${watcher.node.url}/verdicts`)).json()) as { digest: string; agree: boolean }[];
      return all.find((at) => at.digest === id);
    });
    expect(verdict).toMatchObject({ agree: false });
    expect(await untilDecided(stage, claim, OVER)).toBe("final");
  });
});
