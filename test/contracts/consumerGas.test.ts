import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Package, packageInput, packageOutput, parametersHash, resultOf } from "@opengradient/protocol";
import { parseEther, zeroHash } from "viem";
import { afterAll, beforeAll, expect, it } from "vitest";
import { artifact, type Chain, type Court, createChain, createCourt, tier } from "./court.ts";

const SNAPSHOT = fileURLToPath(new URL("../../contracts/gas-consumer.json", import.meta.url));
const measured: Record<string, number> = {};
let chain: Chain;
let court: Court;

beforeAll(async () => {
  chain = await createChain();
  court = await createCourt(chain);
});
afterAll(() => chain.close());

const whole = (values: readonly number[]): Package => ({
  salt: zeroHash,
  tensors: [{ dtype: 1, dims: [values.length], data: new Uint8Array(Int32Array.from(values).buffer) }],
});

const APPLICATION = {
  income: 1500,
  amount: 1000,
  months: 12,
  payments: 100,
  employed: 60,
  late: 0,
  history: 120,
  utilisation: 30,
};

it("what a contract that asks pays, the first time and the second", async () => {
  const { who, opg, staking, market, modelRoot } = court;
  await chain.send(who.operator, staking, "stake", [who.operator, parseEther("50000")]);
  const deliveries = await chain.deploy(who.treasury, artifact("src/consumer/Deliveries.sol"), [market.address]);
  const supply = [{ to: who.requester, amount: parseEther("1000000000") }];
  const collateral = await chain.deploy(who.treasury, artifact("src/token/OPG.sol"), [supply]);
  const parameters = parametersHash(tier);
  const policy = {
    ...{ model: modelRoot, operator: who.operator, parameters, fee: parseEther("10"), coverBps: 10_000 },
    ...{ yearBps: 1_200, mostRisk: 1_500, collateralBps: 5_000, patience: 3_600, grace: 86_400 },
  };
  const args = [deliveries.address, policy, collateral.address];
  const gate = await chain.deploy(who.treasury, artifact("src/examples/LendingGate.sol"), args);
  await chain.send(who.treasury, opg, "transfer", [gate.address, parseEther("10000")]);
  for (const token of [opg, collateral])
    await chain.send(who.requester, token, "approve", [gate.address, parseEther("10000")]);

  for (const requestId of [1n, 2n]) {
    const note = async (name: string, from: keyof typeof who, functionName: string, given: readonly unknown[]) => {
      const gas = await chain.send(who[from], gate, functionName, given);
      measured[name] = Math.max(measured[name] ?? 0, gas);
    };
    await note("apply", "requester", "applyFor", [APPLICATION]);
    const { timestamp } = await chain.reader.getBlock();
    const claim = {
      ...{ modelRoot, operator: who.operator, requester: gate.address, requestId, level: 3, parameters },
      ...{ input: packageInput(whole(Object.values(APPLICATION))), output: packageOutput(whole([400])) },
      ...{ fee: policy.fee, coverage: parseEther("1000"), postBy: timestamp + 3_600n },
    };
    await chain.send(who.signer, market, "post", [claim, timestamp + 3_600n, "0x"]);
    await note("takeResult", "payee", "takeResult", [claim, resultOf(whole([400]))]);
    await note("draw", "requester", "draw", [requestId]);
    await note("repay", "requester", "repay", [requestId]);
  }
  console.log(measured);
  // With everything around it less than a callback alone may take.
  expect(measured["takeResult"]).toBeLessThan(300_000);
});

it("is what contracts/gas-consumer.json says (write it anew with UPDATE_GAS=1)", () => {
  if (process.env["UPDATE_GAS"]) writeFileSync(SNAPSHOT, `${JSON.stringify(measured, null, 2)}\n`);
  expect(measured).toEqual(JSON.parse(readFileSync(SNAPSHOT, "utf8")));
});
