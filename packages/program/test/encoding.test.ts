import { toHex } from "@opengradient/commitments";
import { describe, expect, it } from "vitest";
import {
  decodeHeader,
  decodeKernel,
  decodeProgram,
  descriptorLength,
  encodeHeader,
  encodeKernel,
  type Program,
  ProgramError,
  validateProgram,
} from "../src/index.ts";
import { programOfSeed, type Random, randomFrom } from "../src/random/index.ts";
import { kernelWith, programWith } from "./programs.ts";

const SEEDS = Array.from({ length: 60 }, (_, seed) => seed);
const bytesOf = (program: Program): Uint8Array[] => [
  encodeHeader(program),
  ...program.kernels.map((kernel, k) => encodeKernel(kernel, k)),
];

describe("encoding", () => {
  it("is the layout of the spec", () => {
    const kernel = kernelWith({
      outType: 0,
      folds: [3],
      state: 1,
      accesses: [
        {
          ...{ space: 1, index: 2, dtype: 0, length: 12, elseWord: 0x80000000, dynMask: 1 },
          coordinates: [{ base: -1, extent: 12, stride: 5, coef: [3, -1] }],
        },
      ],
      constants: [0x3f800000],
      step: [[0, 0, 4, 0]],
      results: [16, 17, 0],
      groupPos: 1,
      groupSize: 258,
    });
    expect(toHex(encodeKernel(kernel))).toBe(
      `0x${[
        "01000101" + "01010100",
        "00010000" + "00010102",
        "00000004" + "00000003",
        "01010100" + "00000002" + "0000000c" + "80000000",
        "ffffffff" + "0000000c" + "00000005" + "00000003" + "ffffffff",
        "3f800000",
        "00000400",
        "10110000",
      ].join("")}`,
    );
  });

  it("of a header is the layout of the spec", () => {
    const program: Program = {
      inputs: [{ dtype: 3, dims: [] }],
      weights: [{ dtype: 0, dims: [2, 3] }],
      kernels: [kernelWith({})],
      outputs: [{ kernel: 0, dims: [4] }],
    };
    expect(toHex(encodeHeader(program))).toBe(
      `0x${[
        "01000000",
        "00000001" + "00000001" + "00000001" + "00000001",
        "00000000",
        "0300",
        "0002" + "00000002" + "00000003",
        "01" + "00000004",
      ].join("")}`,
    );
  });

  it("goes both ways", () => {
    for (const seed of SEEDS) {
      const program = programOfSeed(seed);
      const [header, ...descriptors] = bytesOf(program);
      expect(decodeProgram(header!, descriptors), `seed ${seed}`).toEqual(program);
      expect(program.kernels.map(descriptorLength)).toEqual(descriptors.map(({ length }) => length));
    }
  });

  it("refuses values that their fields can not hold", () => {
    for (const parts of [{ constants: [-1] }, { constants: [2 ** 32] }, { groupSize: 65_536 }, { loops: [2.5] }])
      expect(() => encodeKernel(kernelWith(parts))).toThrow(ProgramError);
  });
});

/** A copy with a byte changed, dropped or inserted. */
function mutate(random: Random, bytes: Uint8Array): Uint8Array {
  const at = random.below(bytes.length);
  const rest = [...bytes];
  const kind = random.below(4);
  if (kind === 0) rest.splice(at, 1);
  else if (kind === 1) rest.splice(at, 0, random.below(256));
  else if (kind === 2) rest.length = at;
  else rest[at] = rest[at]! ^ (1 << random.below(8));
  return Uint8Array.from(rest);
}

describe("decoding mutated bytes", () => {
  it("gives a kernel with that very encoding, or a ProgramError", () => {
    const random = randomFrom(77);
    let decoded = 0;
    let refused = 0;
    for (const seed of SEEDS)
      for (const bytes of bytesOf(programOfSeed(seed)).slice(1))
        for (let n = 0; n < 20; n++) {
          const bent = mutate(random, bytes);
          try {
            expect(encodeKernel(decodeKernel(bent))).toEqual(bent);
            decoded++;
          } catch (error) {
            expect(error).toBeInstanceOf(ProgramError);
            refused++;
          }
        }
    expect(Math.min(decoded, refused)).toBeGreaterThan(1_000);
  });

  it("gives a header with that very encoding, or a ProgramError", () => {
    const random = randomFrom(78);
    let refused = 0;
    for (const seed of SEEDS) {
      const program = programOfSeed(seed);
      for (let n = 0; n < 50; n++) {
        const bent = mutate(random, encodeHeader(program));
        try {
          const { kernelCount, ...rest } = decodeHeader(bent);
          const kernels = Array.from({ length: kernelCount }, () => program.kernels[0]!);
          expect(encodeHeader({ ...rest, kernels })).toEqual(bent);
        } catch (error) {
          expect(error).toBeInstanceOf(ProgramError);
          refused++;
        }
      }
    }
    expect(refused).toBeGreaterThan(1_000);
  });

  it("never lets a valid kernel through that evaluation could not take", () => {
    const random = randomFrom(79);
    for (const seed of SEEDS) {
      const program = programOfSeed(seed);
      for (const [k, kernel] of program.kernels.entries()) {
        const bent = mutate(random, encodeKernel(kernel));
        try {
          validateProgram({ ...program, kernels: program.kernels.with(k, decodeKernel(bent, k)) });
        } catch (error) {
          expect(error).toBeInstanceOf(ProgramError);
        }
      }
    }
  });

  it("refuses counts that promise more than there is, at once", () => {
    const header = encodeHeader(programWith(kernelWith({})));
    header.set([255, 255, 255, 255], 8);
    expect(() => decodeHeader(header)).toThrow(/bytes end before/);
  });

  it("refuses a Program with another number of kernels", () => {
    const program = programWith(kernelWith({}));
    expect(() => decodeProgram(encodeHeader(program), [])).toThrow(/counts 1 kernels, there are 0/);
  });
});
