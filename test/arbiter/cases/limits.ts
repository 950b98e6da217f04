// Kernels and headers at each limit of the rules, and one step beyond it.
import { toHex } from "@opengradient/commitments";
import {
  type Access,
  decodeHeader,
  encodeHeader,
  encodeKernel,
  INSTRUCTIONS,
  type Instruction,
  type Kernel,
  type Program,
  type TensorInfo,
  validateProgram,
} from "@opengradient/program";
import { kernelWith } from "../../../packages/program/test/programs.ts";
import type { Case } from "./case.ts";
import { page, refusal, ruledCase, validatorCase } from "./validity.ts";

const times = <T>(count: number, item: T): T[] => Array<T>(count).fill(item);

const map = (parts: Partial<Kernel>): Kernel => kernelWith({ constants: [0], results: [16], ...parts });

/** A fold of one state word, with one constant. */
const fold = (parts: Partial<Kernel>): Kernel => map({ folds: [2], state: 1, results: [16, 16, 0], ...parts });

const access = (parts: Partial<Access>): Access => ({
  ...{ space: 0, index: 0, dtype: 0, length: 4, elseWord: 0, dynMask: 0, coordinates: [] },
  ...parts,
});

type Box = { readonly base?: number; readonly extent?: number; readonly stride?: number; readonly coef?: number[] };

const box = ({ base = 0, extent = 4, stride = 1, coef = [0] }: Box) => ({ base, extent, stride, coef });

const reading = (parts: Partial<Access>, rest: Partial<Kernel> = {}): Kernel =>
  map({ accesses: [access(parts)], ...rest });

const boxed = (...boxes: Box[]): Kernel => reading({ coordinates: boxes.map(box) });

const negation: Instruction = [8, 16, 0, 0];

function counts(): Kernel[] {
  const constants = times(64, 0);
  return [
    ...[8, 9].map((r) => map({ loops: times(r, 2) })),
    ...[
      [2 ** 15, 2 ** 15],
      [2 ** 15, 2 ** 14, 3],
      [4, 1],
      [1, 4],
    ].map((loops) => map({ loops })),
    ...[4, 5].map((s) => fold({ folds: times(s, 2) })),
    ...[[1], [2, 1]].map((folds) => fold({ folds })),
    ...[4, 5].map((state) => fold({ state, results: [...times(2 * state, 16), 0] })),
    fold({ state: 0, results: [16] }),
    fold({ folds: [] }),
    map({ init: [negation] }),
    map({ step: [negation] }),
    ...[16, 17].map((count) => map({ accesses: times(count, access({})) })),
    ...[64, 65].map((count) => map({ constants: times(count, 0) })),
    ...[176, 177].flatMap((count) => {
      const code = times(count, negation);
      return [fold({ constants, init: code }), fold({ constants, step: code }), fold({ constants, done: code })];
    }),
    map({ outType: 3 }),
    map({ outType: 4 as never }),
    ...[59, 60].map(long),
  ];
}

/** A descriptor of 4,096 bytes, with 59 constants. */
const long = (constants: number): Kernel => {
  const coordinates = times(5, box({ coef: times(12, 0) }));
  return fold({
    ...{ loops: times(8, 2), folds: times(4, 2) },
    ...{ accesses: times(12, access({ coordinates })), constants: times(constants, 0) },
  });
};

function accesses(): Kernel[] {
  const reach = 2 ** 30 - 1;
  return [
    ...[5, 6].map((count) => boxed(...times(count, {}))),
    ...[1, 2, 3].map((dynMask) => reading({ dynMask, coordinates: [box({})] })),
    ...[3, 5, 6, 7].map((dynMask) => reading({ dynMask, coordinates: times(3, box({})) })),
    reading({ dynMask: 1 }),
    reading({ dtype: 4 as never }),
    ...[0, 3, 5].map((length) => reading({ length })),
    reading({ dtype: 1 }),
    ...[1, 2].map((index) => reading({ index })),
    reading({ space: 1 }),
    reading({ space: 1, index: 1 }),
    reading({ space: 3 as never }),
    ...[0, 1].map((index) => reading({ space: 2, index })),
    reading({ space: 2, dtype: 1, index: 0 }),
    reading({ space: 2, dtype: 1, index: 0, length: 1 }, { loops: [] }),
    ...[0, 1, reach, reach + 1].map((extent) => boxed({ extent, stride: 0 })),
    ...[2 ** 31 - 1, 2 ** 31].map((stride) => boxed({ extent: 2, stride })),
    ...[2 ** 30 - 1, 2 ** 30].map((stride) => boxed({ extent: 2, stride: 2 ** 30 }, { extent: 2, stride })),
    ...[reach, reach + 1, -reach, -reach - 1].map((base) => boxed({ base })),
    // three times the coefficient, in a loop and in a fold
    ...[reach / 3, reach / 3 + 1, -reach / 3, -reach / 3 - 1].flatMap((coef) => [
      boxed({ coef: [coef] }),
      fold({ folds: [4], accesses: [access({ coordinates: [box({ coef: [0, coef] })] })] }),
    ]),
    boxed({ base: 1, coef: [-reach / 3] }),
    boxed({ base: reach }, { base: reach }),
  ];
}

