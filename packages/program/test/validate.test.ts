import { describe, expect, it } from "vitest";
import {
  type Access,
  type Coordinate,
  encodeKernel,
  type Kernel,
  OP,
  type Program,
  ProgramError,
  type Rule,
  validateProgram,
} from "../src/index.ts";
import { kernelWith, programWith } from "./programs.ts";

const at = (parts: Partial<Coordinate> = {}): Coordinate => ({ base: 0, extent: 8, stride: 1, coef: [1], ...parts });
const access = (parts: Partial<Access> = {}): Access => ({
  ...{ space: 0, index: 0, dtype: 1, length: 8, elseWord: 0, dynMask: 0, coordinates: [at()] },
  ...parts,
});
const input = { inputs: [{ dtype: 1, dims: [8] }] } as const satisfies Partial<Program>;
const reading = (parts: Partial<Access>, kernel: Partial<Kernel> = {}): Program =>
  programWith(kernelWith({ accesses: [access(parts)], done: [[OP.ld, 0, 0, 0]], results: [16], ...kernel }), input);

const fold = (parts: Partial<Kernel> = {}): Kernel =>
  kernelWith({
    folds: [3],
    state: 1,
    constants: [0],
    init: [],
    step: [[OP.iadd, 0, 12, 0]],
    results: [16, 17, 0],
    ...parts,
  });

const group = (second: Partial<Kernel>, first: Partial<Kernel> = {}): Program => ({
  ...{ inputs: [], weights: [] },
  kernels: [kernelWith({ groupSize: 2, ...first }), kernelWith({ groupPos: 1, groupSize: 2, ...second })],
  outputs: [{ kernel: 1, dims: [4] }],
});

const many = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);

type Case = readonly [rule: Rule, what: string, program: Program];

