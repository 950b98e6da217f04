import { rootOf, tensorTree } from "@opengradient/commitments";
import {
  checkWitness,
  costOf,
  factsOf,
  provableElements,
  resultElements,
  sourcesOf,
  type Tensor,
  widthOf,
  witnessElement,
  witnessShape,
} from "@opengradient/program";
import { programOfSeed, type Random, randomFrom, randomTensors } from "@opengradient/program/random";
import { describe, expect, test } from "vitest";
import { ask, type Claim, claimOf, honestClaim, proofOf, storedBits } from "./claim.ts";
import { onEvm } from "./evm.ts";

const PROGRAMS = Number(process.env["ARBITER_PROGRAMS"] ?? 500);
const ELEMENTS = Number(process.env["ARBITER_ELEMENTS"] ?? 2_000);

function claimOfSeed(seed: number): Claim {
  const program = programOfSeed(seed);
  const { weights, inputs } = randomTensors(randomFrom(seed + 0x10000), program);
  return honestClaim(program, weights, inputs);
}

type Place = { readonly k: number; readonly e: number };

/** A random element, now and then in the padding of the last leaf. */
function place(random: Random, { program }: Claim): Place {
  const k = random.below(program.kernels.length);
  const kernel = program.kernels[k]!;
  return { k, e: random.below(random.oneIn(10) ? provableElements(kernel) : resultElements(kernel)) };
}

const witnessAt = ({ program, committed }: Claim, { k, e }: Place) => witnessElement(program, k, e, committed);

const bitsAt = ({ program, results }: Claim, { k, e }: Place): number => {
  const kernel = program.kernels[k]!;
  return e < resultElements(kernel) ? storedBits(results[k]!, widthOf(kernel.outType), e) : 0;
};

/** The same claim with one bit of one element flipped; an element of the padding gets a padding to be wrong in. */
function lieAbout(claim: Claim, { k, e }: Place, bit: number): Claim {
  const kernel = claim.program.kernels[k]!;
  const width = widthOf(kernel.outType);
  const results = [...claim.results];
  const data = new Uint8Array(Math.max(claim.results[k]!.length, (e + 1) * width));
  data.set(claim.results[k]!);
  data[e * width + ((bit >>> 3) % width)]! ^= 1 << (bit & 7);
  results[k] = data;
  return claimOf(claim.program, { ...claim, results });
}

function mutate(random: Random, witness: Uint8Array): Uint8Array {
  const at = random.below(witness.length);
  const out = Uint8Array.from(witness);
  switch (random.below(6)) {
    case 0:
      return witness.slice(0, at);
    case 1:
      return Uint8Array.from([...witness, random.below(256)]);
    case 2:
      return Uint8Array.from([...witness.slice(0, at), ...witness.slice(at + random.between(1, 40))]);
    case 3:
      // the end: spans, siblings and hints
      out[Math.max(0, witness.length - 1 - random.below(20))]! ^= 1 << random.below(8);
      return out;
    case 4:
      out[at] = random.pick([0, 1, 255, random.below(256)]);
      return out;
    default:
      out[at]! ^= 1 << random.below(8);
      return out;
  }
}

