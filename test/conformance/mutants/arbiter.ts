import { arbiterAbi } from "@opengradient/bindings";
import { devnetAddress, openChain } from "@opengradient/cli";
import { resultElements, widthOf, witnessElement } from "@opengradient/program";
import { programOfSeed, randomFrom, randomTensors } from "@opengradient/program/random";
import { decodeErrorResult, encodeFunctionData, type Hex } from "viem";
import { honestClaim, proofOf, storedBits } from "../../arbiter/claim.ts";
import { compiled } from "../../arbiter/compiled.ts";
import type { Mutant } from "./list.ts";
import { mutatedText } from "./mutate.ts";

/** The Arbiter with one bug, compiled as the true one is. */
export const mutatedArbiter = (mutant: Mutant): Hex =>
  compiled("src/arbiter/Arbiter.sol", { path: `src/${mutant.file}`, text: mutatedText(mutant) }).bytecode;

export type AskedArbiter = {
  ask(code: Hex): Promise<(proof: readonly unknown[]) => Promise<string>>;
  close(): Promise<void>;
};

/** Deploys Arbiters and asks each: what it says of an element, in words. */
export async function openArbiters(): Promise<AskedArbiter> {
  const { provider, close } = await openChain();
  const request = (method: string, params: readonly unknown[]) => provider.request({ method, params: [...params] });
  const from = devnetAddress("deployer");
  const gas = "0xe4e1c0";
  return {
    async ask(data) {
      const hash = await request("eth_sendTransaction", [{ from, data, gas }]);
      const { contractAddress: to } = (await request("eth_getTransactionReceipt", [hash])) as { contractAddress: Hex };
      return async (args) => {
        const call = encodeFunctionData({ abi: arbiterAbi, functionName: "proveElement", args: args as never });
        try {
          await request("eth_call", [{ from, to, data: call, gas }, "latest"]);
          return "wrong";
        } catch (error) {
          return words(error);
        }
      };
    },
    close,
  };
}

function words(error: unknown): string {
  const { data } = error as { data?: Hex | { data?: Hex } };
  const bytes = typeof data === "object" ? data.data : data;
  if (!bytes || bytes.length < 10) return String(error);
  const { errorName, args } = decodeErrorResult({ abi: arbiterAbi, data: bytes });
  return errorName === "ArbiterElementRight" ? `right: ${args[2]}` : `${errorName}(${args})`;
}

/** The first element of a random Program on which an Arbiter says something else than the reference. */
export async function searchArbiter(
  ask: (proof: readonly unknown[]) => Promise<string>,
  { programs, elements }: { programs: number; elements: number },
): Promise<string | undefined> {
  for (let seed = 1; seed <= programs; seed++) {
    const program = programOfSeed(seed);
    const { weights, inputs } = randomTensors(randomFrom(seed + 0x10000), program);
    const claim = honestClaim(program, weights, inputs);
    const random = randomFrom(seed + 0x20000);
    for (let i = 0; i < elements; i++) {
      const k = random.below(program.kernels.length);
      const kernel = program.kernels[k]!;
      const e = random.below(resultElements(kernel));
      const witness = witnessElement(program, k, e, claim.committed);
      const want = `right: ${storedBits(claim.results[k]!, widthOf(kernel.outType), e)}`;
      const said = await ask(proofOf(claim, k, e, witness));
      if (said !== want) return `Program ${seed}, kernel ${k} element ${e}: ${said}, not ${want}`;
    }
  }
  return undefined;
}
