import { readFileSync } from "node:fs";
import { arbiterAbi } from "@opengradient/bindings";
import { importModel } from "@opengradient/cli";
import { toHex } from "@opengradient/commitments";
import { compile, load } from "@opengradient/engine";
import {
  CANONICAL_NAN,
  readElement,
  resultElements,
  runReference,
  type Tensor,
  witnessElement,
} from "@opengradient/program";
import { randomFrom } from "@opengradient/program/random";
import { ProtocolError, protocolError } from "@opengradient/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { claimOf, rootsOf } from "../arbiter/claim.ts";
import { createWorld, type World } from "./world.ts";

const file = new Uint8Array(readFileSync(new URL("../../packages/models/digits/digits.onnx", import.meta.url)));
const { program, weights } = importModel(file);

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const NEVER = 1_000_000_000;
const NON_FINITE = [0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001, 0xffffffff, 0x7fa5a5a5];

/** A digit's worth of pixels, one in so many of them not finite. */
function image(oneIn: number): Tensor[] {
  const random = randomFrom(oneIn);
  const data = new Uint8Array(4 * 784);
  const view = new DataView(data.buffer);
  for (let i = 0; i < 784; i++)
    if (random.oneIn(oneIn)) view.setUint32(4 * i, random.pick(NON_FINITE), true);
    else view.setFloat32(4 * i, random.below(256) / 255, true);
  return [{ ...program.inputs[0]!, data }];
}

const isNan = (word: number): boolean => (word & 0x7fffffff) > 0x7f800000;

test.each([1, 40, NEVER])(
  "one pixel in %i is infinite or NaN: reference, engine and Arbiter agree on every kernel, canonically",
  async (oneIn) => {
    const inputs = image(oneIn);
    const results = runReference(program, weights, inputs);
    const engine = await load(await compile(program), weights);
    expect(engine.trace(inputs).results.map((data) => toHex(data))).toEqual(results.map((data) => toHex(data)));
    const claim = claimOf(program, { weights, inputs, results });
    const random = randomFrom(7);
    let nans = 0;
    for (const [k, kernel] of program.kernels.entries())
      for (let i = 0; i < 8; i++) {
        const e = random.below(resultElements(kernel));
        const word = readElement(results[k]!, kernel.outType, e);
        if (isNan(word)) {
          expect(word >>> 0).toBe(CANONICAL_NAN);
          nans++;
        }
        const witness = toHex(witnessElement(program, k, e, claim.committed));
        expect(await arbiterValue([rootsOf(claim), k, e, witness])).toBe(word >>> 0);
      }
    expect(nans > 0).toBe(oneIn !== NEVER);
  },
);

/** The right value, which the Arbiter says when it refuses an accusation. */
async function arbiterValue(
  args: readonly [ReturnType<typeof rootsOf>, number, number, `0x${string}`],
): Promise<number> {
  const at = { address: world.deployment.arbiter, abi: arbiterAbi, functionName: "proveElement" } as const;
  const error = await world.reader.chain
    .readContract({ ...at, args })
    .catch((cause: unknown) => protocolError(cause, "ask"));
  expect(error).toBeInstanceOf(ProtocolError);
  expect(error).toMatchObject({ refusal: "ArbiterElementRight" });
  return Number((error as ProtocolError).args[2]);
}
