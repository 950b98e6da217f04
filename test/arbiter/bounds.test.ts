import {
  type Access,
  type Cost,
  costOf,
  type Dtype,
  dotPattern,
  factsOf,
  INSTRUCTIONS,
  type Instruction,
  type Kernel,
  type Program,
  type TensorInfo,
  validateProgram,
  witnessElement,
} from "@opengradient/program";
import { encodeFunctionData } from "viem";
import { afterAll, describe, expect, test } from "vitest";
import { claimOf, honestClaim, proofOf } from "./claim.ts";
import { onEvm } from "./onEvm.ts";

/** What the formula's 150,000 hold beside `prove`: the transaction's 21,000, opening, verdict and waterfall. */
const COURT = 81_000;

const access = (parts: Partial<Access>): Access => ({
  ...{ space: 0, index: 0, dtype: 0, length: 64, elseWord: 0x3f800000, dynMask: 0, coordinates: [] },
  ...parts,
});

const kernelOf = (parts: Partial<Kernel>): Kernel => ({
  ...{ outType: 1, loops: [4], folds: [], state: 0, accesses: [], constants: [0] },
  ...{ init: [], step: [], done: [], results: [16], groupPos: 0, groupSize: 1 },
  ...parts,
});

const times = <T>(count: number, item: T): T[] => Array<T>(count).fill(item);

