import { INSTRUCTIONS, type Instruction, type Kernel, type Tensor } from "@opengradient/program";
import { describe, expect, it } from "vitest";
import { plan } from "../src/index.ts";
import { access, type Case, coordinate, random, words } from "./builders.ts";
import { compare } from "./compare.ts";

/** Every pair of these is an operand pair. */
const WORDS = [
  0, 0x80000000, 0x3f800000, 0xbf800000, 0x3e99999a, 0xbe99999a, 0x3f000000, 0x40200000, 0xc0200000, 0x7fc00000,
  0xffc00000, 0x7f800001, 0xffa12345, 0x7f800000, 0xff800000, 1, 0x80000001, 0x007fffff, 0x00800000, 0x7f7fffff,
  0xff7fffff, 0x4f000000, 0xcf000000, 0x4effffff, 0x4b000001, 2, 3, 7, 31, 32, 33, 0x7fffffff, 0xffffffff, 0xfffffffe,
];

const N = WORDS.length;

/** result[i·N + j] = op(x[i·N + j], y[i·N + j], …); each operand from memory, or the right one the same for a row. */
function instructionCase(op: number, uniform: boolean): Case {
  const next = random(op);
  const x = words(WORDS.flatMap((word) => WORDS.map(() => word)));
  const y = words(WORDS.flatMap(() => WORDS));
  const z = words(WORDS.flatMap(() => WORDS.map(() => next())));
  const inputs: Tensor[] = [uniform ? y : x, uniform ? x : y, z];
  const source = (index: number): Parameters<typeof access>[0] => ({ space: 0, index, dtype: 1, length: N * N });
  const cell = coordinate(N * N, 1, [N, 1]);
  const accesses = [
    access(source(0), [cell]),
    // the same word for the whole row
    access(source(1), [uniform ? coordinate(N * N, 1, [N, 0]) : cell]),
    access(source(2), [cell]),
  ];
  const operands = INSTRUCTIONS[op]!.operands.length;
  const last: Instruction = [op, 16, operands > 1 ? 17 : 0, operands > 2 ? 18 : 0];
  const done: Instruction[] = [[0, 0, 0, 0], [0, 1, 0, 0], [0, 2, 0, 0], last];
  const kernel: Kernel = {
    outType: 1,
    loops: [N, N],
    folds: [],
    state: 0,
    accesses,
    constants: [],
    init: [],
    step: [],
    done,
    results: [19],
    groupPos: 0,
    groupSize: 1,
  };
  return {
    program: { inputs, weights: [], kernels: [kernel], outputs: [{ kernel: 0, dims: [N * N] }] },
    weights: [],
    inputs,
  };
}

describe("instructions on every pair of special words", () => {
  const all = INSTRUCTIONS.map(({ name }, op) => [name, op] as const).slice(1);
  it.each(all)("%s", async (_, op) => {
    for (const uniform of [false, true]) {
      const compiled = await compare(instructionCase(op, uniform));
      expect(plan(compiled)[0]!.path).toBe("vectors");
    }
  });
});

/** done: a chain of instructions over one input of special words. */
function chainCase(done: readonly Instruction[], outType: 0 | 1 | 2 | 3): Case {
  const inputs = [{ ...words([...WORDS, ...WORDS]), dtype: 0 } as const];
  const kernel: Kernel = {
    outType,
    loops: [2 * N],
    folds: [],
    state: 0,
    accesses: [access({ space: 0, index: 0, dtype: 0, length: 2 * N }, [coordinate(2 * N, 1, [1])])],
    constants: [0, 0x7f812345, 0x3f800000],
    init: [],
    step: [],
    done,
    results: [18 + done.length],
    groupPos: 0,
    groupSize: 1,
  };
  return {
    program: { inputs, weights: [], kernels: [kernel], outputs: [{ kernel: 0, dims: [2 * N] }] },
    weights: [],
    inputs,
  };
}

// registers: 16 zero, 17 a NaN with a payload, 18 one; 19 the word
const CHAINS: readonly (readonly [string, readonly Instruction[]])[] = [
  ["a move keeps a NaN's payload", [[0, 0, 0, 0]]],
  [
    "fneg of a NaN is canonical",
    [
      [0, 0, 0, 0],
      [8, 19, 0, 0],
    ],
  ],
  [
    "an f32 result seen as an integer",
    [
      [0, 0, 0, 0],
      [1, 19, 16, 0],
      [32, 20, 18, 0],
    ],
  ],
  [
    "a choice between a computed and a moved word",
    [
      [0, 0, 0, 0],
      [4, 19, 19, 0],
      [12, 19, 18, 0],
      [36, 21, 20, 19],
    ],
  ],
  [
    "a choice between a computed word and a constant NaN",
    [
      [0, 0, 0, 0],
      [2, 19, 19, 0],
      [14, 19, 19, 0],
      [36, 21, 17, 20],
    ],
  ],
  [
    "a choice between two computed words",
    [
      [0, 0, 0, 0],
      [2, 19, 19, 0],
      [3, 19, 19, 0],
      [12, 20, 19, 0],
      [36, 22, 20, 21],
    ],
  ],
  [
    "relu",
    [
      [0, 0, 0, 0],
      [1, 19, 19, 0],
      [12, 20, 16, 0],
      [36, 21, 16, 20],
    ],
  ],
  [
    "a computed word as a condition",
    [
      [0, 0, 0, 0],
      [3, 19, 16, 0],
      [36, 20, 18, 19],
    ],
  ],
  [
    "an f32 made of an integer's bits",
    [
      [0, 0, 0, 0],
      [17, 19, 18, 0],
      [3, 20, 18, 0],
    ],
  ],
  [
    "a comparison as a number",
    [
      [0, 0, 0, 0],
      [12, 19, 18, 0],
      [15, 20, 0, 0],
      [17, 21, 20, 0],
    ],
  ],
];

describe("NaNs and stores", () => {
  it.each(CHAINS)("%s", async (_, done) => {
    for (const outType of [0, 1, 2, 3] as const) await compare(chainCase(done, outType));
  });
});