/** Registers readable and not, in each segment; operands that must be 0. */
function code(): Kernel[] {
  const two = { loops: [2, 2], folds: [2, 2], state: 2, constants: [0, 0] };
  const registers = [0, 1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 255];
  const within = (segment: "init" | "step" | "done", instruction: Instruction): Kernel =>
    fold({ ...two, results: [16, 16, 16, 16, 0], [segment]: [negation, instruction] });
  const segments = ["init", "step", "done"] as const;
  return [
    ...segments.flatMap((segment) => registers.map((register) => within(segment, [8, register, 0, 0]))),
    ...registers.flatMap((register) =>
      [0, 1, 2, 3, 4].map((place) => fold({ ...two, results: times(5, 16).with(place, register) })),
    ),
    ...INSTRUCTIONS.filter(({ op }) => op > 0).flatMap(({ op, operands }) =>
      [1, 2, 3].flatMap((place) => {
        const good: Instruction = [op, 16, operands.length > 1 ? 16 : 0, operands.length > 2 ? 16 : 0];
        // unreadable where it is an operand, not 0 where it is none
        return [map({ done: [good.with(place, 99) as unknown as Instruction] }), map({ done: [good] })];
      }),
    ),
    map({ done: [[37, 16, 0, 0]] }),
    ...loads(),
  ];
}

function loads(): Kernel[] {
  const operands = [
    [0, 0],
    [16, 0],
    [0, 16],
    [16, 16],
    [99, 0],
    [99, 16],
    [16, 99],
  ] as const;
  return [0, 1, 2, 3].flatMap((dynMask) =>
    operands.flatMap(([b, c]) => {
      const coordinates = times(2, box({}));
      const done: Instruction[] = [[0, 0, b, c]];
      return [reading({ dynMask, coordinates }, { done }), reading({}, { done: [[0, 1, b, c]] })];
    }),
  );
}

const INPUTS: readonly TensorInfo[] = [
  { dtype: 0, dims: [4] },
  { dtype: 0, dims: [2, 2] },
];
const WEIGHTS: readonly TensorInfo[] = [{ dtype: 0, dims: [4] }];

/** Kernel 0 is no output: the header's rules say nothing of it. */
const alone = (kernel: Kernel): Program => {
  const last = map({});
  const outputs = [{ kernel: 1, dims: last.loops }];
  return { inputs: INPUTS, weights: WEIGHTS, kernels: [kernel, last], outputs };
};

/** Groups of `groupSize` of `count` kernels; kernel 0 stands at `groupPos`. */
const group = (count: number, groupSize: number, rest: Partial<Kernel> = {}): Program => {
  const kernels = Array.from({ length: count }, (_, groupPos) => map({ groupPos, groupSize, ...rest }));
  return { inputs: [], weights: [], kernels, outputs: [{ kernel: 0, dims: kernels[0]!.loops }] };
};

function groups(): Program[] {
  return [
    group(2, 2),
    group(1, 2),
    group(2, 2, { loops: [] }),
    group(1, 1, { loops: [] }),
    group(1, 0),
    group(1, 1, { groupPos: 1 }),
    group(2, 2, { groupPos: 1 }),
    group(4096, 4096),
    group(4097, 4097),
  ];
}

const header = (parts: Partial<Program>): Program => ({ ...alone(map({})), ...parts });

function headers(): Program[] {
  const one: TensorInfo = { dtype: 0, dims: [] };
  const shapes = [times(8, 1), times(9, 1), [2 ** 15, 2 ** 15], [2 ** 15, 2 ** 15, 2], [2 ** 30 + 1], [0], [4, 0]];
  const many = group(258, 1).kernels;
  const outputs = (count: number) => many.slice(0, count).map((_, kernel) => ({ kernel, dims: [4] }));
  return [
    ...[256, 257].map((count) => header({ inputs: times(count, one) })),
    ...[256, 257].map((count) => header({ kernels: many, outputs: outputs(count) })),
    ...[65_536, 65_537].flatMap((count) => [
      header({ weights: times(count, one) }),
      header({ kernels: times(count, many[0]!) }),
    ]),
    header({ kernels: [] }),
    header({ outputs: [] }),
    ...[3, 4].map((dtype) => header({ inputs: [{ dtype: dtype as never, dims: [] }] })),
    ...shapes.flatMap((dims) => [
      header({ inputs: [{ dtype: 0, dims }] }),
      header({ weights: [one, { dtype: 3, dims }] }),
      header({ outputs: [{ kernel: 0, dims }] }),
    ]),
    ...[
      [0, 0],
      [1, 0],
      [0, 258],
      [0, 257],
    ].map((list) => header({ kernels: many, outputs: list.map((kernel) => ({ kernel, dims: [4] })) })),
    header({ outputs: [{ kernel: 0, dims: [5] }] }),
  ];
}

/** Each limit, and one step beyond it: valid and not as in packages/program. */
export function* limitCases(): Generator<Case> {
  for (const [i, kernel] of [...counts(), ...accesses(), ...code()].entries()) {
    const program = alone(kernel);
    yield ruledCase(
      `limit ${i}`,
      page({ header: encodeHeader(program), descriptors: [encodeKernel(kernel, 0)] }),
      refusal(() => validateProgram(program)),
    );
  }
  const header = encodeHeader(alone(map({})));
  yield ruledCase("no bytes", page({ header, descriptors: [new Uint8Array()] }), "V1");
  for (const [i, program] of groups().entries()) {
    const [first] = program.kernels;
    yield ruledCase(
      `group ${i}`,
      page({ header: encodeHeader(program), descriptors: [encodeKernel(first!, 0)] }),
      refusal(() => validateProgram(program)),
    );
  }
  for (const [i, program] of headers().entries()) {
    const bytes = encodeHeader(program);
    const rule = refusal(() => decodeHeader(bytes));
    yield validatorCase(`header limit ${i}`, "checkHeader", [toHex(bytes)], (answer) =>
      answer instanceof Error === (rule !== undefined) ? undefined : `${answer}, not ${rule}`,
    );
  }
}
