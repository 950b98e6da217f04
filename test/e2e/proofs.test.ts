import { readFileSync, writeFileSync } from "node:fs";
import { toHex } from "@opengradient/commitments";
import { type CommittedRun, commitRun } from "@opengradient/dispute";
import { type Tensor, witnessElement } from "@opengradient/program";
import { randomFrom } from "@opengradient/program/random";
import { claimDigest, commit, commitmentOf, domainOf, prove } from "@opengradient/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dotOf, exponents } from "../arbiter/dotOf.ts";
import { answer, ask, honestRun, SECRET, wireOpening } from "./story.ts";
import { createWorld, type Published, publishOnnx, publishProgram, settleIn, type World } from "./world.ts";

const SNAPSHOT = new URL("../../contracts/gas-proofs.json", import.meta.url);
const measured: Record<string, number> = {};

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await settleIn(world);
});
afterAll(() => world.close());

/** Gas, as billed, of the whole transaction that proves element e of kernel k false. */
async function proofGas(model: Published, inputs: readonly Tensor[], k: number, e: number): Promise<number> {
  return world.apart(async () => {
    const asked = await ask(world, model, inputs);
    const own = honestRun(model, inputs, asked);
    const results = own.results.with(k, Uint8Array.from(own.results[k]!));
    results[k]![4 * e]! ^= 1;
    const theirs = commitRun(model.program, { inputs: own.inputs, results }, own.traceSalt);
    const claim = await answer(world, asked, theirs, true);
    const challenger = world.writer("challenger");
    const [digest, prover] = [claimDigest(domainOf(world.reader), claim), challenger.wallet.account.address];
    const commitment = commitmentOf({ digest, kernel: k, element: e, prover, salt: SECRET });
    await commit(challenger, { id: digest, commitment });
    await world.mine(2);
    const proof = { kernel: k, element: e, salt: SECRET, witness: toHex(witnessOf(model, theirs, k, e)) };
    const { receipt } = await prove(challenger, { claim, opening: wireOpening(theirs), proof });
    return Number(receipt.gasUsed);
  });
}

const witnessOf = ({ program, player }: Published, run: CommittedRun, k: number, e: number): Uint8Array =>
  witnessElement(program, k, e, {
    tensors: { inputs: run.inputs, weights: player.weights, results: run.results },
    roots: [run.inputRoots, player.weightRoots, run.resultRoots],
    traceSalt: run.traceSalt,
  });

test("every kernel of the digit model is proven for less than 2 M", async () => {
  const model = await publishOnnx(
    world,
    readFileSync(new URL("../../packages/models/digits/digits.onnx", import.meta.url)),
  );
  const random = randomFrom(5);
  const data = new Uint8Array(4 * 784);
  const view = new DataView(data.buffer);
  for (let i = 0; i < 784; i++) view.setFloat32(4 * i, random.below(256) / 255, true);
  const inputs = [{ ...model.program.inputs[0]!, data }];
  for (const [k, kernel] of model.program.kernels.entries()) {
    const elements = kernel.loops.reduce((a, b) => a * b, 1);
    const gas = await proofGas(model, inputs, k, elements >> 1);
    measured[`digits, kernel ${k}`] = gas;
    expect(gas).toBeLessThan(2_000_000);
  }
}, 120_000);

const DOTS = {
  ordinary: { fill: exponents(120, 130), most: 1_000_000 },
  "any finite": { fill: exponents(0, 254), most: 1_300_000 },
  denormal: { fill: exponents(0, 0), most: 1_300_000 },
};
test.each(Object.entries(DOTS))(
  "a dot product of 1,024 f32, %s operands, is proven below its bound",
  async (name, dot) => {
    const { program, weights, inputs } = dotOf({ n: 1024, dtype: 0, fill: dot.fill });
    const gas = await proofGas(await publishProgram(world, program, weights), inputs, 0, 2);
    measured[`dot of 1,024 f32, ${name}`] = gas;
    expect(gas).toBeLessThan(dot.most);
  },
);

test("is what contracts/gas-proofs.json says (write it anew with UPDATE_GAS=1)", () => {
  console.log(measured);
  if (process.env["UPDATE_GAS"]) writeFileSync(SNAPSHOT, `${JSON.stringify(measured, null, 2)}\n`);
  expect(measured).toEqual(JSON.parse(readFileSync(SNAPSHOT, "utf8")));
});
