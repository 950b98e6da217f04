// Proofs about claims of random Programs, beside what the reference and `checkWitness` say of them.
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
import { type Answer, answerOf, type Claim, claimOf, honestClaim, proofOf, storedBits } from "../claim.ts";
import type { Case } from "./case.ts";

export const ARBITER = "src/arbiter/Arbiter.sol";

export function claimOfSeed(seed: number, program = programOfSeed(seed)): Claim {
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

/** `fault` says what is wrong with the Arbiter's own answer. */
const proofCase = (name: string, args: readonly unknown[], fault: (answer: Answer) => string | undefined): Case => ({
  name,
  source: ARBITER,
  call: "proveElement",
  args,
  fault: (answer) => fault(answerOf(answer)),
});

/** A witness, of which the Arbiter says what `checkWitness` says. */
const judgedCase = (name: string, claim: Claim, { k, e }: Place, witness: Uint8Array): Case => {
  const want = checkWitness(claim.statement, k, e, witness).verdict;
  return proofCase(name, proofOf(claim, k, e, witness), (answer) => {
    if (answer.verdict !== want) return `${answer.verdict}, not ${want}`;
    const beyond = answer.verdict === "malformed" && answer.position > witness.length;
    return beyond ? `malformed at ${answer.position} of ${witness.length}` : undefined;
  });
};

/** The true element, of which the Arbiter says its bits; the witness is no longer than the formula allows. */
export function rightCase(name: string, claim: Claim, at: Place): Case {
  const witness = witnessAt(claim, at);
  const want = bitsAt(claim, at);
  const most = costOf(factsOf(claim.program), at.k, claim.program.kernels[at.k]!).bytes;
  return proofCase(`${name} kernel ${at.k} element ${at.e}`, proofOf(claim, at.k, at.e, witness), (answer) => {
    if (witness.length > most) return `a witness of ${witness.length} bytes, at most ${most}`;
    return answer.verdict === "right" && answer.value === want ? undefined : `${JSON.stringify(answer)}, not ${want}`;
  });
}

/** Elements of honest claims of `programs` random Programs. */
export function* elementCases(programs: number, elements: number): Generator<Case> {
  let asked = 0;
  for (let seed = 1; seed <= programs; seed++) {
    const claim = claimOfSeed(seed);
    const random = randomFrom(seed + 0x20000);
    for (const most = Math.ceil((elements * seed) / programs); asked < most; asked++)
      yield rightCase(`seed ${seed}`, claim, place(random, claim));
  }
}

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

/** An element with a flipped bit in each of `programs` random Programs. */
export function* lieCases(programs: number): Generator<Case> {
  const random = randomFrom(3);
  for (let seed = 1; seed <= programs; seed++) {
    const honest = claimOfSeed(seed);
    const at = place(random, honest);
    const lie = lieAbout(honest, at, random.below(32));
    yield judgedCase(`lie, seed ${seed}`, lie, at, witnessAt(lie, at));
  }
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

/** Mutated witnesses of honest claims of 80 random Programs. */
export function* witnessCases(mutations: number): Generator<Case> {
  const random = randomFrom(4);
  const claims = new Map<number, Claim>();
  for (let i = 0; i < mutations; i++) {
    const seed = 1 + (i % 80);
    const claim = claims.get(seed) ?? claimOfSeed(seed);
    claims.set(seed, claim);
    const at = place(random, claim);
    yield judgedCase(`mutated witness ${i}`, claim, at, mutate(random, witnessAt(claim, at)));
  }
}

/** Kernels and elements that do not exist are malformed, each with its fault. */
export function* absentCases(): Generator<Case> {
  const claim = claimOfSeed(5);
  const { kernels } = claim.program;
  const witness = witnessAt(claim, { k: 0, e: 0 });
  const places: readonly (readonly [k: number, e: number, fault: number])[] = [
    [kernels.length, 0, 3],
    [2 ** 32 - 1, 0, 3],
    [0, provableElements(kernels[0]!), 5],
    [0, 2 ** 32 - 1, 5],
    ...(kernels.length > 1 ? [[1, 0, 4] as const] : []),
  ];
  for (const [k, e, fault] of places)
    yield proofCase(`kernel ${k} element ${e}`, proofOf(claim, k, e, witness), (answer) =>
      answer.verdict === "malformed" && answer.fault === fault ? undefined : `${JSON.stringify(answer)}, not ${fault}`,
    );
}

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

/** A source of each of `programs` random Programs, committed with its dtype and length or with another. */
export function* shapeCases(programs: number): Generator<Case> {
  const random = randomFrom(6);
  for (let seed = 1; seed <= programs; seed++) {
    const honest = claimOfSeed(seed);
    const k = random.below(honest.program.kernels.length);
    const sources = sourcesOf(honest.program.kernels[k]!, k);
    const ordinal = random.below(sources.length);
    const source = sources[ordinal]!;
    const claim = source.space === 0 && !random.oneIn(3) ? misshape(random, honest, source.index) : honest;
    const witness = witnessShape(claim.program, { k, ordinal }, shapeOf(claim, source), claim.committed);
    yield judgedCase(`shape, seed ${seed}`, claim, { k, e: ordinal }, witness);
  }
}
