/** Answers that are paid by voucher, posted in batches, found false there, and never posted. */
import { delegationAbi, stakingAbi } from "@opengradient/bindings";
import { OBJECT } from "@opengradient/commitments";
import {
  buy,
  fetchPrices,
  handClaim,
  type LaneState,
  lyingExecutor,
  type NodeConfigInput,
  type NodeParts,
  occasionalLiar,
  type Purchase,
  type Purse,
  parseConfig,
  placeOrder,
  safetyOf,
  silentLog,
  startNode,
  wasmExecutor,
} from "@opengradient/node";
import {
  act,
  BUILT_LEVELS,
  calls,
  channelId,
  claimDigest,
  claimStanding,
  delegate,
  domainOf,
  ensureAllowance,
  NO_END,
  openChannelWithAuthorization,
  openChannelWithPermit,
  type Package,
  packageInput,
  parametersHash,
  pauseNewWork,
  quote,
  type Receipt,
  readChannel,
  resumeNewWork,
  setChannelEnd,
  sharesFor,
  signChannelPermit,
  signClaim,
  signDeposit,
  signVoucher,
  sumLeaf,
  unitOf,
  type Voucher,
  voucherDomainOf,
  type Writer,
  waterfall,
  waterfallLodged,
  withdrawChannel,
} from "@opengradient/protocol";
import { type Hex, type LocalAccount, parseEther, zeroHash } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { newKey, OPG, quick } from "./chain.ts";
import { daemon, lowPort } from "./mortal.ts";
import {
  COVERAGE,
  FEE,
  newActor,
  newOperator,
  nodeConfig,
  type OperatorActor,
  openStage,
  passing,
  STAKE,
  type Stage,
  settled,
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

const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** Somebody who pays one operator by voucher, with a purse that outlives it. */
async function newPayer(operator: OperatorActor, endpoint: () => string) {
  const requester = await newActor(stage, 100n * OPG);
  const session = privateKeyToAccount(newKey());
  const parties = {
    requester: requester.wallet.account.address,
    operator: operator.owner.wallet.account.address,
    signer: session.address,
  };
  const lanes = new Map<string, LaneState>();
  const receipts = new Map<Hex, Receipt>();
  const purse: Purse = {
    lane: ({ channel, price }) => lanes.get(`${channel} ${price}`),
    keepLane: ({ channel, price }, state) => void lanes.set(`${channel} ${price}`, state),
    keepInput: () => {},
    keepClaim: (receipt) => void receipts.set(claimDigest(receipt, receipt.claim), receipt),
  };
  const { modelRoot } = stage.model;
  return {
    requester,
    parties,
    receipts,
    async ask(input: Package, paying: Pick<Purchase, "fee" | "counted"> = { fee: FEE }) {
      const { signer } = await quote(requester, { operator: parties.operator, modelRoot });
      const terms = { modelRoot, parameters: parametersHash(quick), coverage: COVERAGE, ...paying };
      return buy(requester, purse, {
        ...terms,
        operator: { endpoint: endpoint(), signer },
        parties,
        input,
        signer: session,
      });
    },
    async open(amount: bigint) {
      const account = requester.wallet.account as LocalAccount;
      const { timestamp } = await stage.chain.client.getBlock();
      const permit = await signChannelPermit(requester, account, { amount, deadline: timestamp + 3_600n });
      await openChannelWithPermit(requester, { ...parties, amount, closesAt: NO_END, permit });
    },
    sign: (owed: Omit<Voucher, "channel">) =>
      signVoucher(session, voucherDomainOf(requester), { channel: channelId(parties), ...owed }),
    safety: (receipt: Receipt) =>
      stage.chain.client
        .getBlock()
        .then(({ timestamp }) => safetyOf(requester, { receipt }, endpoint(), Number(timestamp))),
  };
}

const lockedOf = async ({ owner }: OperatorActor) => {
  const args = [owner.wallet.account.address] as const;
  const at = { address: stage.deployment.staking, abi: stakingAbi, functionName: "operators", args } as const;
  return (await owner.chain.readContract(at)).locked;
};

const named = async (name: string, operator: Writer) => {
  const own = operator.wallet.account.address;
  const all = (await stage.events()).filter((event) => event.name === name);
  return all.filter(({ args }) => args["operator"] === undefined || args["operator"] === own);
};

test("20 answers over one channel make one batch; all are paid to the wei, whatever dies in between", async () => {
  const operator = await newOperator(stage);
  const { owner, hot } = operator;
  const http = { host: "127.0.0.1", port: await lowPort() };
  const role = {
    owner: owner.wallet.account.address,
    key: hot.key,
    batch: { size: 20, seconds: 3_600 },
    redeem: { least: "1000" },
  };
  const node = daemon(nodeConfig(stage, { operator: role, http }));
  const url = `http://127.0.0.1:${http.port}`;
  await operator.enlist(url);
  const backer = await newActor(stage, STAKE);
  await ensureAllowance(backer, { spender: stage.deployment.delegation, amount: STAKE });
  const leastShares = sharesFor(STAKE, { tokens: 0n, shares: 0n });
  await delegate(backer, { operator: role.owner, amount: STAKE, leastShares });

  const payer = await newPayer(operator, () => url);
  const { requester, parties } = payer;
  await payer.open(15n * FEE);
  // The rest of the deposit is brought by somebody else, with the requester's signature.
  const validBefore = (await stage.chain.client.getBlock()).timestamp + 3_600n;
  const deposit = { parties, amount: 10n * FEE, closesAt: NO_END };
  const account = requester.wallet.account as LocalAccount;
  const authorization = await signDeposit(requester, account, { ...deposit, validBefore });
  await openChannelWithAuthorization(stage.author, { ...deposit, authorization });
  expect(await readChannel(requester, parties)).toMatchObject({ deposit: 25n * FEE, closesAt: NO_END });

  await node.start();
  const answers = [];
  for (let i = 0; i < 20; i++) {
    const input = toyInput(i);
    const dies = i % 6 === 3;
    const first = payer.ask(input).then(
      (bought) => bought,
      () => undefined,
    );
    if (dies) {
      // Somewhere between the order's arrival and its answer, later each time.
      await sleep(5 * i);
      await node.kill();
      await node.start();
    }
    const bought =
      (await first) ??
      (await until("an answer", () =>
        payer.ask(input).then(
          (found) => found,
          () => undefined,
        ),
      ));
    answers.push(bought);
  }
  await node.kill();
  await node.start();
  const posted = await until("the batch", async () => (await named("BatchPosted", owner))[0]);
  expect(posted.args["terms"]).toMatchObject({ count: 20, coverage: 20n * COVERAGE });
  expect(new Set(payer.receipts.keys()).size).toBe(20);
  for (const { receipt } of answers)
    expect(
      await until("the path", async () => {
        const safety = await payer.safety(receipt);
        return safety.state === "batched" ? safety.state : undefined;
      }),
    ).toBe("batched");
  expect(await lockedOf(operator)).toBe(3n * 20n * COVERAGE);

  // A channel that closes is redeemed before it is closed.
  const { timestamp } = await stage.chain.client.getBlock();
  await setChannelEnd(requester, { ...parties, closesAt: Number(timestamp) + 3_900 });
  await node.kill();
  await stage.chain.advance(301);
  await node.start();
  const redeemed = await until("the vouchers to be redeemed", async () => {
    const all = await stage.events();
    return all.find(({ name, args }) => name === "Redeemed" && args["channel"] === channelId(parties));
  });
  expect(redeemed.args["paid"]).toBe(20n * FEE);
  await expect(payer.ask(toyInput(99))).rejects.toThrow(/closes/);

  await stage.chain.advance(quick.window + 1);
  const released = async () =>
    (await stage.events()).find(({ name, args }) => name === "Released" && args["batch"] === posted.args["batch"]);
  expect((await until("the release", released)).args["coverage"]).toBe(20n * COVERAGE);
  expect(await lockedOf(operator)).toBe(0n);
  await stage.chain.advance(3_600);
  await withdrawChannel(requester, parties);

  const paid = 20n * FEE;
  const part = (paid * 8_500n) / 10_000n;
  const delegators = (part * 5_000n * STAKE) / (2n * STAKE * 10_000n);
  expect(await stage.balance(requester.wallet.account.address)).toBe(100n * OPG - paid);
  expect(await stage.balance(role.owner)).toBe(part - delegators);
  const at = { address: stage.deployment.delegation, abi: delegationAbi } as const;
  const pool = await owner.chain.readContract({ ...at, functionName: "pools", args: [role.owner] });
  expect(pool.tokens).toBe(STAKE + delegators);
  // One transaction each for the batch, the vouchers and the release: nothing was sent twice.
  expect(await stage.chain.client.getTransactionCount({ address: hot.wallet.account.address })).toBe(3);
  expect(await node.stop()).toBe(0);
});

type Selling = Partial<NonNullable<NodeConfigInput["operator"]>>;

async function startSeller(parts: NodeParts, selling: Selling) {
  const operator = await newOperator(stage);
  const role = { owner: operator.owner.wallet.account.address, key: operator.hot.key, ...selling };
  const node = await startNode(parseConfig(nodeConfig(stage, { operator: role })), { log: silentLog, ...parts });
  stage.running.add(node);
  await operator.enlist(node.url);
  const payer = await newPayer(operator, () => node.url);
  await payer.open(10n * FEE);
  return { operator, node, payer };
}

const verdictOf = (url: string, digest: Hex) =>
  passing(stage, "a verdict", async () => {
    const all = (await (await fetch(`${url}/verdicts`)).json()) as { digest: string; agree?: boolean }[];
    return all.find((at) => at.digest === digest)?.agree;
  });

test("one lie in a batch is found, shown and slashed; the others of its batch stand", async () => {
  const { operator, payer } = await startSeller(occasionalLiar(3, 3), { batch: { size: 4, seconds: 3_600 } });
  const { node: watcher, actor } = await startWatcher(stage, "defend");
  const before = await stage.balance(actor.wallet.account.address);
  const answers = [];
  for (const seed of [1, 2, 3, 4]) answers.push(await payer.ask(toyInput(seed)));
  for (const [i, { digest }] of answers.entries()) expect(await verdictOf(watcher.url, digest)).toBe(i !== 2);
  const lie = answers[2]!.receipt.claim;
  await passing(stage, "the lie to be shown", async () =>
    (await claimStanding(stage.author, lie)).status === "none" ? undefined : true,
  );
  expect(await untilDecided(stage, lie)).toBe("void");
  const { victim, challenger } = waterfall(COVERAGE, 10_000n * OPG);
  expect(await stage.balance(payer.requester.wallet.account.address)).toBe(90n * OPG + victim);
  const after = async () => (await stage.balance(actor.wallet.account.address)) - before;
  // Bond and price of the opening are back.
  await settled(stage);
  expect(await after()).toBe(challenger);
  for (const i of [0, 1, 3]) {
    const safety = await payer.safety(answers[i]!.receipt);
    expect(safety.state).toBe("batched");
  }
  expect(await lockedOf(operator)).toBe(3n * 3n * COVERAGE);
});

test("an answer that was signed and never posted is handed to a challenger, lodged and slashed", async () => {
  const muted: NodeParts = {
    executor: lyingExecutor(wasmExecutor, "output", 3),
    aroundOperatorOutbox: (outbox) => ({
      ...outbox,
      add: (intent) => (intent.id.startsWith("batch:") ? undefined : outbox.add(intent)),
    }),
  };
  const { payer } = await startSeller(muted, { batch: { size: 1, seconds: 0 } });
  const { node: watcher, actor } = await startWatcher(stage, "defend");
  const before = await stage.balance(actor.wallet.account.address);
  const input = toyInput(5);
  const { receipt, digest } = await payer.ask(input);
  expect(await payer.safety(receipt)).toEqual({ state: "signed", until: Number(receipt.claim.postBy) });
  const foreign = { ...receipt, claim: { ...receipt.claim, fee: 2n * FEE } };
  await expect(handClaim(watcher.url, { receipt: foreign }, input)).rejects.toThrow(/not signed by its operator/);
  await expect(handClaim(watcher.url, { receipt }, toyInput(6))).rejects.toThrow(/not the claim's/);
  expect(await handClaim(watcher.url, { receipt }, input)).toMatchObject({ digest, agree: false });
  // Before its postBy the operator may still post it.
  await sleep(200);
  expect((await claimStanding(stage.author, receipt.claim)).status).toBe("none");
  const { timestamp } = await stage.chain.client.getBlock();
  await stage.chain.advance(Number(receipt.claim.postBy - timestamp) + 1);
  await until("the claim to be lodged", async () =>
    (await claimStanding(stage.author, receipt.claim)).status === "none" ? undefined : true,
  );
  expect((await claimStanding(stage.author, receipt.claim)).backing).toBe("bond");
  expect(await untilDecided(stage, receipt.claim)).toBe("void");
  const { victim, challenger } = waterfallLodged(COVERAGE, 10_000n * OPG);
  expect(await stage.balance(payer.requester.wallet.account.address)).toBe(90n * OPG + victim);
  const after = async () => (await stage.balance(actor.wallet.account.address)) - before;
  await settled(stage);
  expect(await after()).toBe(challenger);
});

test("nothing is sold or bought while new work is paused", async () => {
  const { payer, node } = await startSeller({}, {});
  const { modelRoot } = stage.model;
  const parameters = parametersHash(quick);
  await pauseNewWork(stage.author, {});
  await expect(payer.ask(toyInput(1))).rejects.toMatchObject({ refusal: "NewWorkPaused" });
  // Whoever does not look signs, and is not served.
  const owed = { modelRoot, parameters, cumulative: FEE };
  const signature = await payer.sign(owed);
  const order = { parties: payer.parties, ...owed, signature, coverage: COVERAGE };
  await expect(placeOrder(node.url, order, toyInput(1))).rejects.toThrow(/new work is paused/);
  await resumeNewWork(stage.author, {});
  expect((await payer.ask(toyInput(1))).receipt.claim.fee).toBe(FEE);
});

test("fees in dollars are sold at the operator's price or above, and redeemed to the wei", async () => {
  const { modelRoot: model } = stage.model;
  const prices = [{ model, unit: "USD", fee: "0.4", least: "2.5" }];
  const { payer, node } = await startSeller({}, { prices, redeem: { least: "4.2" } });
  const published = { modelRoot: model, unit: "USD", fee: parseEther("0.4"), least: parseEther("2.5") };
  expect(await fetchPrices(node.url)).toEqual([published]);
  const paying = (fee: string, unit: string, price: string) => ({
    fee: parseEther(fee),
    counted: { unit: unitOf(unit), price: parseEther(price) },
  });
  const refused = (seed: number, terms: ReturnType<typeof paying>) => expect(payer.ask(toyInput(seed), terms)).rejects;
  await refused(1, paying("0.5", "USD", "2.4")).toThrow(/price of 2.4 OPG for one USD is below 2.5/);
  await refused(1, paying("0.5", "EUR", "2.6")).toThrow(/not taken in EUR here/);
  await refused(1, paying("0.3", "USD", "2.5")).toThrow(/the fee 750000000000000000 is below 1000000000000000000/);
  const opgAtTwo = { fee: FEE, counted: { unit: zeroHash, price: 2n * OPG } };
  await refused(1, opgAtTwo).toThrow(/counted in OPG have the price 1/);

  const fees = [];
  for (const [i, terms] of [
    paying("0.4", "USD", "2.5"),
    paying("0.4", "USD", "2.5"),
    paying("0.4", "USD", "3"),
    { fee: FEE },
  ].entries())
    fees.push((await payer.ask(toyInput(i), terms)).receipt.claim.fee);
  expect(fees).toEqual([FEE, FEE, parseEther("1.2"), FEE]);
  const redeemed = await until("the vouchers to be redeemed", async () => {
    const all = (await stage.events()).filter(
      ({ name, args }) => name === "Redeemed" && args["channel"] === channelId(payer.parties),
    );
    return all.length === 3 ? all : undefined;
  });
  const paid = redeemed.map(({ args }) => [args["price"], args["paid"]]);
  expect(new Map(paid as [bigint, bigint][])).toEqual(
    new Map([
      [parseEther("2.5"), 2n * FEE],
      [parseEther("3"), parseEther("1.2")],
      [OPG, FEE],
    ]),
  );
  expect((await readChannel(payer.requester, payer.parties)).deposit).toBe(10n * FEE - parseEther("4.2"));
});

test("a leaf whose claim a friend of its operator lodged and felled is shown, and the batch's lock pays for it", async () => {
  const operator = await newOperator(stage);
  await operator.enlist("http://127.0.0.1:9");
  const { owner, hot } = operator;
  const { requester, parties } = await newPayer(operator, () => "http://127.0.0.1:9");
  const { timestamp } = await stage.chain.client.getBlock();
  const parameters = parametersHash(quick);
  const claim = {
    modelRoot: stage.model.modelRoot,
    input: packageInput(toyInput(1)),
    output: packageInput(toyInput(2)),
    operator: parties.operator,
    requester: parties.requester,
    requestId: 1n << 70n,
    fee: FEE,
    coverage: COVERAGE,
    level: BUILT_LEVELS,
    parameters,
    postBy: timestamp + 30n,
  };
  const domain = domainOf(requester);
  const signature = await signClaim(hot.wallet.account as LocalAccount, domain, claim);
  const digest = claimDigest(domain, claim);
  const { hash: root, sum: coverage } = sumLeaf(digest, claim);
  const terms = { operator: parties.operator, root, coverage, count: 1, parameters };
  const posted = await act(hot, calls.postBatch(hot.addresses, terms));
  const postedAt = Number((await stage.chain.client.getBlock({ blockNumber: posted.receipt.blockNumber })).timestamp);
  const leaf = { batch: { ...terms, postedAt }, index: 0, path: [] };
  const held = { receipt: { ...domain, claim, signature }, leaf };
  const now = async () => Number((await stage.chain.client.getBlock()).timestamp);
  expect(await safetyOf(requester, held, "", await now())).toMatchObject({ state: "batched" });

  await stage.chain.advance(40);
  await act(owner, calls.lodge(owner.addresses, { claim, signature }));
  await ensureAllowance(stage.author, { spender: stage.deployment.disputes, amount: 3n * FEE });
  await act(stage.author, calls.demandOpening(stage.deployment, { claim, value: parseEther("0.01") }));
  await stage.chain.advance(quick.answer + 1);
  await act(
    stage.author,
    calls.expire(stage.deployment, {
      claim,
      position: { object: OBJECT.claim, tensor: 0, j: 0, i: 0 },
      target: zeroHash,
    }),
  );
  expect(await safetyOf(requester, held, "", await now())).toMatchObject({ state: "fallen", leaf });

  const before = await stage.balance(parties.requester);
  await act(requester, calls.showClaim(requester.addresses, { claim, ...leaf }));
  expect((await stage.balance(parties.requester)) - before).toBeGreaterThanOrEqual(COVERAGE);
  expect(await lockedOf(operator)).toBe(0n);
  expect(await safetyOf(requester, held, "", await now())).toEqual({ state: "void" });
});
