// Valid and mutated headers and descriptors, beside what packages/program says of them.
import { toHex } from "@opengradient/commitments";
import {
  decodeProgram,
  encodeHeader,
  encodeKernel,
  factsOf,
  type Kernel,
  type Program,
  ProgramError,
  resultElements,
  validateKernel,
  validateProgram,
} from "@opengradient/program";
import { programOfSeed, type Random, randomFrom } from "@opengradient/program/random";
import { Revert } from "../evm.ts";
import type { Case } from "./case.ts";
import { claimOfSeed, rightCase } from "./proofs.ts";

export const VALIDATOR = "src/arbiter/Validator.sol";

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

/** The arguments of `checkKernels`. */
export const page = (program: Program | Encoded, first = 0): readonly unknown[] => {
  const { header, descriptors } = "kernels" in program ? encoded(program) : program;
  return [toHex(header), first, descriptors.map((bytes) => toHex(bytes))];
};

export const validatorCase = (name: string, call: string, args: readonly unknown[], fault: Case["fault"]): Case => ({
  name,
  source: VALIDATOR,
  call,
  args,
  fault,
});

/** The rule that the Validator names, or undefined for valid. */
const ruleOf = (answer: unknown): string | undefined => {
  if (!(answer instanceof Revert)) return undefined;
  return answer.errorName === "ValidatorKernel" ? `V${answer.args[0]}` : answer.errorName;
};

/** The rule that the TypeScript packages name, or undefined for valid. */
export function refusal(check: () => unknown): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    return String(error.rule);
  }
}

/** A page that breaks `rule`, or none: the Validator refuses it too, by whatever rule it meets first and with an error of its own. */
export const ruledCase = (name: string, args: readonly unknown[], rule: string | undefined): Case =>
  validatorCase(name, "checkKernels", args, (answer) => {
    const got = ruleOf(answer);
    if (answer instanceof Revert && !answer.errorName.startsWith("Validator")) return String(answer);
    return (got === undefined) === (rule === undefined) ? undefined : `${got}, not ${rule}`;
  });

const shapeOf = (outType: number, elements: number): number => outType * 2 ** 32 + elements;

/** What `want` holds is in `got`, which may hold more. */
const differs = (got: unknown, want: object): string | undefined => {
  if (typeof got !== "object" || got === null) return String(got);
  const wrong = Object.entries(want).filter(([name, value]) => {
    return JSON.stringify((got as Record<string, unknown>)[name]) !== JSON.stringify(value);
  });
  return wrong.length > 0 ? `${wrong.map(([name]) => name)} not as in ${JSON.stringify(want)}` : undefined;
};

/** Valid Programs, and the facts that the Validator hands to the registry. */
export function* validCases(programs: number): Generator<Case> {
  for (let seed = 1; seed <= programs; seed++) {
    const program = programOfSeed(seed);
    const { kernels } = factsOf(program);
    const wants = kernels.map(({ outType, elements, groupPos, groupSize }, k) => ({
      shape: shapeOf(outType, elements),
      groupPos,
      groupSize,
      leading: program.kernels[k]!.loops[0] ?? 0,
      reads: program.kernels[k]!.accesses.filter(({ space }) => space === 2).map(({ index, dtype, length }) => ({
        kernel: index,
        shape: shapeOf(dtype, length),
      })),
    }));
    yield validatorCase(`valid, seed ${seed}`, "checkKernels", page(program), (answer) =>
      answer instanceof Revert
        ? String(answer)
        : wants.map((want, k) => differs((answer as readonly unknown[])[k], want)).find((each) => each !== undefined),
    );
    const want = {
      weights: program.weights.length,
      kernels: program.kernels.length,
      outputs: program.outputs.map(({ kernel }) => kernel),
      inputs: program.inputs.map(({ dtype, dims }) =>
        shapeOf(
          dtype,
          dims.reduce((all, dim) => all * dim, 1),
        ),
      ),
    };
    const header = toHex(encodeHeader(program));
    yield validatorCase(`header, seed ${seed}`, "checkHeader", [header], (answer) => differs(answer, want));
  }
}

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