/** Kernels in which one term of the formula outweighs all others: none may cost more than the formula says. */
describe.skipIf(process.env["HARDHAT_COVERAGE"] !== undefined)("each term of the cost formula", () => {
  const [arbiter, meter] = onEvm("src/arbiter/Arbiter.sol", "test/arbiter/GasMeter.sol");
  const shares: [number, string][] = [];
  afterAll(() => {
    const most = shares.sort(([a], [b]) => b - a).slice(0, 5);
    console.log(
      "nearest to the formula:",
      most.map(([share, name]) => `${name} ${(100 * share).toFixed(0)} %`).join(", "),
    );
  });

  /** Proves element 0 of a lie about it; gas to execute beside what the formula allows for it without calldata. */
  async function check(name: string, kernel: Kernel, word = 0x3f3f3f3f): Promise<Cost> {
    const inputs: TensorInfo[] = [];
    for (const { index, dtype, length } of kernel.accesses) inputs[index] = { dtype, dims: [length] };
    const program: Program = { inputs, weights: [], kernels: [kernel], outputs: [{ kernel: 0, dims: kernel.loops }] };
    validateProgram(program);
    const tensors = inputs.map((info) => {
      const data = new Uint8Array(info.dims[0]! * (info.dtype < 2 ? 4 : 1));
      for (let i = 0; i < data.length; i++) data[i] = (word >>> (8 * (i % 4))) & 0xff;
      return { ...info, data };
    });
    const honest = honestClaim(program, [], tensors);
    const result = Uint8Array.from(honest.results[0]!);
    result[0]! ^= 1;
    const lie = claimOf(program, { ...honest, results: [result] });
    const witness = witnessElement(program, 0, 0, lie.committed);
    const data = encodeFunctionData({
      abi: arbiter.abi,
      functionName: "proveElement",
      args: proofOf(lie, 0, 0, witness),
    });
    const gas = Number(await meter.call("measure", [arbiter.address, data]));
    const cost = costOf(factsOf(program), 0, kernel);
    shares.push([gas / (cost.work - COURT), name]);
    expect(gas, name).toBeLessThanOrEqual(cost.work - COURT);
    expect(witness.length, name).toBeLessThanOrEqual(cost.bytes);
    return cost;
  }

  const folded = (step: readonly Instruction[], parts: Partial<Kernel>): Kernel => {
    const { state = 1, constants = [0] } = parts;
    const last = 15 + constants.length + step.length;
    return kernelOf({ state, step, results: [...times(state, 16), ...times(state, last), 0], ...parts });
  };

  const pairs = [
    [0x3f9d70a4, 0xc0490fdb],
    [3, 5],
    [0x3f9d70a4, 0xbf9d70a3],
    [0x7f7fffff, 0x7f7fffff],
    [0x80000000, 0xffffffff],
    [0x4b7fffff, 0xcb800000],
    [0xbf000001, 0x80000001],
    [0x00800001, 0x3f000001],
    [0xfffffff3, 7],
    [0, 0x3f800000],
    [0xc0490fdb, 0x3f9d70a4],
    [0x4a800001, 0xca800001],
    [0x7f800000, 0xff800000],
    [0x80000001, 0x3f9d70a4],
  ] as const;

  test.each(INSTRUCTIONS.filter(({ op }) => op > 0))("$name", async ({ op, name, operands }) => {
    const instruction: Instruction = [op, 16, operands.length > 1 ? 17 : 0, operands.length > 2 ? 17 : 0];
    for (const pair of pairs)
      await check(`${name} ${pair}`, folded(times(20, instruction), { folds: [16, 16], constants: [...pair] }));
  });

  test("fold steps, of one state word and of four", async () => {
    for (const state of [1, 4])
      for (const folds of [[4096], [2, 2, 1024], [2, 2, 2, 2], [32, 32, 2, 2]])
        await check(`state ${state}, folds ${folds}`, folded([[30, 16, 16, 0]], { state, folds }));
  }, 120_000);

  test("reads: inside and outside, static and dynamic, of each width", async () => {
    for (const dtype of [0, 2] as const)
      for (const folds of [[32], [4, 8], [2, 2, 8], [2, 2, 2, 4]])
        for (const D of [0, 1, 2, 5])
          for (const kind of ["inside", "outside", "dynamic"] as const) {
            if (kind === "dynamic" && D === 0) continue;
            const dynMask = kind === "dynamic" ? (D > 1 ? 3 : 1) : 0;
            const last = folds.length - 1;
            const coordinates = Array.from({ length: D }, (_, j) => ({
              ...{ base: kind === "outside" ? -5 : 0, extent: 64, stride: j === 0 ? 1 : 0 },
              coef: [0, ...folds.map((_, i) => (i === last && j === 0 ? 1 : 0))],
            }));
            const read: Instruction = [0, 0, dynMask ? 16 : 0, dynMask === 3 ? 16 : 0];
            const kernel = folded(times(6, read), { folds, accesses: [access({ dtype, dynMask, coordinates })] });
            await check(`ld ${kind} dtype ${dtype} D ${D} folds ${folds}`, kernel);
          }
  }, 120_000);

  const dotStep = (dtype: Dtype): Instruction[] =>
    dtype === 0
      ? [
          [0, 0, 0, 0],
          [0, 1, 0, 0],
          [3, 17, 18, 0],
          [1, 0, 19, 0],
        ]
      : [
          [0, 0, 0, 0],
          [18, 17, 16, 0],
          [0, 1, 0, 0],
          [18, 19, 16, 0],
          [19, 18, 20, 0],
          [17, 0, 21, 0],
        ];

  test("rows of dot folds: one run, five runs, a hint each", async () => {
    for (const dtype of [0, 2, 3] as const)
      for (const D of [1, 2, 5])
        for (const kind of ["whole", "five runs", "hints"] as const)
          for (const rows of [[40], [2, 20], [2, 2, 10]]) {
            const folds = kind === "hints" ? [...rows.slice(0, -1), 8, 5] : [...rows, 5];
            const side = (base: number, extent: number): Access => {
              const along = (j: number) => folds.map((_, i) => (i === folds.length - 1 && j < 2 ? 1 : 0));
              const across = kind === "hints" ? (dtype === 0 ? 64 : 256) * 2 : 0;
              const coordinates = Array.from({ length: D }, (_, j) => ({
                ...{ base, extent, stride: j === 0 ? 1 : 0, coef: [0, ...along(j)] },
              }));
              // every row in another leaf, two rows apart
              if (across && coordinates[0]) {
                coordinates[0].extent = 2 ** 20;
                coordinates[0].coef[folds.length - 1] = across;
              }
              return access({ dtype, length: across ? 40_000 : 256, coordinates });
            };
            const [p, q] = kind === "five runs" ? [side(-1, 2), side(-2, 2)] : [side(0, 64), side(1, 64)];
            const kernel = folded(dotStep(dtype), { folds, accesses: [p, q] });
            expect(dotPattern(kernel)).toBeDefined();
            await check(`${kind} dtype ${dtype} D ${D} folds ${folds}`, kernel);
          }
  }, 120_000);

  test("long dot folds, on operands of every size", async () => {
    const line = (dtype: Dtype, length: number) =>
      access({ dtype, length, coordinates: [{ base: 0, extent: length, stride: 1, coef: [0, 1] }] });
    for (const word of [0x3f3f3f3f, 0x00012345, 0x35012345, 0x20012345, 0x00000000, 0x7f012345])
      await check(
        `f32 dot of ${word.toString(16)}`,
        folded(dotStep(0), { folds: [4096], accesses: times(2, line(0, 4096)) }),
        word,
      );
    for (const dtype of [2, 3] as const)
      await check(
        `i8 dot dtype ${dtype}`,
        folded(dotStep(dtype), { folds: [20_000], accesses: times(2, line(dtype, 20_000)) }),
      );
  }, 120_000);

  test("accesses, sources, spans, leaves, depths, instructions, constants", async () => {
    const still = (index: number, length: number, D: number, r: number) => {
      const coordinates = times(D, { base: 0, extent: 1, stride: 1, coef: times(r, 0) });
      return access({ index, length, coordinates });
    };
    const list = (count: number) => [...Array(count).keys()];
    await check("accesses", kernelOf({ accesses: list(16).map(() => still(0, 64, 0, 1)) }));
    await check("coordinates", kernelOf({ loops: times(8, 2), accesses: list(16).map(() => still(0, 64, 5, 8)) }));
    await check("sources", kernelOf({ accesses: list(16).map((i) => still(i, 64, 0, 1)) }));
    const reads = list(16).map((i): Instruction => [0, i, 0, 0]);
    await check("spans", kernelOf({ accesses: list(16).map((i) => still(i, 64, 0, 1)), done: reads }));
    await check("deep spans", kernelOf({ accesses: list(16).map((i) => still(i, 2 ** 18, 0, 1)), done: reads }));
    const strided = (length: number, coef: number) =>
      access({ length, coordinates: [{ base: 0, extent: length, stride: 1, coef: [0, coef] }] });
    await check("adjacent leaves", folded([[0, 0, 0, 0]], { folds: [200], accesses: [strided(200 * 64, 64)] }));
    await check("scattered leaves", folded([[0, 0, 0, 0]], { folds: [64], accesses: [strided(64 * 1024, 1000)] }));
    // the same leaves again and again: a hint a read, and no new span
    const far = { base: 0, extent: 33 * 1024, stride: 1, coef: [0, 0, 1024] };
    const turning = access({ length: 33 * 1024, coordinates: [far] });
    await check("hints", folded([[0, 0, 0, 0]], { folds: [60, 33], accesses: [turning] }));
    const both = access({ length: 33 * 1024, coordinates: [{ ...far, coef: [0, 0, 64 * 15] }] });
    await check(
      "hints for two",
      folded(
        [
          [0, 0, 0, 0],
          [0, 1, 0, 0],
        ],
        { folds: [60, 16], accesses: [turning, both] },
      ),
    );
    await check("instructions", kernelOf({ done: times(239, [17, 16, 16, 0] as const) }));
    await check("constants", kernelOf({ constants: times(64, 7) }));
  });
});
