/** Sums over labels, over time, and over turns. */
import { describe, expect, it } from "vitest";
import { at, expectNear, tabulate } from "./near.ts";
import { numbers, random, runNode } from "./run.ts";

const i64 = (dims: readonly number[], ...values: number[]) => ({ type: "i64" as const, dims, values });
const f = (dims: readonly number[], ...values: number[]) => ({ dims, values });

describe("CumSum and CumProd", () => {
  const sums = (values: readonly number[], exclusive: number, reverse: number): number[] => {
    const order = reverse ? [...values].reverse() : values;
    let sum = 0;
    const out = order.map((v) => {
      const before = sum;
      sum = Math.fround(sum + v);
      return exclusive ? before : sum;
    });
    return reverse ? out.reverse() : out;
  };
  it("short axes and long ones, to the bit in the order of the axis", () => {
    for (const length of [5, 100])
      for (const [exclusive, reverse] of [
        [0, 0],
        [1, 0],
        [0, 1],
        [1, 1],
      ] as const) {
        const rows = [numbers(1, length), numbers(2, length)];
        const expected = rows.map((row) => sums(row, exclusive, reverse));
        const x = f([2, length], ...rows.flat());
        const y = runNode("CumSum", [x, i64([], 1)], { exclusive, reverse }, { bound: [1] });
        expect(y.values).toEqual(expected.flat());
        const turned = f([length, 2], ...tabulate([length, 2], ([t, r]) => rows[r!]![t!]!));
        const z = runNode("CumSum", [turned, i64([], 0)], { exclusive, reverse }, { bound: [1] });
        expect(z.values).toEqual(tabulate([length, 2], ([t, r]) => expected[r!]![t!]!));
      }
  });
  it("integers and products", () => {
    const long = i64([70], ...Array.from({ length: 70 }, (_, i) => i));
    const last = runNode("CumSum", [long, i64([], 0)], {}, { bound: [1], type: "i64" }).values.at(-1);
    expect(last).toBe((69 * 70) / 2);
    expect(runNode("CumProd", [f([4], 2, 3, -1, 0.5), i64([], 0)], {}, { bound: [1], opset: 26 }).values).toEqual([
      2, 6, -6, -3,
    ]);
  });
});

describe("Einsum", () => {
  const [A, B, C] = [random(1, [3, 4]), random(2, [4, 5]), random(3, [2, 3, 4])];
  const einsum = (equation: string, ...x: Parameters<typeof runNode>[1]) => runNode("Einsum", x, { equation });

  it("products, transposes, sums, diagonals", () => {
    const product = tabulate([5, 3], ([j, i]) =>
      [0, 1, 2, 3].reduce((s, k) => s + at([3, 4], A.values, [i!, k]) * at([4, 5], B.values, [k, j!]), 0),
    );
    expectNear(einsum("ik, kj -> ji", A, B), [5, 3], product);
    expectNear(
      einsum("ij->j", A),
      [4],
      tabulate([4], ([j]) => [0, 1, 2].reduce((s, i) => s + A.values[i * 4 + j!]!, 0)),
    );
    const square = random(4, [3, 3]);
    expectNear(
      einsum("ii->i", square),
      [3],
      [0, 4, 8].map((i) => square.values[i]!),
    );
    expectNear(einsum("ii", square), [], [[0, 4, 8].reduce((s, i) => s + square.values[i]!, 0)]);
  });
  it("ellipses broadcast, three operands, the implicit result", () => {
    const batch = random(5, [1, 4, 2]);
    const expected = tabulate([2, 3, 2], ([b, i, j]) =>
      [0, 1, 2, 3].reduce(
        (s, k) => s + at(C.dims, C.values, [b!, i!, k]) * at(batch.dims, batch.values, [0, k, j!]),
        0,
      ),
    );
    expectNear(einsum("...ik,...kj", C, batch), [2, 3, 2], expected);
    const [u, v] = [random(6, [3]), random(7, [5])];
    const chain = tabulate([3], ([i]) =>
      tabulate(
        [4, 5],
        ([k, j]) => at([3, 4], A.values, [i!, k!]) * at([4, 5], B.values, [k!, j!]) * v.values[j!]!,
      ).reduce((s, t) => s + t, 0),
    );
    expectNear(einsum("ik,kj,j->i", A, B, v), [3], chain);
    expectNear(
      einsum("i,j->ij", u, v),
      [3, 5],
      tabulate([3, 5], ([i, j]) => u.values[i!]! * v.values[j!]!),
    );
  });
  it("refuses what is no equation of its inputs", () => {
    expect(() => einsum("ij,jk", A)).toThrow(/2 terms for 1 inputs/);
    expect(() => einsum("ijk->i", A)).toThrow(/3 labels for \[3,4\]/);
    expect(() => einsum("ij,jk", A, A)).toThrow(/label j is 4 and 3/);
    expect(() => einsum("ij->ik", A)).toThrow(/labels i,k in the result/);
  });
});

