import { disputesAbi, stakingAbi } from "@opengradient/bindings";
import type { Act } from "@opengradient/dispute";
import { fetchInputs, fetchModel, modelOf, type StoredModel, wasmExecutor } from "@opengradient/node";
import {
  type Case,
  type CaseView,
  type ClaimHistory,
  decide,
  historyOf,
  runCase,
  servedNodes,
  viewCase,
} from "@opengradient/node/client";
import { claimDigest, proofBond, type Reader, readEvents, receiptFromJson } from "@opengradient/protocol";
import type { Hex } from "viem";
import { CommandError, EXIT } from "../failure.ts";
import { hashOf, loadModel, readBytes } from "../model/load.ts";
import type { Place } from "./connect.ts";

/** A claim by its digest, or by its receipt. @throws CommandError */
export function digestOf(text: string): Hex {
  if (/^0x[0-9a-fA-F]*$/.test(text)) return hashOf("the claim", text);
  const receipt = receiptFromJson(new TextDecoder().decode(readBytes(text)));
  return claimDigest(receipt, receipt.claim);
}

/** What the chain tells of a claim. @throws CommandError when it was never posted */
export async function readClaim(reader: Reader, { deployment }: Place, digest: Hex): Promise<ClaimHistory> {
  const range = { from: BigInt(deployment.block), to: await reader.chain.getBlockNumber() };
  const events = await readEvents(reader, range);
  const history = historyOf(
    digest,
    events.filter(({ args }) => args["id"] === digest),
  );
  if (history) return history;
  throw new CommandError(`the chain knows no claim ${digest}: it was never posted`, { code: EXIT.chain });
}

/** The claim's model from a file, or else from its operator. @throws CommandError */
export async function modelOfClaim(
  { claim }: ClaimHistory,
  { file, endpoint }: { file: string | undefined; endpoint: string },
): Promise<StoredModel> {
  const { modelRoot } = claim;
  if (file === undefined) {
    const served = await fetchModel(endpoint, modelRoot).catch(() => undefined);
    if (served) return served;
    throw new CommandError(`its operator does not serve model ${modelRoot}`, {
      code: EXIT.chain,
      todo: "give it with --model FILE",
    });
  }
  const { program, weights, roots } = loadModel(file);
  if (roots.modelRoot !== modelRoot)
    throw new CommandError(`${file} is model ${roots.modelRoot}, the claim names ${modelRoot}`);
  const { sourceHash, compilerHash } = roots;
  return modelOf({ name: file, sourceHash, compilerHash }, program, weights);
}

export const endpointOf = async ({ chain, addresses }: Reader, { claim }: ClaimHistory): Promise<string> => {
  const at = { address: addresses.staking, abi: stakingAbi, functionName: "operators" } as const;
  return (await chain.readContract({ ...at, args: [claim.operator] })).endpoint;
};

export type Examined = { readonly held: Case; readonly view: CaseView; readonly acts: readonly Act[] };

/** Runs a claim's model on its input and looks for what is false, as a challenger that has done nothing yet. */
export async function examine(
  reader: Reader,
  history: ClaimHistory,
  { model, endpoint }: { model: StoredModel; endpoint: string },
): Promise<Examined> {
  const { claim, digest } = history;
  const runner = await wasmExecutor(model.program, model.weights);
  const held: Case = { model: { ...model, runner }, served: servedNodes(endpoint, digest), own: undefined };
  const input = await fetchInputs(endpoint, { digest, side: claim.input }).catch(() => undefined);
  if (input) runCase(held, history, input);
  const [block, bond, floor] = await Promise.all([
    reader.chain.getBlock(),
    proofBond(reader),
    reader.chain.readContract({ address: reader.addresses.disputes, abi: disputesAbi, functionName: "baseFeeFloor" }),
  ]);
  const head = { number: block.number, time: Number(block.timestamp), baseFee: block.baseFeePerGas ?? 0n };
  const view = await viewCase(reader, held, history, { head, commits: [], bond, floor });
  return { held, view, acts: await decide(held, history, view) };
}
