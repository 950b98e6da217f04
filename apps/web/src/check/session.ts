import { disputesAbi, stakingAbi } from "@opengradient/bindings";
import { encodePosition, fromHex, type Position } from "@opengradient/commitments";
import { type Act, commitRun, inputShape, knownOf, nextActs, trimLeaves, type View } from "@opengradient/dispute";
import { compile, load } from "@opengradient/engine";
import {
  type ClaimHistory,
  challengerPrices,
  fetchInputs,
  fetchModel,
  historyOf,
  openingBytes,
  type Served,
  type StoredModel,
  servedNodes,
  traceRun,
} from "@opengradient/node/client";
import { checkTensors, type Tensor, widthOf } from "@opengradient/program";
import {
  claimStanding,
  claimTraceSalt,
  decodePackage,
  proofBond,
  type Reader,
  readEvents,
} from "@opengradient/protocol";
import type { Hex } from "viem";
import { placeOf } from "../network.ts";
import type { Difference, Job, KnownCommit, Report } from "./messages.ts";

/** Whatever keeps this tab from checking, in words. */
export class CheckError extends Error {
  override readonly name = "CheckError";
}

type Runner = {
  trace(inputs: readonly Tensor[]): readonly Uint8Array[];
  run(inputs: readonly Tensor[]): readonly Tensor[];
};
type Loaded = StoredModel & {
  readonly runner: Runner;
  readonly servedBy: string;
  readonly took: { fetch: number; prepare: number };
};

/** What this tab holds of one claim. */
export type Case = {
  readonly reader: Reader;
  readonly model: Loaded;
  readonly served: Served;
  history: ClaimHistory;
  own: View["own"];
  runTook: number;
};

type Say = (words: string) => void;

const models = new Map<Hex, Promise<Loaded>>();
const cases = new Map<Hex, Case>();

export async function openCase(job: Job, say: Say): Promise<Case> {
  const { reader, fromBlock } = placeOf(job.network);
  say("Reading the claim from the chain …");
  const to = await reader.chain.getBlockNumber();
  const events = await readEvents(reader, { from: fromBlock, to });
  const history = historyOf(
    job.digest,
    events.filter(({ args }) => args["id"] === job.digest),
  );
  if (!history) throw new CheckError("the chain knows no such claim");
  const known = cases.get(job.digest);
  if (known) {
    known.history = history;
    return known;
  }
  const model = await loadedModel(history.claim.modelRoot, job, say);
  const { endpoint } = await reader.chain.readContract({
    address: reader.addresses.staking,
    abi: stakingAbi,
    functionName: "operators",
    args: [history.claim.operator],
  });
  const fresh: Case = { reader, model, served: servedNodes(endpoint, job.digest), history, own: undefined, runTook: 0 };
  await rerun(fresh, job, endpoint, say);
  cases.set(job.digest, fresh);
  return fresh;
}

/** The model from whoever serves it right: its roots are computed here. */
async function loadedModel(root: Hex, job: Job, say: Say): Promise<Loaded> {
  const known = models.get(root) ?? fetchFromAny(root, job.endpoints, say);
  models.set(root, known);
  try {
    return await known;
  } catch (error) {
    models.delete(root);
    throw error;
  }
}

