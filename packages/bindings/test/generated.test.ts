import { type Address, encodeFunctionData } from "viem";
import { expect, expectTypeOf, test } from "vitest";
import * as actions from "../src/generated/actions.ts";
import type { Market } from "../src/generated/ethers/index.ts";
import { deploymentOf, marketAbi } from "../src/index.ts";

test("ABIs are typed literally", () => {
  const data = encodeFunctionData({ abi: marketAbi, functionName: "burn" });
  expect(data).toMatch(/^0x[0-9a-f]{8}$/);
  // @ts-expect-error no such function
  expect(() => encodeFunctionData({ abi: marketAbi, functionName: "mint" })).toThrow();
});

test("wagmi actions load, one for each function and event", () => {
  for (const name of ["readMarketStanding", "writeMarketRequest", "simulateDisputesProve", "watchMarketPostedEvent"])
    expect(actions).toHaveProperty(name);
});

test("ethers types know the contract's functions", () => {
  expectTypeOf<Market["requests"]["staticCall"]>().returns.resolves.toEqualTypeOf<bigint>();
  expectTypeOf<Address>().toExtend<Parameters<Market["record"]>[0]>();
});

test("no public system is claimed where there is none", () => {
  expect(deploymentOf(31_337)).toBeUndefined();
});
