/** The Arbiter contract, in an EVM in this process. */
import { arbiterAbi } from "@opengradient/bindings";
import { concatBytes, hashAt, listRoot, toHex, treeRoot } from "@opengradient/commitments";
import { type Committed, type Program, programRoot, traceLeaves, witnessElement } from "@opengradient/program";
import { decodeErrorResult, encodeFunctionData, type Hex } from "viem";
import { devnetAddress } from "./chain/accounts.ts";
import { readArtifacts } from "./chain/artifacts.ts";
import { openChain } from "./chain/local.ts";

/** An element that a claim with these tensors is accused of. */
export type Accusation = {
  readonly program: Program;
  readonly committed: Committed;
  readonly kernel: number;
  readonly element: number;
};

export type Arbiter = {
  /** The word that the Arbiter computes for an element that is right: it says so when it refuses the accusation. */
  rightWord(of: Accusation): Promise<number>;
  /** Proves an element false, in a transaction of its own: its gas as billed, and the bytes of the witness. */
  prove(of: Accusation): Promise<{ readonly gas: number; readonly bytes: number }>;
};

const GAS = "0xe4e1c0";

export async function openArbiter(): Promise<Arbiter> {
  const { provider } = await openChain();
  const request = (method: string, params: readonly unknown[]) => provider.request({ method, params: [...params] });
  const from = devnetAddress("deployer");
  const mined = async (transaction: object) => {
    const hash = await request("eth_sendTransaction", [{ from, gas: GAS, ...transaction }]);
    return (await request("eth_getTransactionReceipt", [hash])) as { contractAddress: Hex; gasUsed: Hex };
  };
  const { contractAddress: to } = await mined({ data: readArtifacts().Arbiter.bytecode });
  return {
    async rightWord(of) {
      try {
        await request("eth_call", [{ from, to, data: callOf(of, witnessOf(of)), gas: GAS }, "latest"]);
      } catch (error) {
        return rightValue(error);
      }
      throw new Error("the Arbiter calls an element of the reference's own run false");
    },
    async prove(of) {
      const witness = witnessOf(of);
      const { gasUsed } = await mined({ to, data: callOf(of, witness) });
      return { gas: Number(gasUsed), bytes: witness.length };
    },
  };
}

const witnessOf = ({ program, kernel, element, committed }: Accusation): Uint8Array =>
  witnessElement(program, kernel, element, committed);

function callOf({ program, committed, kernel, element }: Accusation, witness: Uint8Array): Hex {
  const [inputs, weights, results] = committed.roots;
  const outputs = program.outputs.map((output) => output.kernel);
  const roots = {
    programRoot: toHex(programRoot(program)),
    weightsRoot: toHex(listRoot(weights)),
    inputRoot: toHex(listRoot(inputs)),
    outputRoot: toHex(listRoot(concatBytes(outputs.map((k) => hashAt(results, k))))),
    traceRoot: toHex(treeRoot(traceLeaves(program, committed.traceSalt, results))),
    traceSalt: toHex(committed.traceSalt),
    kernels: program.kernels.length,
    inputs: program.inputs.length,
    weights: program.weights.length,
    outputs,
  };
  const args = [roots, kernel, element, toHex(witness)] as const;
  return encodeFunctionData({ abi: arbiterAbi, functionName: "proveElement", args });
}

function rightValue(error: unknown): number {
  const { data } = error as { data?: Hex | { data?: Hex } };
  const bytes = typeof data === "object" ? data.data : data;
  if (!bytes) throw error;
  const { errorName, args } = decodeErrorResult({ abi: arbiterAbi, data: bytes });
  if (errorName !== "ArbiterElementRight") throw new Error(`the Arbiter refused its witness: ${errorName}(${args})`);
  return Number(args[2]);
}