async function fetchFromAny(root: Hex, endpoints: readonly string[], say: Say): Promise<Loaded> {
  const failures: string[] = [];
  for (const endpoint of endpoints) {
    say(`Fetching Program and weights from ${endpoint} …`);
    const started = performance.now();
    try {
      const stored = await fetchModel(endpoint, root);
      if (!stored) throw new CheckError(`${endpoint} does not serve the model`);
      const fetched = performance.now();
      say("Their roots are those of the claim. Preparing the engine …");
      const runner = await engineOf(stored);
      const took = { fetch: fetched - started, prepare: performance.now() - fetched };
      return { ...stored, runner, servedBy: endpoint, took };
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  throw new CheckError(`nobody serves the model as it was published: ${failures.join("; ")}`);
}

async function engineOf({ program, weights }: StoredModel): Promise<Runner> {
  const engine = await load(await compile(program), weights);
  return { run: (inputs) => engine.run(inputs), trace: (inputs) => engine.trace(inputs).results };
}

async function rerun(held: Case, job: Job, endpoint: string, say: Say): Promise<void> {
  const { claim, digest } = held.history;
  say("Fetching the input …");
  const found = job.input
    ? decodePackage(job.input)
    : await fetchInputs(endpoint, { digest, side: claim.input }).catch(() => undefined);
  if (!found) return;
  checkTensors("input", held.model.program.inputs, found.tensors);
  say("Running the model on it in this tab …");
  const started = performance.now();
  held.model.runner.run(found.tensors);
  held.runTook = performance.now() - started;
  say("Hashing the run …");
  held.own = { run: traceRun(held.model, claim, found.tensors), salt: fromHex(found.salt, 32) };
}

/** The honest player's next acts, once everything that they depend on and the operator serves was fetched. */
export async function decide(held: Case, commits: readonly KnownCommit[], status?: "open"): Promise<readonly Act[]> {
  const view = await viewOf(held, commits);
  for (;;) {
    const misses = new Set<bigint>();
    const data = dataOf(held, misses);
    const acts = nextActs({ ...view, ...(status && { status }), own: held.own, data });
    const run = acts.find((act) => act.kind === "run");
    if (run) held.own = { run: runLeaves(held, run.inputs), salt: run.salt };
    else if (!misses.size || !(await held.served.fetch(misses, view.now))) return acts;
  }
}

const dataOf =
  ({ history, served }: Case, misses: Set<bigint>) =>
  (position: Position): Uint8Array | undefined => {
    const key = encodePosition(position);
    const found = history.revealed.get(key) ?? served.known.get(key);
    if (!found) misses.add(key);
    return found;
  };

async function viewOf(held: Case, commits: readonly KnownCommit[]): Promise<Omit<View, "own" | "data">> {
  const { reader, history, model } = held;
  const { claim } = history;
  const court = { address: reader.addresses.disputes, abi: disputesAbi } as const;
  const [standing, block, bond, floor] = await Promise.all([
    claimStanding(reader, claim),
    reader.chain.getBlock(),
    proofBond(reader),
    reader.chain.readContract({ ...court, functionName: "baseFeeFloor" }),
  ]);
  const baseFee = block.baseFeePerGas ?? 0n;
  return {
    model: { ...model, weights: model.weights.map(({ data }) => data) },
    claim: {
      input: fromHex(claim.input, 32),
      output: fromHex(claim.output, 32),
      traceSalt: fromHex(claimTraceSalt(claim), 32),
    },
    status: standing.status === "none" ? "open" : standing.status,
    clocks: { ...standing, ...standing.parameters },
    now: Number(block.timestamp),
    block: Number(block.number),
    opening: history.opening && openingBytes(history.opening),
    demands: history.demands,
    commits: commits.flatMap(({ kernel, element, commitment }) => {
      const found = history.commits.find((at) => at.commitment === commitment);
      return found ? [{ kernel, element, block: found.block }] : [];
    }),
    prices: challengerPrices({ claim, program: model.program, baseFee, floor, bond }),
  };
}

/** Runs on inputs as they were committed, padding and all. */
function runLeaves({ model: { program, runner }, history: { claim } }: Case, leaves: readonly Uint8Array[]) {
  const inputs = program.inputs.map((info, i) => ({ ...info, data: trimLeaves(inputShape(program, i), leaves[i]!) }));
  return commitRun(program, { inputs: leaves, results: runner.trace(inputs) }, fromHex(claimTraceSalt(claim), 32));
}

/** Compares a claim with what this tab computes. */
export async function check(job: Job, say: Say): Promise<Report> {
  const held = await openCase(job, say);
  say("Comparing bit for bit …");
  const acts = await decide(held, [], "open");
  const [act] = acts;
  const { model, own } = held;
  const differs = act?.kind === "commit" || act?.kind === "prove" || (act?.kind === "demand" && own !== undefined);
  const output = own?.run.results[model.program.outputs[0]!.kernel];
  return {
    verdict: act?.kind === "none" && act.verdict === "right" ? "equal" : differs ? "differs" : "withheld",
    reason: act?.reason ?? "",
    difference: act?.kind === "commit" ? differenceOf(held, act.kernel, act.element) : undefined,
    output: output?.slice(),
    timings: { fetch: model.took.fetch, prepare: model.took.prepare, run: held.runTook },
    servedBy: model.servedBy,
    price: {
      opg: acts.reduce((sum, { price }) => sum + price.opg, 0n),
      native: acts.reduce((sum, { price }) => sum + price.native, 0n),
    },
  };
}

function differenceOf(held: Case, kernel: number, element: number): Difference | undefined {
  const { own, history, model } = held;
  if (!own || !history.opening) return undefined;
  const { program } = model;
  const traceSalt = fromHex(claimTraceSalt(history.claim), 32);
  const opening = openingBytes(history.opening);
  const known = knownOf({ program, traceSalt, opening, data: dataOf(held, new Set()) }, own.run);
  const dtype = program.kernels[kernel]!.outType;
  const width = widthOf(dtype);
  const at = element * width;
  const leaf = known.tensor({ object: 5, tensor: kernel }).leaf(Math.floor(at / 256));
  return {
    kernel,
    kernels: program.kernels.length,
    element,
    dtype,
    theirs: leaf?.slice(at % 256, (at % 256) + width),
    ours: own.run.results[kernel]!.slice(at, at + width),
  };
}
