/** One request from the payment to its end: the answer stands, or falls. */
import { disputesAbi } from "@opengradient/bindings";
import { keccak, toHex } from "@opengradient/commitments";
import { fetchOutputs, fetchReceipt, type Lie, uploadInput, type Verdict } from "@opengradient/node";
import { type Tensor, tensorsRoot } from "@opengradient/program";
import {
  BUILT_LEVELS,
  claimDigest,
  claimStanding,
  describeReceipt,
  domainOf,
  type Package,
  type ProtocolEvent,
  packageInput,
  parametersHash,
  type Reader,
  type Receipt,
  readEvents,
  request,
  type Shares,
} from "@opengradient/protocol";
import type { Hex } from "viem";
import { CommandError, EXIT } from "../failure.ts";
import { ACTORS, type ActorName } from "./actors.ts";
import { type DigitImage, type Guess, guessOf, imageData } from "./images.ts";
import { COVERAGE, FEE, type Stage } from "./stage.ts";
import { byTransaction, type Step, sentBy, stepsOf } from "./steps.ts";

export type Plot = {
  readonly lie: Lie;
  readonly image: DigitImage;
  readonly requester: Extract<ActorName, "requester" | "requester2">;
  readonly seed: number;
};

/** What is told of a story, as it goes on. */
export type Telling = {
  readonly onStep: (step: Step) => void;
  readonly onClock: (seconds: number, why: string) => void;
};

export type Ending = {
  readonly plot: Plot;
  readonly receipt: Receipt;
  /** the receipt in words: when posted, and at the end */
  readonly words: readonly string[];
  readonly endWords: readonly string[];
  /** undefined: the operator gives its answer to nobody */
  readonly claimed: Guess | undefined;
  readonly truth: Guess;
  readonly inputRoot: Hex;
  readonly outcome: "final" | "void";
  readonly verdict: Verdict | undefined;
  readonly shares: Shares | undefined;
  readonly jailed: boolean;
};

/** Longest wait, in real milliseconds, for something that must happen. */
const PATIENCE = 60_000;

const sleep = (milliseconds: number) => new Promise((wake) => setTimeout(wake, milliseconds));

type Tell = (events: readonly ProtocolEvent[]) => Promise<void>;

/** Follows the chain from a block on, and tells all that it sees. */
class Follower {
  readonly seen: ProtocolEvent[] = [];
  readonly #reader: Reader;
  readonly #tell: Tell;
  #next: bigint;

  constructor(reader: Reader, from: bigint, tell: Tell) {
    this.#reader = reader;
    this.#next = from;
    this.#tell = tell;
  }

