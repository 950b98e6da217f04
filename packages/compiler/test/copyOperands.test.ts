import { compile, type Module } from "@opengradient/compiler";
import {
  type Access,
  costOf,
  draft,
  type Expr,
  factsOf,
  OP,
  runReference,
  type Tensor,
  toKernel,
} from "@opengradient/program";
import { describe, expect, it } from "vitest";
import { below } from "./random.ts";

/** A matrix [M][K] times one [K][N], both inputs: the fold strides through the second. */
function product(M: number, K: number, N: number): Module {
  const load = (index: number, length: number, coef: number[]): Expr => {
    const coordinates = [{ base: 0, extent: length, stride: 1, coef }];
    const access: Access = { space: 0, index, dtype: 0, length, elseWord: 0, dynMask: 0, coordinates };
    return { kind: "load", access, offsets: [] };
  };
  const term: Expr = { kind: "apply", op: OP.fmul, args: [load(0, M * K, [K, 0, 1]), load(1, K * N, [0, 1, N])] };
  const state: Expr = { kind: "state", at: 0 };
  const step: Expr = { kind: "apply", op: OP.fadd, args: [state, term] };
  const init: Expr = { kind: "word", word: 0 };
  const kernel = toKernel(draft({ outType: 0, loops: [M, N], folds: [K], init: [init], step: [step], done: state }));
  const inputs = [
    { dtype: 0, dims: [M, K] },
    { dtype: 0, dims: [K, N] },
  ] as const;
  const program = { inputs, weights: [], kernels: [kernel], outputs: [{ kernel: 0, dims: [M, N] }] };
  return { program, weights: [], labels: ["product"] };
}

const loopsOf = ({ program }: Module): (readonly number[])[] => program.kernels.map(({ loops }) => loops);

describe("copy-operands", () => {
  it("a strided operand is copied in the order of the fold, which then needs no parts and keeps every bit", () => {
    const [M, K, N] = [64, 400, 100];
    const module = product(M, K, N);
    const compiled = compile(module);
    expect(loopsOf(compiled)).toEqual([
      [N, K],
      [M, N],
    ]);
    const facts = factsOf(compiled.program);
    expect(costOf(facts, 1, compiled.program.kernels[1]!).dot).toBeTruthy();
    const draw = below(5);
    const inputs = module.program.inputs.map(({ dims }): Tensor => {
      const values = Float32Array.from({ length: dims[0]! * dims[1]! }, () => draw(2000) / 1000 - 1);
      return { dtype: 0, dims, data: new Uint8Array(values.buffer) };
    });
    const before = runReference(module.program, [], inputs)[0]!;
    expect(Buffer.compare(runReference(compiled.program, [], inputs)[1]!, before)).toBe(0);
  });

  it("nothing is copied where a whole fold can be proved as it is", () => {
    expect(loopsOf(compile(product(64, 64, 64)))).toEqual([[64, 64]]);
  });

  it("so is one that is read with padding by a fold that can not be split", () => {
    const [K, N, before] = [700, 40, 5];
    const rows = { base: -before, extent: K, stride: N, coef: [0, 1] };
    const columns = { base: 0, extent: N, stride: 1, coef: [1, 0] };
    const access: Access = {
      space: 0,
      index: 0,
      dtype: 0,
      length: K * N,
      elseWord: 0x3f000000,
      dynMask: 0,
      coordinates: [rows, columns],
    };
    const load: Expr = { kind: "load", access, offsets: [] };
    const state: Expr = { kind: "state", at: 0 };
    const below: Expr = { kind: "apply", op: OP.flt, args: [state, load] };
    const step: Expr = { kind: "apply", op: OP.select, args: [below, load, state] };
    const init: Expr = { kind: "word", word: 0xff800000 };
    const kernel = toKernel(
      draft({ outType: 0, loops: [N], folds: [K + before], init: [init], step: [step], done: state }),
    );
    const outputs = [{ kernel: 0, dims: [N] }];
    const program = { inputs: [{ dtype: 0, dims: [K, N] }], weights: [], kernels: [kernel], outputs } as const;
    const compiled = compile({ program, weights: [], labels: ["greatest"] });
    expect(loopsOf(compiled)).toEqual([[N, K + before], [N]]);
    const values = Float32Array.from({ length: K * N }, (_, i) => (i % N < 3 ? -1 : ((i * 7919) % 1009) / 100));
    const inputs: Tensor[] = [{ dtype: 0, dims: [K, N], data: new Uint8Array(values.buffer) }];
    const want = runReference(program, [], inputs)[0]!;
    expect(new Float32Array(want.slice().buffer)[0]).toBe(0.5);
    expect(Buffer.compare(runReference(compiled.program, [], inputs)[1]!, want)).toBe(0);
  });

  it("partial sums stay where a copy would make more elements than they are", () => {
    const kernels = loopsOf(compile(product(2, 512, 512)));
    expect(kernels).toHaveLength(2);
    expect(kernels.flat()).not.toContain(512 * 512);
    // the parts stand before the columns, which lie side by side
    expect(kernels[0]!.at(-1)).toBe(512);
    expect(kernels[0]!.reduce((a, b) => a * b, 1)).toBeLessThan(512 * 512);
  });

  it("a copied operand too long to fold at once is still split", () => {
    const kernels = loopsOf(compile(product(4_000, 20_000, 100)));
    expect(kernels).toHaveLength(3);
    expect(kernels[0]).toEqual([100, 20_000]);
  });
});
