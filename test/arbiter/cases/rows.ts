// Rows of dot folds that begin or end outside their box or their tensor, on either side, in either direction; nested folds.
import { dotPattern, type Instruction, type Kernel, type Program } from "@opengradient/program";
import { randomFrom } from "@opengradient/program/random";
import { programWith } from "../../../packages/program/test/programs.ts";
import type { Case } from "./case.ts";
import { claimOfSeed, rightCase } from "./proofs.ts";

const N = 9;

/** `step` of each pattern; constants 16 and 17 are what the bytes of a side are less by. */
const STEPS: Readonly<Record<string, readonly Instruction[]>> = {
  f32: [
    [0, 0, 0, 0],
    [0, 1, 0, 0],
    [3, 18, 19, 0],
    [1, 0, 20, 0],
  ],
  i8: [
    [0, 0, 0, 0],
    [0, 1, 0, 0],
    [19, 18, 19, 0],
    [17, 0, 20, 0],
  ],
  i8Left: [
    [0, 0, 0, 0],
    [18, 18, 16, 0],
    [0, 1, 0, 0],
    [19, 19, 20, 0],
    [17, 0, 21, 0],
  ],
  i8Both: [
    [0, 0, 0, 0],
    [18, 18, 16, 0],
    [0, 1, 0, 0],
    [18, 20, 17, 0],
    [19, 19, 21, 0],
    [17, 0, 22, 0],
  ],
};

/** Twelve rows of N pairs, one for each pair of bases that two loops give. */
export function* rowCases(programs: number): Generator<Case> {
  const random = randomFrom(12);
  for (let i = 0; i < programs; i++) {
    const pattern = random.oneIn(2) ? "f32" : random.pick(Object.keys(STEPS));
    const real = pattern === "f32";
    const side = (index: 0 | 1) => {
      const coef = real ? random.pick([-3, -1, -1, 0, 1, 1, 2]) : 1;
      const extent = random.between(N - 4, 2 * N);
      const inner = { base: coef < 0 ? random.between(0, 2 * N) : random.between(-N, 3), extent, stride: 1 };
      // the loops move the row, the fold walks along it
      const coordinates = [{ ...inner, coef: [0, 0, coef].with(index, random.pick([-2, 1, 3])) }];
      if (random.oneIn(3)) coordinates.push({ base: 0, extent: 3, stride: random.pick([1, 5]), coef: [1, 0, 0] });
      const dtype = real ? (0 as const) : random.pick([2, 3] as const);
      const length = random.between(N - 3, 2 * N + 3);
      const elseWord = random.pick([0, 7, real ? 0x3f800000 : 0xffffff85]);
      return { space: 0 as const, index, dtype, length, elseWord, dynMask: 0, coordinates };
    };
    const step = STEPS[pattern]!;
    const kernel: Kernel = {
      ...{ outType: real ? 0 : 1, loops: [4, 3], folds: [N], state: 1, constants: [3, 0xfffffffb], init: [], done: [] },
      ...{ accesses: [side(0), side(1)], step, results: [16, 17 + step.length, 0], groupPos: 0, groupSize: 1 },
    };
    if (dotPattern(kernel) === undefined) throw new Error(`${pattern} is no dot fold`);
    const inputs = kernel.accesses.map(({ dtype, length }) => ({ dtype, dims: [length] }));
    const program: Program = programWith(kernel, { inputs });
    const claim = claimOfSeed(i, program);
    for (const e of [0, random.below(12), 11]) yield rightCase(`row ${i} of ${pattern},`, claim, { k: 0, e });
  }
}

/** Sums over one to four nested folds, each of which moves what is read. */
export function* nestCases(programs: number): Generator<Case> {
  const random = randomFrom(13);
  for (let i = 0; i < programs; i++) {
    const folds = Array.from({ length: 1 + (i % 4) }, () => random.between(2, 3));
    const coef = [1, ...folds.map(() => random.between(1, 5))];
    const coordinates = [{ base: random.between(-2, 2), extent: random.between(30, 60), stride: 1, coef }];
    const access = { space: 0 as const, index: 0, dtype: 0 as const, length: 50, elseWord: 7, dynMask: 0, coordinates };
    const step: readonly Instruction[] = [
      [0, 0, 0, 0],
      [1, 0, 17, 0],
    ];
    const kernel: Kernel = {
      ...{ outType: 0, loops: [4], folds, state: 1, constants: [0], init: [], done: [] },
      ...{ accesses: [access], step, results: [16, 18, 0], groupPos: 0, groupSize: 1 },
    };
    const claim = claimOfSeed(i, programWith(kernel, { inputs: [{ dtype: 0, dims: [50] }] }));
    for (const e of [0, 3]) yield rightCase(`nest ${i},`, claim, { k: 0, e });
  }
}