describe("Arbiter against the reference", () => {
  const [arbiter] = onEvm("src/arbiter/Arbiter.sol");

  test(`${ELEMENTS} elements of ${PROGRAMS} random Programs are right`, async () => {
    const wrong: string[] = [];
    let elements = 0;
    for (let seed = 1; seed <= PROGRAMS; seed++) {
      const claim = claimOfSeed(seed);
      const random = randomFrom(seed + 0x20000);
      for (const most = Math.ceil((ELEMENTS * seed) / PROGRAMS); elements < most; elements++) {
        const { k, e } = place(random, claim);
        const witness = witnessAt(claim, { k, e });
        const cost = costOf(factsOf(claim.program), k, claim.program.kernels[k]!);
        expect(witness.length).toBeLessThanOrEqual(cost.bytes);
        const answer = await ask(arbiter, proofOf(claim, k, e, witness));
        const want = bitsAt(claim, { k, e });
        if (answer.verdict !== "right" || answer.value !== want)
          wrong.push(`seed ${seed} kernel ${k} element ${e}: ${JSON.stringify(answer)}, not ${want}`);
      }
    }
    expect(wrong.slice(0, 10)).toEqual([]);
    expect(elements).toBe(ELEMENTS);
  }, 600_000);

  test("an element with a flipped bit is wrong, on chain as off it", async () => {
    const random = randomFrom(3);
    const seen = { wrong: 0, right: 0, malformed: 0 };
    for (let seed = 1; seed <= 120; seed++) {
      const honest = claimOfSeed(seed);
      const at = place(random, honest);
      const lie = lieAbout(honest, at, random.below(32));
      const witness = witnessAt(lie, at);
      const want = checkWitness(lie.statement, at.k, at.e, witness).verdict;
      const { verdict } = await ask(arbiter, proofOf(lie, at.k, at.e, witness));
      expect(`seed ${seed}: ${verdict}`).toBe(`seed ${seed}: ${want}`);
      seen[verdict]++;
    }
    // a kernel that reads its own result through its witness's span may find its lie consistent, never malformed
    expect(seen.malformed).toBe(0);
    expect(seen.wrong).toBeGreaterThan(110);
  }, 300_000);

  test("400 mutated witnesses of honest claims: none accepted, all judged as off chain", async () => {
    const random = randomFrom(4);
    const seen = { wrong: 0, right: 0, malformed: 0 };
    const faults = new Set<number>();
    for (let i = 0; i < 400; i++) {
      const claim = claimOfSeed(1 + (i % 80));
      const at = place(random, claim);
      const witness = mutate(random, witnessAt(claim, at));
      const answer = await ask(arbiter, proofOf(claim, at.k, at.e, witness));
      const { verdict } = checkWitness(claim.statement, at.k, at.e, witness);
      expect(`mutation ${i}: ${answer.verdict}`).toBe(`mutation ${i}: ${verdict}`);
      seen[answer.verdict]++;
      if (answer.verdict === "malformed") {
        faults.add(answer.fault);
        expect(answer.position).toBeLessThanOrEqual(witness.length);
      }
    }
    expect(seen.wrong).toBe(0);
    expect(seen.malformed).toBeGreaterThan(350);
    expect(faults.size).toBeGreaterThanOrEqual(5);
  }, 300_000);

  test("a kernel or element that does not exist is malformed", async () => {
    const claim = claimOfSeed(5);
    const at = { k: 0, e: 0 };
    const witness = witnessAt(claim, at);
    const kernels = claim.program.kernels.length;
    const first = claim.program.kernels[0]!;
    const faultOf = async (k: number, e: number) => {
      const answer = await ask(arbiter, proofOf(claim, k, e, witness));
      return answer.verdict === "malformed" ? answer.fault : answer.verdict;
    };
    expect(await faultOf(kernels, 0)).toBe(3);
    expect(await faultOf(2 ** 32 - 1, 0)).toBe(3);
    expect(await faultOf(0, provableElements(first))).toBe(5);
    expect(await faultOf(0, 2 ** 32 - 1)).toBe(5);
    if (kernels > 1) expect(await faultOf(1, 0)).toBe(4);
  });

  test("a source committed with another dtype or length is a wrong shape", async () => {
    const seen = { wrong: 0, right: 0, malformed: 0 };
    const random = randomFrom(6);
    for (let seed = 1; seed <= 60; seed++) {
      const honest = claimOfSeed(seed);
      const k = random.below(honest.program.kernels.length);
      const sources = sourcesOf(honest.program.kernels[k]!, k);
      const ordinal = random.below(sources.length);
      const source = sources[ordinal]!;
      const claim = source.space === 0 && !random.oneIn(3) ? misshape(random, honest, source.index) : honest;
      const witness = witnessShape(claim.program, { k, ordinal }, shapeOf(claim, source), claim.committed);
      const want = checkWitness(claim.statement, k, ordinal, witness).verdict;
      const { verdict } = await ask(arbiter, proofOf(claim, k, ordinal, witness));
      expect(`seed ${seed}: ${verdict}`).toBe(`seed ${seed}: ${want}`);
      seen[verdict]++;
    }
    expect(seen.wrong).toBeGreaterThan(5);
    expect(seen.right).toBeGreaterThan(5);
    expect(seen.malformed).toBeGreaterThan(0);
  });
});

/** The claim with input `index` committed as another dtype, or with an element more. */
function misshape(random: Random, claim: Claim, index: number): Claim {
  const tensor = claim.inputs[index]!;
  const elements = tensor.dims.reduce((all, dim) => all * dim, 1);
  const other: Tensor = random.oneIn(2)
    ? { ...tensor, dims: [elements + 1] }
    : { ...tensor, dtype: (tensor.dtype ^ 1) as Tensor["dtype"] };
  return claimOf(claim.program, { ...claim, inputs: claim.inputs.with(index, other) });
}

/** A source as the claim commits it. */
function shapeOf(claim: Claim, { space, index }: { readonly space: number; readonly index: number }) {
  const kernel = claim.program.kernels[index]!;
  const result = (): Tensor => ({ dtype: kernel.outType, dims: kernel.loops, data: claim.results[index]! });
  const { dtype, dims, data } = space === 2 ? result() : (space === 0 ? claim.inputs : claim.weights)[index]!;
  return { dtype, elements: dims.reduce((all, dim) => all * dim, 1), root: rootOf(tensorTree(data)) };
}
