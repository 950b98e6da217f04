import { readFileSync } from "node:fs";
import { toHex } from "@opengradient/commitments";
import type { CommittedRun } from "@opengradient/dispute";
import { provableElements, type Tensor, witnessElement } from "@opengradient/program";
import { programOfSeed, type Random, randomFrom, randomTensors } from "@opengradient/program/random";
import {
  claimDigest,
  claimStanding,
  commit,
  commitmentOf,
  domainOf,
  ProtocolError,
  prove,
  waterfall,
} from "@opengradient/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LIE_KINDS, lieOf } from "./lies.ts";
import { type Asked, answer, ask, COVERAGE, honestRun, OPEN_HANDED, play, SECRET, wireOpening } from "./story.ts";
import { createWorld, OPG, type Published, publishOnnx, publishProgram, settleIn, type World } from "./world.ts";

const LIES = 200;
const CLAIMS = 200;
const EACH = 10;

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await settleIn(world);
});
afterAll(() => world.close());

type Scene = { readonly model: Published; readonly asked: Asked; readonly own: CommittedRun; readonly random: Random };

/** A published model with a request for its answer and the honest run, all taken back afterwards. */
const scene = (seed: number, act: (scene: Scene) => Promise<void>): Promise<void> =>
  world.apart(async () => {
    const random = randomFrom(seed + 0x30000);
    const [model, inputs] = seed === 0 ? await digits(random) : await randomModel(seed);
    const asked = await ask(world, model, inputs);
    await act({ model, asked, own: honestRun(model, inputs, asked), random });
  });

async function randomModel(seed: number): Promise<[Published, Tensor[]]> {
  const program = programOfSeed(seed);
  const { weights, inputs } = randomTensors(randomFrom(seed + 0x10000), program);
  return [await publishProgram(world, program, weights), inputs];
}

async function digits(random: Random): Promise<[Published, Tensor[]]> {
  const file = new Uint8Array(readFileSync(new URL("../../packages/models/digits/digits.onnx", import.meta.url)));
  const model = await publishOnnx(world, file);
  const data = new Uint8Array(4 * 784);
  const view = new DataView(data.buffer);
  for (let i = 300; i < 480; i++) view.setFloat32(4 * i, random.below(256) / 255, true);
  return [model, [{ ...model.program.inputs[0]!, data }]];
}

test(`${LIES} seeded lies are all proven on chain, each by one proof`, async () => {
  const kinds = new Map<string, number>();
  const right = waterfall(COVERAGE, 10_000n * OPG);
  for (let seed = 0; seed < LIES / EACH; seed++)
    await scene(seed, async ({ model, asked, own, random }) => {
      for (let i = 0; i < EACH; i++) {
        const wanted = LIE_KINDS[i % LIE_KINDS.length]!;
        const lied = lieOf(wanted, own, random);
        const kind = lied ? wanted : "bit";
        const { what, theirs, shapeOf } = lied ?? lieOf("bit", own, random)!;
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
        const behaviour = shapeOf ? { ...OPEN_HANDED, shapeOf } : OPEN_HANDED;
        await world.apart(async () => {
          const claim = await answer(world, asked, theirs, true);
          const { acts, shares, ending } = await play(world, { claim, model, theirs, own, behaviour });
          const where = `seed ${seed}: ${what}`;
          expect([where, acts.filter((act) => act !== "wait")]).toEqual([where, ["commit", "prove", "none"]]);
          expect([where, ending, shares]).toMatchObject([where, { verdict: "void" }, right]);
          expect((await claimStanding(world.reader, claim)).status).toBe("void");
        });
      }
    });
  console.log(`lies proven: ${[...kinds].map(([kind, count]) => `${kind} ${count}`).join(", ")}`);
  expect([...kinds.values()].reduce((a, b) => a + b)).toBe(LIES);
  for (const kind of LIE_KINDS) expect(kinds.get(kind)).toBeGreaterThan(10);
});

/** What may be done to a witness; each gives other bytes than before. */
const MUTATIONS: readonly ((bytes: Uint8Array, random: Random) => Uint8Array)[] = [
  (bytes, random) => {
    const at = random.below(bytes.length);
    return bytes.with(at, bytes[at]! ^ (1 << random.below(8)));
  },
  (bytes, random) => bytes.slice(0, random.below(bytes.length)),
  (bytes, random) => Uint8Array.of(...bytes, random.below(256)),
  (bytes, random) => {
    const [at, length] = [random.below(bytes.length), random.between(1, 40)];
    return Uint8Array.of(...bytes.slice(0, at), ...bytes.slice(at + length), 0);
  },
  (bytes, random) => {
    const at = random.below(bytes.length);
    return Uint8Array.of(...bytes.slice(0, at), random.below(256), ...bytes.slice(at));
  },
  (bytes) => bytes.with(0, 1),
];

test(`${CLAIMS} honest claims with mutated witnesses: none is accepted`, async () => {
  const refusals = new Map<string, number>();
  for (let seed = 0; seed < CLAIMS / EACH; seed++)
    await scene(seed, async ({ model, asked, own, random }) => {
      const claim = await answer(world, asked, own, true);
      const accuser = world.writer("challenger");
      const prover = accuser.wallet.account.address;
      const id = claimDigest(domainOf(world.reader), claim);
      const { weightRoots, weights } = model.player;
      const committed = {
        tensors: { inputs: own.inputs, weights, results: own.results },
        roots: [own.inputRoots, weightRoots, own.resultRoots],
        traceSalt: own.traceSalt,
      } as const;
      for (let i = 0; i < EACH; i++) {
        const kernel = random.below(model.program.kernels.length);
        const element = random.below(provableElements(model.program.kernels[kernel]!));
        const honest = witnessElement(model.program, kernel, element, committed);
        const witness = i === 0 ? honest : MUTATIONS[i % MUTATIONS.length]!(honest, random);
        await commit(accuser, {
          id,
          commitment: commitmentOf({ digest: id, kernel, element, prover, salt: SECRET }),
        }).catch(knownAlready);
        await world.mine(2);
        const proof = { kernel, element, salt: SECRET, witness: toHex(witness) };
        const refused = await prove(accuser, { claim, opening: wireOpening(own), proof }).catch(
          (error: unknown) => error,
        );
        expect(refused).toBeInstanceOf(ProtocolError);
        const { refusal } = refused as ProtocolError;
        expect(refusal).toMatch(/^Arbiter/);
        refusals.set(refusal!, (refusals.get(refusal!) ?? 0) + 1);
      }
      expect((await claimStanding(world.reader, claim)).status).toBe("open");
    });
  console.log(`refusals: ${[...refusals].map(([name, count]) => `${name} ${count}`).join(", ")}`);
  expect([...refusals.values()].reduce((a, b) => a + b)).toBe(CLAIMS);
});

/** The same element may be drawn twice for one claim. */
function knownAlready(error: unknown): void {
  if ((error as ProtocolError).refusal !== "DisputesCommitmentKnown") throw error;
}