describe("transforms", () => {
  type Complex = readonly [re: number, im: number];
  const transform = (x: readonly Complex[], length: number, sign: number): Complex[] =>
    Array.from({ length }, (_, k) => {
      let [re, im] = [0, 0];
      for (const [n, [a, b]] of x.slice(0, length).entries()) {
        const angle = (sign * 2 * Math.PI * k * n) / length;
        re += a * Math.cos(angle) - b * Math.sin(angle);
        im += a * Math.sin(angle) + b * Math.cos(angle);
      }
      return [re, im];
    });
  const signal = numbers(1, 12);
  const pairs = Array.from({ length: 6 }, (_, i) => [signal[2 * i]!, signal[2 * i + 1]!] as const);
  const axis = i64([], 0);
  const dft = (x: ReturnType<typeof f>, attributes: Record<string, number>, length?: number) =>
    runNode("DFT", [x, length === undefined ? undefined : i64([], length), axis], attributes, { bound: [1, 2] });

  it("DFT: real and complex, other lengths, one-sided, back again", () => {
    const real = signal.map((v): Complex => [v, 0]);
    expectNear(dft(f([12, 1], ...signal), {}), [12, 2], transform(real, 12, -1).flat());
    expectNear(dft(f([6, 2], ...pairs.flat()), {}), [6, 2], transform(pairs, 6, -1).flat());
    for (const length of [9, 15])
      expectNear(dft(f([12, 1], ...signal), {}, length), [length, 2], transform(real, length, -1).flat());
    const half = transform(real, 12, -1).slice(0, 7).flat();
    expectNear(dft(f([12, 1], ...signal), { onesided: 1 }), [7, 2], half);
    expectNear(dft(f([7, 2], ...half), { onesided: 1, inverse: 1 }), [12, 1], signal);
    expectNear(dft(f([12, 2], ...transform(real, 12, -1).flat()), { inverse: 1 }), [12, 2], real.flat());
  });
  it("STFT: windows and steps", () => {
    const window = numbers(2, 5);
    const expected = [0, 3, 6].flatMap((start) =>
      transform(
        window.map((w, i): Complex => [w * signal[start + i]!, 0]),
        5,
        -1,
      ).slice(0, 3),
    );
    const y = runNode("STFT", [f([1, 12], ...signal), i64([], 3), f([5], ...window)], {}, { bound: [1] });
    expectNear(y, [1, 3, 3, 2], expected.flat());
    expect(() => runNode("STFT", [f([1, 12], ...signal), i64([], 3)], {}, { bound: [1] })).toThrow(/neither window/);
  });
  it("Det of up to four rows", () => {
    for (const n of [1, 2, 3, 4]) {
      const x = random(n, [2, n, n]);
      const determinant = (m: number[][]): number =>
        m.length === 1
          ? m[0]![0]!
          : m[0]!.reduce(
              (s, v, j) => s + (j % 2 ? -v : v) * determinant(m.slice(1).map((row) => row.toSpliced(j, 1))),
              0,
            );
      const matrix = (b: number) =>
        tabulate([n], () => 0).map((_, i) => x.values.slice((b * n + i) * n, (b * n + i + 1) * n));
      expectNear(
        runNode("Det", [x]),
        [2],
        [0, 1].map((b) => determinant(matrix(b))),
      );
    }
    expect(() => runNode("Det", [random(1, [5, 5])])).toThrow(/up to 4/);
  });
});
