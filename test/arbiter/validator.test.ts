import { toHex } from "@opengradient/commitments";
import {
  decodeProgram,
  encodeHeader,
  encodeKernel,
  factsOf,
  type Program,
  ProgramError,
  resultElements,
  validateKernel,
  validateProgram,
  widthOf,
  witnessElement,
} from "@opengradient/program";
import { programOfSeed, type Random, randomFrom, randomTensors } from "@opengradient/program/random";
import { describe, expect, test } from "vitest";
import { ask, honestClaim, proofOf, storedBits } from "./claim.ts";
import { onEvm, Revert } from "./evm.ts";

const MUTATIONS = Number(process.env["VALIDATOR_MUTATIONS"] ?? 10_000);

/** The reference takes microseconds for an element. */
const MOST_ELEMENTS = 10_000;

type Facts = {
  readonly shape: number;
  readonly groupPos: number;
  readonly groupSize: number;
  readonly leading: number;
  readonly reads: readonly { readonly kernel: number; readonly shape: number }[];
};
type Encoded = { readonly header: Uint8Array; readonly descriptors: readonly Uint8Array[] };

const encoded = (program: Program): Encoded => ({
  header: encodeHeader(program),
  descriptors: program.kernels.map((kernel, k) => encodeKernel(kernel, k)),
});

/** One change to the bytes of a header or descriptor: a flipped bit, another byte, a word, a cut or an added tail. */
function mutate(random: Random, bytes: Uint8Array): Uint8Array {
  const out = Uint8Array.from(bytes);
  const view = new DataView(out.buffer);
  const place = random.oneIn(3) ? random.below(Math.min(24, out.length)) : random.below(out.length);
  switch (random.below(10)) {
    case 0:
      return out.slice(0, random.oneIn(2) ? out.length - 4 : place);
    case 1:
      return Uint8Array.from([...out, ...new Uint8Array(random.pick([1, 4]))]);
    case 2:
    case 3:
      view.setUint32(
        Math.min(place & ~3, (out.length & ~3) - 4),
        random.pick([0, 1, 2 ** 29, 2 ** 30, 2 ** 31, 2 ** 32 - 1, random.below(300)]),
      );
      return out;
    case 4:
    case 5:
      out[place] = random.pick([0, 1, 2, 3, 4, 5, 12, 15, 16, 17, 36, 37, 255]);
      return out;
    case 6:
      out[place]!++;
      return out;
    case 7:
      out[place]!--;
      return out;
    default:
      out[place]! ^= 1 << random.below(8);
      return out;
  }
}

/** The rule that the TypeScript packages name, or undefined for valid. */
function refusal(check: () => unknown): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    return String(error.rule);
  }
}