/** Mutated descriptors of 200 random Programs; of a third of what is valid the Arbiter gives an element as the reference does. */
export function* descriptorCases(mutations: number): Generator<Case> {
  const random = randomFrom(1);
  for (let i = 0; i < mutations; i++) {
    const seed = 1 + (i % 200);
    const program = programOfSeed(seed);
    const { header, descriptors } = encoded(program);
    const k = random.below(descriptors.length);
    const bytes = mutate(random, descriptors[k]!);
    const name = `mutation ${i}, seed ${seed}`;
    const rule = descriptorRule(program, k, header, descriptors.with(k, bytes));
    const question = ruledCase(name, page({ header, descriptors: [bytes] }, k), rule);
    // two reads of one result that disagree with each other: the registry sees it in what the Validator hands over
    yield unless(question, (facts) => rule === "V7" && disagree(facts[0]!));
    if (rule === undefined && i % 3 === 0)
      yield* computedCases(name, seed, decodeProgram(header, descriptors.with(k, bytes)), k);
  }
}

/** The same question, but that an acceptance which `excuse` holds for is right. */
const unless = (question: Case, excuse: (facts: readonly Facts[]) => boolean): Case => ({
  ...question,
  fault: (answer) =>
    ruleOf(answer) === undefined && excuse(answer as readonly Facts[]) ? undefined : question.fault(answer),
});

/** Element of kernel k, unless the Program as a whole is not valid, or long. */
function* computedCases(name: string, seed: number, program: Program, k: number): Generator<Case> {
  const elements = resultElements(program.kernels[k]!);
  if (refusal(() => validateProgram(program)) !== undefined || elements > MOST_ELEMENTS) return;
  yield rightCase(name, claimOfSeed(seed, program), { k, e: randomFrom(seed).below(elements) });
}

/** What only neighbours decide is the registry's: the kernel gets neighbours that agree with it. */
const descriptorRule = (
  program: Program,
  k: number,
  header: Uint8Array,
  descriptors: readonly Uint8Array[],
): string | undefined =>
  refusal(() => {
    const kernel = decodeProgram(header, descriptors).kernels[k]!;
    validateKernel(agreeable(program, k, kernel), k, kernel);
    const output = program.outputs.find((at) => at.kernel === k);
    const elements = kernel.loops.reduce((all, extent) => all * extent, 1);
    const declared = output?.dims.reduce((all, dim) => all * dim, 1);
    if (declared !== undefined && declared !== elements) throw new ProgramError("", { rule: "header", value: 0 });
  });

const disagree = ({ reads }: Facts): boolean =>
  reads.some((a) => reads.some((b) => a.kernel === b.kernel && a.shape !== b.shape));

/** Facts of the Program with kernel k replaced, in which everything that it reads or stands beside agrees with it. */
function agreeable(program: Program, k: number, kernel: Kernel): ReturnType<typeof factsOf> {
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

/** Mutated headers of 50 random Programs. */
export function* headerCases(mutations: number): Generator<Case> {
  const random = randomFrom(2);
  for (let i = 0; i < mutations; i++) {
    const { header, descriptors } = encoded(programOfSeed(1 + (i % 50)));
    const bytes = mutate(random, header);
    const rule = refusal(() => validateProgram(decodeProgram(bytes, descriptors)));
    const count = bytes.length >= 16 ? new DataView(bytes.buffer, bytes.byteOffset).getUint32(12) : 0;
    const question = ruledCase(`mutated header ${i}`, page({ header: bytes, descriptors }), rule);
    // fewer descriptors than kernels are a page of them here
    yield unless(question, () => rule === "header" && count > descriptors.length);
  }
}
