import { disputesAbi, stakingAbi } from "@opengradient/bindings";
import { type Act, claimFacts, knownOf } from "@opengradient/dispute";
import {
  type Case,
  type CaseView,
  type ClaimHistory,
  dataOf,
  decide,
  fetchInputs,
  fetchModel,
  historyOf,
  openingBytes,
  quoteOf,
  runCase,
  servedNodes,
  viewCase,
  wasmExecutor,
} from "@opengradient/node/client";
import { widthOf } from "@opengradient/program";
import { decodePackage, proofBond, type Reader, readEvents } from "@opengradient/protocol";
import type { Hex } from "viem";
import { placeOf } from "../network.ts";
import { bytes } from "../words.ts";
import type { Difference, Job, KnownCommit, Report } from "./messages.ts";

/** Whatever keeps this tab from checking, in words. */
export class CheckError extends Error {
  override readonly name = "CheckError";
}

type Runner = Case["model"]["runner"];
type Loaded = Case["model"] & {
  readonly servedBy: string;
  readonly took: { fetch: number; prepare: number };
};

/** What this tab holds of one claim. */
export type Held = Case & {
  readonly reader: Reader;
  readonly model: Loaded;
  history: ClaimHistory;
  /** milliseconds of our run, once there is one */
  runTook: number | undefined;
};

type Say = (words: string) => void;

const models = new Map<Hex, Promise<Loaded>>();
const cases = new Map<Hex, Held>();

export async function openCase(job: Job, say: Say): Promise<Held> {
  const { reader } = placeOf(job.network);
  say("Reading the claim from the chain …");
  const to = await reader.chain.getBlockNumber();
  const events = await readEvents(reader, { from: job.since, to });
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
  const fresh: Held = {
    reader,
    model: { ...model, runner: timed(model.runner, (took) => (fresh.runTook = took)) },
    served: servedNodes(endpoint, job.digest),
    history,
    own: undefined,
    runTook: undefined,
  };
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

const FILES = { "model.json": "the model's card", "program.bin": "the Program", "weights.bin": "the weights" };

async function fetchFromAny(root: Hex, endpoints: readonly string[], say: Say): Promise<Loaded> {
  const failures: string[] = [];
  for (const endpoint of endpoints) {
    say(`Fetching Program and weights from ${endpoint} …`);
    const started = performance.now();
    try {
      const stored = await fetchModel(endpoint, root, (file, loaded, total) =>
        say(`Fetching ${FILES[file]} from ${endpoint}: ${bytes(loaded)}${total ? ` of ${bytes(total)}` : ""} …`),
      );
      if (!stored) throw new CheckError(`${endpoint} does not serve the model`);
      const fetched = performance.now();
      say("Their roots are those of the claim. Preparing the engine …");
      const runner = await wasmExecutor(stored.program, stored.weights);
      const took = { fetch: fetched - started, prepare: performance.now() - fetched };
      return { ...stored, runner, servedBy: endpoint, took };
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  throw new CheckError(`nobody serves the model as it was published: ${failures.join("; ")}`);
}

const timed = (runner: Runner, tell: (took: number) => void): Runner => ({
  ...runner,
  trace: (inputs) => {
    const started = performance.now();
    const results = runner.trace(inputs);
    tell(performance.now() - started);
    return results;
  },
});

async function rerun(held: Held, job: Job, endpoint: string, say: Say): Promise<void> {
  const { claim, digest } = held.history;
  say("Fetching the input …");
  const found = job.input
    ? decodePackage(job.input)
    : await fetchInputs(endpoint, { digest, side: claim.input }).catch(() => undefined);
  if (!found) return;
  say("Running the model on it in this tab …");
  runCase(held, held.history, found);
}

/** What the honest player does next, and what it looks at. */
export type Next = { readonly acts: readonly Act[]; readonly view: CaseView };

/** @param status as if the claim stood so */
export async function nextOf(held: Held, commits: readonly KnownCommit[], status?: "open"): Promise<Next> {
  const { reader, history } = held;
  const [block, bond, floor] = await Promise.all([
    reader.chain.getBlock(),
    proofBond(reader),
    reader.chain.readContract({ address: reader.addresses.disputes, abi: disputesAbi, functionName: "baseFeeFloor" }),
  ]);
  const seen = await viewCase(reader, held, history, {
    head: { number: block.number, time: Number(block.timestamp), baseFee: block.baseFeePerGas ?? 0n },
    commits: standing(commits, history),
    bond,
    floor,
  });
  const view = { ...seen, ...(status && { status }) };
  return { view, acts: await decide(held, history, view) };
}

const standing = (commits: readonly KnownCommit[], history: ClaimHistory) =>
  commits.flatMap(({ kernel, element, commitment }) => {
    const found = history.commits.find((at) => at.commitment === commitment);
    return found ? [{ kernel, element, block: found.block }] : [];
  });

/** Compares a claim with what this tab computes. */
export async function check(job: Job, say: Say): Promise<Report> {
  const held = await openCase(job, say);
  say("Comparing bit for bit …");
  const { acts, view } = await nextOf(held, [], "open");
  const gasPrice = await held.reader.chain.getGasPrice();
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
    quote: quoteOf({ view: { ...view, own }, acts, gasPrice }),
  };
}

function differenceOf(held: Held, kernel: number, element: number): Difference | undefined {
  const { own, history, model } = held;
  if (!own || !history.opening) return undefined;
  const { program } = model;
  const { traceSalt } = claimFacts(history.claim);
  const opening = openingBytes(history.opening);
  const known = knownOf({ program, traceSalt, opening, data: dataOf(held, history, new Set()) }, own.run);
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
