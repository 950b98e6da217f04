import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { createHardhatRuntimeEnvironment } from "hardhat/hre";
import { type Abi, type Address, decodeErrorResult, decodeFunctionResult, encodeFunctionData, type Hex } from "viem";

const configPath = fileURLToPath(import.meta.resolve("@opengradient/contracts/config"));
const root = dirname(configPath);
/** An instrumented build, under contracts/coverage.ts, is larger than the chain allows. */
const instrumented = process.env["HARDHAT_COVERAGE"] !== undefined;
const built = instrumented ? "coverage/artifacts" : "artifacts";

export type Artifact = {
  /** as `src/arbiter/Arbiter.sol` */
  readonly sourceName: string;
  readonly abi: Abi;
  readonly bytecode: Hex;
};
/** A contract in an EVM that runs inside this process. */
export type Deployed = {
  readonly sourceName: string;
  readonly abi: Abi;
  readonly address: Address;
  /** Result of a call, or a `Revert`. */
  readonly call: (name: string, args: readonly unknown[]) => Promise<unknown>;
  /** Gas used by a mined transaction with this call, as billed: calldata, floor and 21,000 included. */
  readonly transact: (name: string, args: readonly unknown[]) => Promise<bigint>;
};

/** The call reverted with this custom error (or panic). */
export class Revert extends Error {
  readonly errorName: string;
  readonly args: readonly unknown[];
  constructor(errorName: string, args: readonly unknown[]) {
    super(`${errorName}(${args.join(", ")})`);
    this.errorName = errorName;
    this.args = args;
  }
}

/** Reads what `hardhat build` left; `source` is relative to the contracts' room, as `src/arbiter/Arbiter.sol`. */
export function artifact(source: string): Artifact {
  const name = source.split("/").at(-1)?.replace(".sol", "");
  return JSON.parse(readFileSync(`${root}/${built}/${source}/${name}.json`, "utf8"));
}

type Request = { readonly method: string; readonly params: readonly unknown[] };
type Provider = { request(args: Request): Promise<unknown> };

export type Evm = {
  readonly deploy: (contract: Artifact) => Promise<Deployed>;
  readonly close: () => Promise<void>;
};

/** An Osaka chain in this process, without limits on the gas of a call but `callGas`. */
export async function openEvm(callGas = 16_000_000_000n): Promise<Evm> {
  const config = await import(configPath);
  const hre = await createHardhatRuntimeEnvironment(config.default, { config: configPath }, root);
  const { provider } = await hre.network.create({
    override: { blockGasLimit: 20_000_000_000n, transactionGasCap: false, allowUnlimitedContractSize: instrumented },
  });
  return {
    deploy: (contract) => deploy(provider, contract, `0x${callGas.toString(16)}`),
    close: async () => {
      if (instrumented) await hre.hooks.runHandlerChain("test", "onTestWorkerDone", ["solidity"], async () => {});
      await provider.close();
    },
  };
}

async function deploy(provider: Provider, { sourceName, abi, bytecode }: Artifact, callGas: Hex): Promise<Deployed> {
  const [from] = (await provider.request({ method: "eth_accounts", params: [] })) as Address[];
  const receipt = async (transaction: object) => {
    const hash = await provider.request({ method: "eth_sendTransaction", params: [transaction] });
    return (await provider.request({ method: "eth_getTransactionReceipt", params: [hash] })) as {
      contractAddress: Address;
      gasUsed: Hex;
    };
  };
  const { contractAddress: address } = await receipt({ from, data: bytecode, gas: "0x5f5e100" });
  return {
    sourceName,
    abi,
    address,
    async call(name, args) {
      const data = encodeFunctionData({ abi, functionName: name, args });
      const call = { from, to: address, data, gas: callGas };
      try {
        const result = await provider.request({ method: "eth_call", params: [call, "latest"] });
        return decodeFunctionResult({ abi, functionName: name, data: result as Hex });
      } catch (error) {
        throw revertOf(abi, error);
      }
    },
    async transact(name, args) {
      const data = encodeFunctionData({ abi, functionName: name, args });
      const { gasUsed } = await receipt({ from, to: address, data, gas: "0x3b9aca00" });
      return BigInt(gasUsed);
    },
  };
}

function revertOf(abi: Abi, error: unknown): unknown {
  const data = (error as { data?: Hex | { data?: Hex } }).data;
  const bytes = typeof data === "object" ? data.data : data;
  if (bytes === undefined || bytes.length < 10) return error;
  const { errorName, args } = decodeErrorResult({ abi, data: bytes });
  return new Revert(errorName, (args ?? []) as readonly unknown[]);
}
