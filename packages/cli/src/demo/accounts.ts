/** All balances of the demo, and what the laws say that they must be. */
import { disputesAbi, marketAbi, opgAbi, stakingAbi } from "@opengradient/bindings";
import { type Shares, waterfall } from "@opengradient/protocol";
import type { Address, Hex } from "viem";
import { ACTORS, type ActorName } from "./actors.ts";
import { BURNT, feeSplit, type Holder, Ledger, settleFinal, settleVoid } from "./laws.ts";
import { COVERAGE, FEE, ROYALTY_BPS, type Stage } from "./stage.ts";
import type { Ending } from "./story.ts";

export type Balance = { readonly opg: bigint; readonly native: bigint };
export type Balances = ReadonlyMap<Holder, Balance>;

const CONTRACTS = { Staking: "staking", Market: "market", Disputes: "disputes" } as const;
const ACTOR_NAMES = Object.keys(ACTORS) as ActorName[];

function holders(stage: Stage): [Holder, Address][] {
  const actors = ACTOR_NAMES.map((name): [Holder, Address] => [
    ACTORS[name].name,
    stage.writer(name).wallet.account.address,
  ]);
  const contracts = Object.entries(CONTRACTS).map(([name, key]): [Holder, Address] => [name, stage.deployment[key]]);
  return [...actors, ...contracts];
}

/** What everybody holds, at one block. */
async function balancesAt(stage: Stage, blockNumber: bigint): Promise<Balances> {
  const { chain, addresses } = stage.writer("author");
  const entries = holders(stage).map(async ([holder, address]): Promise<[Holder, Balance]> => {
    const [opg, native] = await Promise.all([
      chain.readContract({
        address: addresses.opg,
        abi: opgAbi,
        functionName: "balanceOf",
        args: [address],
        blockNumber,
      }),
      chain.getBalance({ address, blockNumber }),
    ]);
    return [holder, { opg, native }];
  });
  return new Map(await Promise.all(entries));
}

/** Native coin that went out and came in, by the transactions themselves. */
export type Spent = { readonly gas: bigint; readonly paid: bigint; readonly received: bigint };

async function spentBetween(stage: Stage, from: bigint, to: bigint): Promise<ReadonlyMap<Holder, Spent>> {
  const { chain, addresses } = stage.writer("author");
  const names = new Map(holders(stage).map(([holder, address]) => [address.toLowerCase(), holder]));
  const spent = new Map<Holder, Spent>();
  const add = (address: string, more: Partial<Spent>) => {
    const holder = names.get(address.toLowerCase());
    if (holder === undefined) return;
    const { gas = 0n, paid = 0n, received = 0n } = spent.get(holder) ?? {};
    const [g, p, r] = [more.gas ?? 0n, more.paid ?? 0n, more.received ?? 0n];
    spent.set(holder, { gas: gas + g, paid: paid + p, received: received + r });
  };
  const withdrawals = await chain.getContractEvents({
    address: addresses.disputes,
    abi: disputesAbi,
    eventName: "Withdrawn",
    fromBlock: from + 1n,
    toBlock: to,
  });
  for (const { args } of withdrawals) add(args.account!, { received: args.amount! });
  for (const hash of await transactionsOf(stage, from, to)) {
    const receipt = await chain.getTransactionReceipt({ hash });
    const { value } = await chain.getTransaction({ hash });
    add(receipt.from, {
      gas: receipt.gasUsed * receipt.effectiveGasPrice,
      paid: receipt.status === "success" ? value : 0n,
    });
  }
  return spent;
}

async function transactionsOf(stage: Stage, from: bigint, to: bigint): Promise<Hex[]> {
  const { chain } = stage.writer("author");
  const numbers = Array.from({ length: Number(to - from) }, (_, i) => from + 1n + BigInt(i));
  const blocks = await Promise.all(numbers.map((blockNumber) => chain.getBlock({ blockNumber })));
  return blocks.flatMap(({ transactions }) => transactions);
}

export type Law = { readonly law: string; readonly holds: boolean; readonly found: string };

export type Audit = {
  readonly before: Balances;
  readonly after: Balances;
  readonly spent: ReadonlyMap<Holder, Spent>;
  readonly expected: Ledger;
  readonly laws: readonly Law[];
};

/** The change of every balance as the laws say it, from what happened. */
function expectedOf(stage: Stage, endings: readonly Ending[]): Ledger {
  const ledger = new Ledger();
  const terms = { fee: FEE, coverage: COVERAGE };
  for (const { plot } of endings) {
    const honest = plot.lie === "none";
    const parties = {
      requester: ACTORS[plot.requester].name,
      operator: ACTORS[honest ? "operator" : "operator2"].name,
      challenger: ACTORS.challenger.name,
      author: ACTORS.author.name,
    };
    if (honest) settleFinal(ledger, terms, parties, feeSplit(FEE, ROYALTY_BPS, stage.tier));
    else settleVoid(ledger, terms, parties, stage.faultBond);
  }
  return ledger;
}