const BROKEN: readonly Case[] = [
  ["V1", "dtype 4", programWith(kernelWith({ outType: 4 as 3 }))],
  ["V1", "op 37", programWith(kernelWith({ done: [[37, 4, 4, 4]] }))],
  ["V1", "an unused operand", programWith(kernelWith({ done: [[OP.fneg, 4, 1, 0]] }))],
  [
    "V1",
    "more than 4096 bytes",
    programWith(
      kernelWith({
        accesses: many(16, access({ coordinates: many(5, at({ coef: many(8, 0) })) })),
        loops: many(8, 2),
        done: many(200, [OP.iadd, 4, 4, 0]),
      }),
      input,
    ),
  ],
  ["V1", "a coefficient too many", reading({ coordinates: [at({ coef: [1, 1] })] })],
  ["V1", "a fractional constant", programWith(kernelWith({ constants: [0.5] }))],
  ["V1", "a result register too few", programWith(kernelWith({ results: [] }))],
  ["V2", "nine loops", programWith(kernelWith({ loops: many(9, 2) }), { outputs: [{ kernel: 0, dims: [512] }] })],
  ["V2", "five folds", programWith(fold({ folds: many(5, 2) }))],
  ["V2", "an extent of 1", programWith(kernelWith({ loops: [4, 1] }))],
  [
    "V2",
    "2^31 elements",
    programWith(kernelWith({ loops: [2 ** 16, 2 ** 15] }), { outputs: [{ kernel: 0, dims: [2] }] }),
  ],
  ["V2", "2^21 steps", programWith(fold({ folds: [2 ** 21] }))],
  ["V3", "five state words", programWith(fold({ state: 5, results: many(11, 16) }))],
  ["V3", "folds without state", programWith(kernelWith({ folds: [2] }))],
  ["V3", "state without folds", programWith(kernelWith({ state: 1, results: [4, 4, 4] }))],
  ["V3", "step in a map", programWith(kernelWith({ step: [[OP.iadd, 4, 4, 0]] }))],
  ["V3", "17 accesses", programWith(kernelWith({ accesses: many(17, access()) }), input)],
  ["V3", "six coordinates", reading({ coordinates: many(6, at({ extent: 1 })) })],
  ["V3", "65 constants", programWith(kernelWith({ constants: many(65, 1) }))],
  ["V3", "241 registers", programWith(kernelWith({ constants: [1], done: many(240, [OP.iadd, 4, 4, 0]) }))],
  ["V4", "a dynamic coordinate that is not there", reading({ dynMask: 2 })],
  ["V4", "three dynamic coordinates", reading({ dynMask: 7, coordinates: many(3, at({ extent: 2 })) })],
  ["V5", "a later instruction", programWith(kernelWith({ done: [[OP.iadd, 4, 16, 0]] }))],
  ["V5", "a loop that is not there", programWith(kernelWith({ done: [[OP.iadd, 5, 4, 0]] }))],
  ["V5", "a fold index in done", programWith(fold({ done: [[OP.iadd, 12, 0, 0]] }))],
  ["V5", "a fold index in init", programWith(fold({ init: [[OP.iadd, 12, 4, 0]] }))],
  ["V5", "state in init", programWith(fold({ init: [[OP.iadd, 0, 4, 0]] }))],
  ["V5", "state beyond S", programWith(fold({ done: [[OP.iadd, 1, 0, 0]] }))],
  ["V5", "state in a map", programWith(kernelWith({ done: [[OP.iadd, 0, 4, 0]] }))],
  ["V5", "an access that is not there", programWith(kernelWith({ done: [[OP.ld, 0, 0, 0]] }))],
  ["V5", "a register for a static coordinate", reading({}, { done: [[OP.ld, 0, 4, 0]] })],
  ["V5", "an unreadable register for a dynamic coordinate", reading({ dynMask: 1 }, { done: [[OP.ld, 0, 16, 0]] })],
  ["V5", "an unreadable result", programWith(kernelWith({ results: [16] }))],
  ["V5", "a step register after done", programWith(fold({ results: [16, 17, 17] }))],
  ["V6", "a far base", reading({ coordinates: [at({ base: -(2 ** 30) + 3 })] })],
  ["V6", "a far coefficient", reading({ coordinates: [at({ coef: [2 ** 29] })] })],
  ["V6", "a box without extent", reading({ coordinates: [at({ extent: 0 })] })],
  ["V6", "a box of 2^30", reading({ coordinates: [at({ extent: 2 ** 30 })] })],
  ["V6", "2^31 elements in the box", reading({ coordinates: [at({ extent: 3, stride: 2 ** 30 })] })],
  ["V7", "space 3", reading({ space: 3 as 2 })],
  ["V7", "an input that is not there", reading({ index: 1 })],
  ["V7", "a weight that is not there", reading({ space: 1 })],
  ["V7", "a later kernel", reading({ space: 2, index: 1, length: 4 })],
  ["V7", "another dtype", reading({ dtype: 0 })],
  ["V7", "another length", reading({ length: 7 })],
  ["V7", "another length of its own", reading({ space: 2, index: 0, length: 5 })],
  ["V8", "an empty group", programWith(kernelWith({ groupSize: 0 }))],
  ["V8", "a group of 4097", programWith(kernelWith({ groupSize: 4097 }))],
  ["V8", "a position beyond the group", programWith(kernelWith({ groupPos: 1, groupSize: 1 }))],
  ["V8", "a group beyond the Program", programWith(kernelWith({ groupSize: 2 }))],
  ["V8", "a group before the Program", programWith(kernelWith({ groupPos: 1, groupSize: 2 }))],
  ["V8", "a neighbour out of place", group({ groupPos: 0, groupSize: 1 })],
  ["V8", "a neighbour with another T", group({}, { loops: [2, 2] })],
  [
    "V8",
    "a group without loops",
    {
      ...group({ loops: [] }, { loops: [] }),
      kernels: [
        kernelWith({ loops: [], constants: [1], results: [16], groupSize: 2 }),
        kernelWith({ loops: [], constants: [1], results: [16], groupPos: 1, groupSize: 2 }),
      ],
    },
  ],
  [
    "V8",
    "a scalar that reads itself",
    reading({ space: 2, index: 0, length: 1, coordinates: [at({ coef: [] })] }, { loops: [] }),
  ],
  ["V9", "too much gas", programWith(fold({ folds: [2 ** 14], step: many(10, [OP.fadd, 0, 12, 0]) }))],
  [
    "V9",
    "too many bytes",
    programWith(
      fold({
        folds: [300],
        accesses: [access({ length: 2 ** 16, coordinates: [at({ extent: 2 ** 16, coef: [0, 128] })] })],
        step: [[OP.ld, 0, 0, 0]],
        results: [16, 17, 0],
      }),
      { inputs: [{ dtype: 1, dims: [2 ** 16] }] },
    ),
  ],
  ["header", "no outputs", programWith(kernelWith({}), { outputs: [] })],
  ["header", "outputs that do not ascend", programWith(kernelWith({}), { outputs: many(2, { kernel: 0, dims: [4] }) })],
  ["header", "an output beyond the kernels", programWith(kernelWith({}), { outputs: [{ kernel: 1, dims: [4] }] })],
  ["header", "an output of other dims", programWith(kernelWith({}), { outputs: [{ kernel: 0, dims: [5] }] })],
  ["header", "an empty dim", programWith(kernelWith({}), { inputs: [{ dtype: 0, dims: [0] }] })],
  ["header", "rank 9", programWith(kernelWith({}), { inputs: [{ dtype: 0, dims: many(9, 1) }] })],
  ["header", "2^31 elements", programWith(kernelWith({}), { inputs: [{ dtype: 0, dims: [2 ** 16, 2 ** 15] }] })],
  ["header", "dtype 4", programWith(kernelWith({}), { inputs: [{ dtype: 4 as 3, dims: [1] }] })],
  ["header", "no kernels", { inputs: [], weights: [], kernels: [], outputs: [{ kernel: 0, dims: [1] }] }],
  ["header", "257 inputs", programWith(kernelWith({}), { inputs: many(257, { dtype: 0, dims: [1] }) })],
];

