import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { arbiterAbi } from "@opengradient/bindings";
import { devnetAddress, openChain } from "@opengradient/cli";
import { resultElements, widthOf, witnessElement } from "@opengradient/program";
import { programOfSeed, randomFrom, randomTensors } from "@opengradient/program/random";
import { decodeErrorResult, encodeFunctionData, type Hex } from "viem";
import { honestClaim, proofOf, storedBits } from "../../arbiter/claim.ts";
import type { Mutant } from "./list.ts";
import { mutatedText, root } from "./mutate.ts";

const ARBITER = "src/arbiter/Arbiter.sol";

type Solc = { compile(input: string, callbacks: { import(path: string): { contents: string } }): string };

/** The Arbiter with one bug, compiled as the true one is. */
export function mutatedArbiter(mutant: Mutant): Hex {
  const contracts = join(root, "contracts");
  const solc = createRequire(join(contracts, "package.json"))("solc") as Solc;
  const changed = `src/${mutant.file}`;
  const read = (path: string): string =>
    path === changed ? mutatedText(mutant) : readFileSync(join(contracts, path), "utf8");
  const input = {
    language: "Solidity",
    sources: { [ARBITER]: { content: read(ARBITER) } },
    settings: {
      evmVersion: "osaka",
      optimizer: { enabled: true, runs: 1 },
      outputSelection: { [ARBITER]: { Arbiter: ["evm.bytecode.object"] } },
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: (path) => ({ contents: read(path) }) }));
  const errors = (output.errors ?? []).filter(({ severity }: { severity: string }) => severity === "error");
  if (errors.length > 0) throw new Error(errors[0].formattedMessage);
  return `0x${output.contracts[ARBITER].Arbiter.evm.bytecode.object}`;
}

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