describe("Validator against packages/program", () => {
  const [validator, arbiter] = onEvm("src/arbiter/Validator.sol", "src/arbiter/Arbiter.sol");
  /** The rule that the Validator names, or the facts. */
  async function onChain({ header, descriptors }: Encoded, first = 0): Promise<string | readonly Facts[]> {
    try {
      const args = [toHex(header), first, descriptors.map((bytes) => toHex(bytes))];
      return (await validator.call("checkKernels", args)) as Facts[];
    } catch (error) {
      if (!(error instanceof Revert)) throw error;
      return error.errorName === "ValidatorKernel" ? `V${error.args[0]}` : error.errorName;
    }
  }

  test("valid Programs are valid, and their facts are right", async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const program = programOfSeed(seed);
      const facts = await onChain(encoded(program));
      const want = factsOf(program).kernels.map(({ outType, elements, groupPos, groupSize }, k) => ({
        shape: outType * 2 ** 32 + elements,
        groupPos,
        groupSize,
        leading: program.kernels[k]!.loops[0] ?? 0,
      }));
      expect(facts).toMatchObject(want);
      const head = await validator.call("checkHeader", [toHex(encodeHeader(program))]);
      expect(head).toMatchObject({
        weights: program.weights.length,
        kernels: program.kernels.length,
        outputs: program.outputs.map(({ kernel }) => kernel),
      });
    }
  });

  /** Does the Arbiter compute an element of kernel k as the reference does? Undefined where the Program as a whole is not valid, or long. */
  async function judged(seed: number, program: Program, k: number): Promise<boolean | undefined> {
    const kernel = program.kernels[k]!;
    if (refusal(() => validateProgram(program)) !== undefined || resultElements(kernel) > MOST_ELEMENTS)
      return undefined;
    const { weights, inputs } = randomTensors(randomFrom(seed + 0x10000), program);
    const claim = honestClaim(program, weights, inputs);
    const e = randomFrom(seed).below(resultElements(kernel));
    const witness = witnessElement(program, k, e, claim.committed);
    const answer = await ask(arbiter, proofOf(claim, k, e, witness));
    return answer.verdict === "right" && answer.value === storedBits(claim.results[k]!, widthOf(kernel.outType), e);
  }

  test(`${MUTATIONS} mutated descriptors are refused, and accepted, by both; the Arbiter runs a third of what is accepted`, async () => {
    const wrong: string[] = [];
    const proven = { right: 0, wrong: 0, unasked: 0 };
    const seen = new Map<string, number>();
    const random = randomFrom(1);
    for (let i = 0; i < MUTATIONS; i++) {
      const seed = 1 + (i % 200);
      const program = programOfSeed(seed);
      const { header, descriptors } = encoded(program);
      const k = random.below(descriptors.length);
      const bytes = mutate(random, descriptors[k]!);
      // what only neighbours decide is the registry's: give the kernel neighbours that agree with it
      const rule = refusal(() => {
        const kernel = decodeProgram(header, descriptors.with(k, bytes)).kernels[k]!;
        validateKernel(agreeable(program, k, kernel), k, kernel);
        const output = program.outputs.find((at) => at.kernel === k);
        const elements = kernel.loops.reduce((all, extent) => all * extent, 1);
        const declared = output?.dims.reduce((all, dim) => all * dim, 1);
        if (declared !== undefined && declared !== elements) throw new ProgramError("", { rule: "header", value: 0 });
      });
      const answer = await onChain({ header, descriptors: [bytes] }, k);
      const got = typeof answer === "string" ? answer : undefined;
      seen.set(rule ?? "valid", 1 + (seen.get(rule ?? "valid") ?? 0));
      // two reads of one result that disagree with each other: the registry sees it in what the Validator hands over
      if (rule === "V7" && typeof answer !== "string" && disagree(answer[0]!)) continue;
      if ((got === undefined) !== (rule === undefined))
        wrong.push(`seed ${seed} kernel ${k} mutation ${i}: ${got}, not ${rule}`);
      if (rule !== undefined || got !== undefined || i % 3 > 0) continue;
      const right = await judged(seed, decodeProgram(header, descriptors.with(k, bytes)), k);
      proven[right === undefined ? "unasked" : right ? "right" : "wrong"]++;
      if (right === false) wrong.push(`seed ${seed} kernel ${k} mutation ${i}: the Arbiter gives another word`);
    }
    console.log("mutated descriptors:", Object.fromEntries([...seen].sort()), "elements by the Arbiter:", proven);
    expect(wrong.slice(0, 5)).toEqual([]);
    expect(proven.right).toBeGreaterThan(MUTATIONS / 60);
  }, 900_000);

  test("mutated headers are refused, and accepted, by both", async () => {
    const random = randomFrom(2);
    const wrong: string[] = [];
    for (let i = 0; i < MUTATIONS / 20; i++) {
      const program = programOfSeed(1 + (i % 50));
      const { header, descriptors } = encoded(program);
      const bytes = mutate(random, header);
      const rule = refusal(() => validateProgram(decodeProgram(bytes, descriptors)));
      const answer = await onChain({ header: bytes, descriptors });
      const count = bytes.length >= 16 ? new DataView(bytes.buffer, bytes.byteOffset).getUint32(12) : 0;
      // fewer descriptors than kernels are a page of them here
      if (rule === "header" && typeof answer !== "string" && count > descriptors.length) continue;
      if ((typeof answer === "string") !== (rule !== undefined)) wrong.push(`mutation ${i}: ${answer}, not ${rule}`);
    }
    expect(wrong.slice(0, 5)).toEqual([]);
  });

  test("gas of a kernel", async () => {
    const worst: [number, string] = [0, ""];
    let [sum, kernels] = [0, 0];
    for (let seed = 1; seed <= 40; seed++) {
      const { header, descriptors } = encoded(programOfSeed(seed));
      const gas = Number(
        await validator.transact("checkKernels", [toHex(header), 0, descriptors.map((d) => toHex(d))]),
      );
      const each = (gas - 21_000) / descriptors.length;
      sum += gas - 21_000;
      kernels += descriptors.length;
      if (each > worst[0]) worst.splice(0, 2, each, `seed ${seed}, ${descriptors.map((d) => d.length)} bytes`);
    }
    console.log(`a kernel: ${Math.round(sum / kernels)} gas on average, ${Math.round(worst[0])} at most (${worst[1]})`);
    if (!process.env["HARDHAT_COVERAGE"]) expect(sum / kernels).toBeLessThan(150_000);
  });
});

const disagree = ({ reads }: Facts): boolean =>
  reads.some((a) => reads.some((b) => a.kernel === b.kernel && a.shape !== b.shape));

/** Facts of the Program with kernel k replaced, in which everything that it reads or stands beside agrees with it. */
function agreeable(program: Program, k: number, kernel: Program["kernels"][number]): ReturnType<typeof factsOf> {
  const facts = factsOf(program);
  const kernels = facts.kernels.map((known) => ({ ...known }));
  for (const { space, index, dtype, length } of kernel.accesses)
    if (space === 2 && index !== k && kernels[index] !== undefined && length > 0)
      kernels[index] = { ...kernels[index], outType: dtype, elements: length };
  for (const index of kernels.keys())
    if (Math.abs(index - k) === 1) {
      const groupPos = kernel.groupPos + index - k;
      kernels[index] = { ...kernels[index]!, groupPos, groupSize: kernel.groupSize, leading: kernel.loops[0] };
    }
  return { ...facts, kernels };
}
