import { readFileSync } from "node:fs";
import { importModel } from "@opengradient/cli";
import { type Executor, fetchOutputs, modelOf, type StoredModel, wasmExecutor } from "@opengradient/node";
import {
  claimDigest,
  deliver,
  domainOf,
  mined,
  parametersHash,
  resultOf,
  transfer,
  type Writer,
} from "@opengradient/protocol";
import { type Abi, type Address, type Hex, parseEventLogs, type TransactionReceipt } from "viem";
import { artifact } from "../contracts/court.ts";
import { OPG, quick } from "./chain.ts";
import { newActor, type Playing, postedClaim, type Stage } from "./stage.ts";

const file = (name: string): URL => new URL(`../../packages/models/loans/${name}`, import.meta.url);

/** The model that prices risk. */
export function loanModel(): StoredModel {
  const { program, weights, roots } = importModel(new Uint8Array(readFileSync(file("loans.onnx"))));
  const { sourceHash, compilerHash } = roots;
  return modelOf({ name: "loans", sourceHash, compilerHash }, program, weights);
}

export type Sample = { readonly application: readonly number[]; readonly risk: number };

/** Loans that the trainer recorded, safest first. */
export const samples = (): Sample[] =>
  (JSON.parse(readFileSync(file("samples.json"), "utf8")) as { samples: Sample[] }).samples.sort(
    (a, b) => a.risk - b.risk,
  );

/** What the engine says of an application, basis points. */
export async function riskOf({ model }: Stage, application: readonly number[]): Promise<number> {
  const runner = await wasmExecutor(model.program, model.weights);
  const [output] = runner.run([{ dtype: 1, dims: [8], data: new Uint8Array(Int32Array.from(application).buffer) }]);
  runner.close();
  return new DataView(output!.data.buffer, output!.data.byteOffset).getInt32(0, true);
}

/** Finds no risk in anybody. */
export const blind: Executor = async (program, weights) => {
  const honest = await wasmExecutor(program, weights);
  const last = program.outputs[0]!.kernel;
  return {
    ...honest,
    run: (inputs) => honest.run(inputs).map((output) => ({ ...output, data: output.data.slice().fill(0) })),
    trace: (inputs) => {
      const results = honest.trace(inputs);
      return results.with(last, results[last]!.slice().fill(0));
    },
  };
};

export const POOL = 50_000n * OPG;
export const GATE_FEE = 2n * OPG;

/** A gate with a pool, and a borrower with collateral and money for fees and prices. */
export type Gate = {
  readonly address: Address;
  readonly borrower: Writer;
  readonly lender: Writer;
  /** Sends a call of the gate. */
  readonly send: (from: Writer, name: string, args: readonly unknown[]) => Promise<TransactionReceipt>;
  readonly read: <T>(name: string, args?: readonly unknown[]) => Promise<T>;
  /** of a loan, in words */
  readonly stage: (requestId: bigint) => Promise<string>;
  readonly apply: (application: readonly number[]) => Promise<bigint>;
};

/** as the contract numbers them */
const STAGES = ["none", "asked", "offered", "refused", "lent", "repaid", "seized", "failed"];

const FIELDS = ["income", "amount", "months", "payments", "employed", "late", "history", "utilisation"];

export async function openGate(stage: Stage, { operator }: Playing, delivery: number): Promise<Gate> {
  const { chain, deployment, model } = stage;
  const [lender, borrower] = [await newActor(stage, 0n), await newActor(stage, 20_000n * OPG)];
  const create = async (source: string, args: readonly unknown[]): Promise<{ address: Address; abi: Abi }> => {
    const { abi, bytecode } = artifact(source);
    const hash = await lender.wallet.deployContract({ abi, bytecode, args });
    const { contractAddress } = await mined(lender, hash);
    return { address: contractAddress!, abi };
  };
  const write = async (
    from: Writer,
    at: { address: Address; abi: Abi },
    functionName: string,
    args: readonly unknown[],
  ) => {
    const { request } = await chain.client.simulateContract({
      ...at,
      functionName,
      args,
      account: from.wallet.account,
    });
    return mined(from, await from.wallet.writeContract(request));
  };
  const collateral = await create("src/token/OPG.sol", [
    [{ to: borrower.wallet.account.address, amount: 1_000_000_000n * OPG }],
  ]);
  const policy = {
    model: model.modelRoot,
    operator: operator.owner.wallet.account.address,
    parameters: parametersHash({ ...quick, delivery }),
    ...{ fee: GATE_FEE, coverBps: 10_000, yearBps: 1_200, mostRisk: 1_500, collateralBps: 5_000 },
    ...{ patience: 600, grace: 3_600 },
  };
  const gate = await create("src/examples/LendingGate.sol", [deployment.deliveries, policy, collateral.address]);
  await transfer(stage.author, { to: gate.address, amount: POOL });
  const opg = { address: deployment.opg, abi: artifact("src/token/OPG.sol").abi };
  for (const token of [opg, collateral]) await write(borrower, token, "approve", [gate.address, 100_000n * OPG]);
  const read = <T>(functionName: string, args: readonly unknown[] = []): Promise<T> =>
    chain.client.readContract({ ...gate, functionName, args }) as Promise<T>;
  return {
    address: gate.address,
    borrower,
    lender,
    send: (from, name, args) => write(from, gate, name, args),
    read,
    stage: async (requestId) => STAGES[(await read<readonly [Address, number]>("loans", [requestId]))[1]]!,
    async apply(application) {
      const named = Object.fromEntries(FIELDS.map((name, i) => [name, application[i]]));
      const { logs } = await write(borrower, gate, "applyFor", [named]);
      const [shown] = parseEventLogs({ abi: gate.abi, eventName: "InputShown", logs });
      return (shown as unknown as { args: { requestId: bigint } }).args.requestId;
    },
  };
}

/** Anybody brings the gate what its operator answered. */
export async function bring(stage: Stage, { node }: Playing, requestId: bigint) {
  const claim = await postedClaim(stage, requestId);
  const digest: Hex = claimDigest(domainOf(stage.author), claim);
  const outputs = await fetchOutputs(node.url, { digest, side: claim.output });
  return {
    claim,
    delivered: await deliver(stage.author, { claim, result: resultOf(outputs!) }).catch((e: Error) => e),
  };
}
