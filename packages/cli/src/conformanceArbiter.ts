/** Runs Programs element by element on the Arbiter contract, in an EVM in this process. */
import { arbiterAbi } from "@opengradient/bindings";
import { toHex, treeRoot, ZERO_HASH } from "@opengradient/commitments";
import {
  commitTensors,
  outputsOf,
  type Program,
  programRoot,
  resultElements,
  runReference,
  type Tensor,
  tensorsRoot,
  traceLeaves,
  witnessElement,
  writeElement,
} from "@opengradient/program";
import { decodeErrorResult, encodeFunctionData, type Hex } from "viem";
import { devnetAddress } from "./chain/accounts.ts";
import { readArtifacts } from "./chain/artifacts.ts";
import { openChain } from "./chain/local.ts";
import type { Executor } from "./conformance.ts";

type Request = (method: string, params: readonly unknown[]) => Promise<unknown>;

/** Results of all kernels. */
type Run = (program: Program, weights: readonly Tensor[], inputs: readonly Tensor[]) => Promise<readonly Uint8Array[]>;

/**
 * Elements of every kernel as the Arbiter computes them: it says the right value when it refuses an accusation.
 * @param sample elements of each kernel, spread evenly, the first and the last among them; the others are the reference's
 */
export async function openArbiter(sample: number): Promise<Run> {
  const { provider } = await openChain();
  const request: Request = (method, params) => provider.request({ method, params: [...params] });
  const from = devnetAddress("deployer");
  const gas = "0xe4e1c0";
  const hash = await request("eth_sendTransaction", [{ from, data: readArtifacts().Arbiter.bytecode, gas }]);
  const { contractAddress } = (await request("eth_getTransactionReceipt", [hash])) as { contractAddress: Hex };
  const ask = async (data: Hex): Promise<number> => {
    try {
      await request("eth_call", [{ from, to: contractAddress, data, gas }, "latest"]);
    } catch (error) {
      return rightValue(error);
    }
    throw new Error("the Arbiter calls an element of the reference's own run false");
  };
  return (program, weights, inputs) => runOnArbiter(program, { weights, inputs, sample }, ask);
}

export async function arbiterExecutor(sample: number): Promise<Executor> {
  const run = await openArbiter(sample);
  return async (program, weights, inputs) => outputsOf(program, await run(program, weights, inputs));
}

function spread(elements: number, sample: number): number[] {
  const count = Math.min(elements, sample);
  if (count === 1) return [elements - 1];
  return Array.from({ length: count }, (_, i) => Math.floor((i * (elements - 1)) / (count - 1)));
}

function rightValue(error: unknown): number {
  const { data } = error as { data?: Hex | { data?: Hex } };
  const bytes = typeof data === "object" ? data.data : data;
  if (!bytes) throw error;
  const { errorName, args } = decodeErrorResult({ abi: arbiterAbi, data: bytes });
  if (errorName !== "ArbiterElementRight") throw new Error(`the Arbiter refused its witness: ${errorName}(${args})`);
  return Number(args[2]);
}

type Given = { readonly weights: readonly Tensor[]; readonly inputs: readonly Tensor[]; readonly sample: number };

async function runOnArbiter(program: Program, { weights, inputs, sample }: Given, ask: (data: Hex) => Promise<number>) {
  const results = runReference(program, weights, inputs);
  const committed = commitTensors(program, { weights, inputs, results, traceSalt: ZERO_HASH });
  const roots = {
    programRoot: toHex(programRoot(program)),
    weightsRoot: toHex(tensorsRoot(weights)),
    inputRoot: toHex(tensorsRoot(inputs)),
    outputRoot: toHex(tensorsRoot(outputsOf(program, results))),
    traceRoot: toHex(treeRoot(traceLeaves(program, ZERO_HASH, committed.roots[2]))),
    traceSalt: toHex(ZERO_HASH),
    kernels: program.kernels.length,
    inputs: program.inputs.length,
    weights: program.weights.length,
    outputs: program.outputs.map(({ kernel }) => kernel),
  };
  const given: Uint8Array[] = [];
  for (const [k, kernel] of program.kernels.entries()) {
    const data = new Uint8Array(results[k]!);
    for (const e of spread(resultElements(kernel), sample)) {
      const witness = toHex(witnessElement(program, k, e, committed));
      const call = encodeFunctionData({ abi: arbiterAbi, functionName: "proveElement", args: [roots, k, e, witness] });
      writeElement(data, kernel.outType, e, await ask(call));
    }
    given.push(data);
  }
  return given;
}