function ruleBroken(program: Program): Rule | undefined {
  try {
    validateProgram(program);
  } catch (error) {
    if (error instanceof ProgramError) return error.rule;
    throw error;
  }
  return undefined;
}

describe("validity", () => {
  it.each(BROKEN)("%s: %s", (rule, _, program) => {
    expect(ruleBroken(program)).toBe(rule);
  });

  it("accepts the programs that the cases are bent from", () => {
    for (const program of [
      programWith(kernelWith({})),
      reading({}),
      programWith(fold()),
      group({}),
      reading({ space: 2, index: 0, length: 4 }),
    ])
      expect(ruleBroken(program)).toBeUndefined();
  });

  it("accepts what lies on the limits", () => {
    const on: Program[] = [
      reading({ coordinates: [at({ base: -(2 ** 30) + 4 })] }),
      reading({ coordinates: [at({ extent: 2 ** 30 - 1 })] }),
      reading({ coordinates: [at({ extent: 2, stride: 2 ** 31 - 1 })] }),
      programWith(kernelWith({ loops: many(8, 2) })),
      programWith(kernelWith({ constants: many(64, 1), done: many(176, [OP.iadd, 4, 4, 0]) })),
      programWith(fold({ state: 4, results: [16, 16, 16, 16, 0, 1, 2, 3, 3], step: [] })),
      reading({ dynMask: 5, coordinates: many(3, at({ extent: 2 })) }, { done: [[OP.ld, 0, 4, 4]] }),
    ];
    for (const program of on) expect(ruleBroken(program)).toBeUndefined();
  });

  it("says where and with which value", () => {
    const program = programWith(
      kernelWith({
        done: [
          [OP.iadd, 4, 4, 0],
          [OP.iadd, 4, 99, 0],
        ],
      }),
    );
    expect(() => validateProgram(program)).toThrow(
      expect.objectContaining({
        rule: "V5",
        kernel: 0,
        instruction: 1,
        value: 99,
        message: expect.stringMatching(/register 99/),
      }),
    );
    expect(() => encodeKernel(kernelWith({ groupPos: 70_000 }), 7)).toThrow(/V1, kernel 7: groupPos is 70000/);
  });
});
