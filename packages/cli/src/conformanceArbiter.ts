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
import { type Executor, ExecutorRefusal } from "./conformance.ts";

/** Elements of one case; an element takes milliseconds. */
const MOST_ELEMENTS = 20_000;

type Request = (method: string, params: readonly unknown[]) => Promise<unknown>;

/** Every element of every kernel as the Arbiter computes it: it says the right value when it refuses an accusation. */
export async function arbiterExecutor(): Promise<Executor> {
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
  return async (program, weights, inputs) => {
    const elements = program.kernels.reduce((sum, kernel) => sum + resultElements(kernel), 0);
    if (elements > MOST_ELEMENTS)
      throw new ExecutorRefusal(
        `${elements} elements; element by element the Arbiter is given at most ${MOST_ELEMENTS}`,
      );
    return outputsOf(program, await runOnArbiter(program, { weights, inputs }, ask));
  };
}

function rightValue(error: unknown): number {
  const { data } = error as { data?: Hex | { data?: Hex } };
  const bytes = typeof data === "object" ? data.data : data;
  if (!bytes) throw error;
  const { errorName, args } = decodeErrorResult({ abi: arbiterAbi, data: bytes });
  if (errorName !== "ArbiterElementRight") throw new Error(`the Arbiter refused its witness: ${errorName}(${args})`);
  return Number(args[2]);
}

type Given = { readonly weights: readonly Tensor[]; readonly inputs: readonly Tensor[] };

async function runOnArbiter(program: Program, { weights, inputs }: Given, ask: (data: Hex) => Promise<number>) {
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
    const data = new Uint8Array(results[k]!.length);
    for (let e = 0; e < resultElements(kernel); e++) {
      const witness = toHex(witnessElement(program, k, e, committed));
      const call = encodeFunctionData({ abi: arbiterAbi, functionName: "proveElement", args: [roots, k, e, witness] });
      writeElement(data, kernel.outType, e, await ask(call));
    }
    given.push(data);
  }
  return given;
}