export async function audit(stage: Stage, endings: readonly Ending[], from: bigint): Promise<Audit> {
  const { chain } = stage.writer("author");
  const to = await chain.getBlockNumber({ cacheTime: 0 });
  const [before, after] = await Promise.all([balancesAt(stage, from), balancesAt(stage, to)]);
  const spent = await spentBetween(stage, from, to);
  const expected = expectedOf(stage, endings);
  const [owed, debts] = await Promise.all([debtsAt(stage, from), debtsAt(stage, to)]);
  const gifts = new Map(Object.keys(CONTRACTS).map((name) => [name, before.get(name)!.opg - owed.opg.get(name)!]));
  const change = (holder: Holder) => after.get(holder)!.opg - before.get(holder)!.opg;
  const names = [...after.keys()];
  const wrongOpg = names.filter((holder) => change(holder) !== expected.of(holder));
  const wrongNative = ACTOR_NAMES.map((name) => ACTORS[name].name).filter((holder) => {
    const { gas, paid, received } = spent.get(holder) ?? { gas: 0n, paid: 0n, received: 0n };
    return after.get(holder)!.native - before.get(holder)!.native !== received - paid - gas;
  });
  const owing = Object.keys(CONTRACTS).filter((name) => {
    const held = after.get(name)!;
    // Beside its debts a contract holds what it was given before the demo: a unit that makes the first commit cheaper.
    const gift = gifts.get(name)!;
    return gift < 0n || held.opg !== debts.opg.get(name)! + gift || held.native !== debts.native.get(name)!;
  });
  const burnt = -names.reduce((sum, holder) => sum + change(holder), 0n);
  const list = (wrong: readonly string[]) => (wrong.length ? `not so: ${wrong.join(", ")}` : "");
  const laws: Law[] = [
    law("every contract holds exactly what it owes, in OPG and in native coin", owing.length === 0, list(owing)),
    law("every balance changed by what the laws say, to the wei", wrongOpg.length === 0, list(wrongOpg)),
    law("native coin went into gas and prices only, to the wei", wrongNative.length === 0, list(wrongNative)),
    law(
      "what is missing was burnt: the supply shrank by as much",
      burnt === debts.burnt && burnt === expected.of(BURNT),
      `${burnt} / ${debts.burnt}`,
    ),
    ...storyLaws(stage, endings),
  ];
  return { before, after, spent, expected, laws };
}

const law = (text: string, holds: boolean, found: string): Law => ({ law: text, holds, found: holds ? "" : found });

function storyLaws(stage: Stage, endings: readonly Ending[]): Law[] {
  const honest = endings.filter(({ plot }) => plot.lie === "none");
  const lies = endings.filter(({ plot }) => plot.lie !== "none");
  const right = waterfall(COVERAGE, stage.faultBond);
  const same = (a: Shares) =>
    a.total === right.total && a.victim === right.victim && a.challenger === right.challenger && a.burn === right.burn;
  const laws: Law[] = [];
  if (honest.length)
    laws.push(
      law(
        "the honest answer is final and nobody was slashed for it",
        honest.every(({ outcome, jailed }) => outcome === "final" && !jailed),
        honest.map(({ outcome }) => outcome).join(", "),
      ),
    );
  if (lies.length)
    laws.push(
      law(
        "every lie fell",
        lies.every(({ outcome }) => outcome === "void"),
        lies.map(({ plot, outcome }) => `${plot.lie}: ${outcome}`).join(", "),
      ),
      law(
        "each slash follows the waterfall to the wei: 3c + m = victim + challenger + burn",
        lies.every(({ shares }) => shares && same(shares)),
        "",
      ),
      law(
        "at least half of each slash is burnt",
        lies.every(({ shares }) => shares && 2n * shares.burn >= shares.total),
        "",
      ),
    );
  return laws;
}

/** What each contract owes to somebody, named, and what was burnt since the beginning of the demo. */
async function debtsAt(stage: Stage, blockNumber: bigint) {
  const { chain, addresses } = stage.writer("author");
  const at = { blockNumber } as const;
  const own = (name: ActorName) => [stage.writer(name).wallet.account.address] as const;
  const staking = { address: addresses.staking, abi: stakingAbi, ...at } as const;
  const disputes = { address: addresses.disputes, abi: disputesAbi, ...at } as const;
  const operators = await Promise.all(
    (["operator", "operator2"] as const).map((name) =>
      chain.readContract({ ...staking, functionName: "operators", args: own(name) }),
    ),
  );
  const credits = await Promise.all(
    ACTOR_NAMES.map((name) => chain.readContract({ ...disputes, functionName: "credits", args: own(name) })),
  );
  const pots = await chain.readContract({ address: addresses.market, abi: marketAbi, functionName: "pots", ...at });
  const supply = await chain.readContract({ address: addresses.opg, abi: opgAbi, functionName: "totalSupply", ...at });
  const first = await chain.readContract({ address: addresses.opg, abi: opgAbi, functionName: "SUPPLY", ...at });
  const sum = (values: readonly bigint[]) => values.reduce((a, b) => a + b, 0n);
  return {
    opg: new Map([
      ["Staking", sum(operators.map(({ staked, thawing }) => staked + thawing))],
      ["Market", pots[0] + pots[1]],
      ["Disputes", 0n],
    ]),
    native: new Map([
      ["Staking", 0n],
      ["Market", 0n],
      ["Disputes", sum(credits)],
    ]),
    burnt: first - supply,
  };
}