  async #poll(): Promise<void> {
    const to = await this.#reader.chain.getBlockNumber({ cacheTime: 0 });
    if (to < this.#next) return;
    const events = await readEvents(this.#reader, { from: this.#next, to });
    this.#next = to + 1n;
    this.seen.push(...events);
    await this.#tell(events);
  }

  /** Goes on until so many events of this name came. */
  async until(name: string, times = 1): Promise<void> {
    for (const end = Date.now() + PATIENCE; ; await sleep(30)) {
      await this.#poll();
      if (this.seen.filter((event) => event.name === name).length >= times) return;
      if (Date.now() > end) throw stuck(`no ${name} came`);
    }
  }
}

const stuck = (what: string) =>
  new CommandError(`the story does not go on: ${what} within ${PATIENCE / 1000} s`, { code: EXIT.no });

export async function playStory(stage: Stage, plot: Plot, telling: Telling): Promise<Ending> {
  const writer = stage.writer(plot.requester);
  const [info] = stage.model.program.inputs;
  const inputs: Tensor[] = [{ ...info!, data: imageData(plot.image) }];
  const salt = toHex(keccak(new TextEncoder().encode(`demo ${plot.seed} ${plot.lie}`)));
  const input: Package = { salt, tensors: inputs };
  const about = { terms: { fee: FEE, coverage: COVERAGE }, labels: stage.model.labels };
  const from = (await writer.chain.getBlockNumber({ cacheTime: 0 })) + 1n;
  const follower = new Follower(writer, from, async (events) => {
    for (const batch of byTransaction(events))
      for (const step of stepsOf(batch, await sentBy(writer, batch.hash), about)) telling.onStep(step);
  });

  const liar = plot.lie === "none" ? undefined : await stage.startLiar(plot.lie, plot.seed);
  try {
    const node = liar ?? stage.operator;
    const operator = stage.writer(liar ? "operator2" : "operator").wallet.account.address;
    const { timestamp } = await writer.chain.getBlock();
    const { result: requestId } = await request(writer, {
      modelRoot: stage.model.roots.modelRoot,
      input: packageInput(input),
      operator,
      fee: FEE,
      coverage: COVERAGE,
      level: BUILT_LEVELS,
      parameters: parametersHash(stage.tier),
      deadline: timestamp + 3600n,
    });
    await uploadInput(node.url, input, { tries: PATIENCE / 50, wait: 50 });
    await follower.until("Posted");
    const receipt = await receiptOf(node.url, requestId);
    const { claim } = receipt;
    const words = describeReceipt(receipt, await claimStanding(writer, claim), namesOf(plot.lie));
    const digest = claimDigest(domainOf(writer), claim);
    const claimed = await fetchOutputs(node.url, { digest, side: claim.output });
    if (liar) await letFall(stage, plot.lie, follower, telling);
    else await letStand(stage, receipt, telling);
    await follower.until(liar ? "Voided" : "Finalised");
    await collected(stage, follower);
    return {
      plot,
      receipt,
      words,
      endWords: describeReceipt(receipt, await claimStanding(writer, claim), namesOf(plot.lie)),
      claimed: claimed && guessOf(claimed.tensors[0]!.data),
      truth: guessOf(stage.engine.run(inputs)[0]!.data),
      inputRoot: toHex(tensorsRoot(inputs)),
      verdict: await verdictOn(stage, digest),
      ...outcomeOf(follower.seen),
    };
  } finally {
    await liar?.stop();
  }
}

const namesOf = (lie: Lie) => ({
  model: "digits",
  operator: lie === "none" ? ACTORS.operator.name : ACTORS.operator2.name,
});

async function receiptOf(url: string, requestId: bigint): Promise<Receipt> {
  for (const end = Date.now() + PATIENCE; Date.now() < end; await sleep(30)) {
    const receipt = await fetchReceipt(url, requestId);
    if (receipt) return receipt;
  }
  throw stuck("no receipt came");
}

async function verdictOn({ watcher }: Stage, digest: Hex): Promise<Verdict | undefined> {
  const response = await fetch(`${watcher.url}/verdicts`);
  return ((await response.json()) as Verdict[]).find((verdict) => verdict.digest === digest);
}

/** Once the watcher agrees nothing else happens: the clock moves to where anyone may finalise. */
async function letStand(stage: Stage, { claim }: Receipt, { onStep, onClock }: Telling): Promise<void> {
  const reader = stage.writer("requester");
  const digest = claimDigest(domainOf(reader), claim);
  for (const end = Date.now() + PATIENCE; ; await sleep(30)) {
    const verdict = await verdictOn(stage, digest);
    if (verdict?.agree) break;
    if (Date.now() > end) throw stuck(`the watcher does not agree (${verdict?.reason ?? "no verdict"})`);
  }
  const what = "runs it again and gets the very same bits";
  onStep({ actor: ACTORS.challenger.name, what, gas: undefined, moved: "" });
  const { finalAfter } = await claimStanding(reader, claim);
  const wait = finalAfter + 1 - Number((await reader.chain.getBlock()).timestamp);
  onClock(wait, "nobody challenges");
  await stage.pass(wait);
}

/** A proof needs no time; silence is waited out. */
async function letFall(stage: Stage, lie: Lie, follower: Follower, { onClock }: Telling): Promise<void> {
  if (lie !== "silent" && lie !== "withhold") return;
  if (lie === "withhold") await follower.until("Opened");
  await follower.until("Demanded", lie === "withhold" ? 2 : 1);
  onClock(stage.tier.answer + 1, "no answer comes");
  await stage.pass(stage.tier.answer + 1);
}

/** The watcher takes back what it is still owed. */
async function collected(stage: Stage, follower: Follower): Promise<void> {
  const { chain, addresses, wallet } = stage.writer("challenger");
  const owed = await chain.readContract({
    address: addresses.disputes,
    abi: disputesAbi,
    functionName: "credits",
    args: [wallet.account.address],
  });
  if (owed > 0n) await follower.until("Withdrawn");
  const { seen } = follower;
  const asked = seen.some(({ name, args }) => name === "Demanded" && BigInt(args["position"] as bigint) === 0n);
  if (asked && seen.some(({ name }) => name === "Opened")) await follower.until("OpeningSettled");
}

function outcomeOf(seen: readonly ProtocolEvent[]) {
  const voided = seen.find(({ name }) => name === "Voided");
  return {
    outcome: voided ? ("void" as const) : ("final" as const),
    shares: voided?.args["shares"] as Shares | undefined,
    jailed: seen.some(({ name }) => name === "Jailed"),
  };
}
