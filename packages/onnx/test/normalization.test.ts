import { describe, expect, it } from "vitest";
import { at, expectNear, tabulate } from "./near.ts";
import type { TensorFacts } from "./onnxFile.ts";
import { random, runNode, runNodeOutputs } from "./run.ts";

const get = (x: TensorFacts, ...index: number[]): number => at(x.dims, x.values, index);
const microsoft = { domain: "com.microsoft" };

/** (x − mean) / √(variance + ε) over the elements that share `groupOf`. */
function normal(
  x: TensorFacts,
  epsilon: number,
  groupOf: (index: readonly number[]) => string,
  centered = true,
): number[] {
  const groups = new Map<string, number[]>();
  const names = tabulateNames(x, groupOf);
  x.values.forEach((value, i) => groups.set(names[i]!, [...(groups.get(names[i]!) ?? []), value]));
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  return x.values.map((value, i) => {
    const own = groups.get(names[i]!)!;
    const middle = centered ? mean(own) : 0;
    return (value - middle) / Math.sqrt(mean(own.map((v) => (v - middle) ** 2)) + epsilon);
  });
}

function tabulateNames(x: TensorFacts, name: (index: readonly number[]) => string): string[] {
  const names: string[] = [];
  tabulate(x.dims, (index) => names.push(name(index)));
  return names;
}

describe("normalisations", () => {
  const [N, C, L] = [2, 6, 5];
  const x = random(1, [N, C, L]);
  it("GroupNormalization: parameters by channel, and by group before operator set 21", () => {
    for (const [opset, count] of [
      [21, C],
      [18, 3],
    ] as const) {
      const [gamma, beta] = [random(2, [count]), random(3, [count])];
      const y = normal(x, 0.01, ([n, c]) => `${n} ${c! >> 1}`);
      const expected = tabulate(x.dims, ([n, c, l]) => {
        const p = count === C ? c! : c! >> 1;
        return at(x.dims, y, [n!, c!, l!]) * get(gamma, p) + get(beta, p);
      });
      const attributes = { num_groups: 3, epsilon: { float: 0.01 } };
      expectNear(runNode("GroupNormalization", [x, gamma, beta], attributes, { opset }), x.dims, expected);
    }
    expect(() => runNode("GroupNormalization", [x, random(2, [C]), random(3, [C])], { num_groups: 4 })).toThrow(
      /6 channels do not make 4 groups/,
    );
  });
  it("InstanceNormalization", () => {
    const [gamma, beta] = [random(2, [C]), random(3, [C])];
    const y = normal(x, 1e-5, ([n, c]) => `${n} ${c}`);
    const expected = tabulate(x.dims, ([n, c, l]) => at(x.dims, y, [n!, c!, l!]) * get(gamma, c!) + get(beta, c!));
    expectNear(runNode("InstanceNormalization", [x, gamma, beta]), x.dims, expected);
  });
  it("LayerNormalization and RMSNormalization, with means and deviations", () => {
    const [gamma, beta] = [random(2, [C, L]), random(3, [C, L])];
    const scaled = (y: readonly number[], b: number) =>
      y.map((v, i) => v * gamma.values[i % (C * L)]! + b * beta.values[i % (C * L)]!);
    const got = runNodeOutputs("LayerNormalization", [x, gamma, beta], { axis: 1 }, { outputs: 3 });
    expectNear(
      got[0]!,
      x.dims,
      scaled(
        normal(x, 1e-5, ([n]) => `${n}`),
        1,
      ),
    );
    expect(got[1]!.dims).toEqual([N, 1, 1]);
    const root = runNode("RMSNormalization", [x, gamma], { axis: 1 }, { opset: 23 });
    expectNear(
      root,
      x.dims,
      scaled(
        normal(x, 1e-5, ([n]) => `${n}`, false),
        0,
      ),
    );
    const old = runNode("SimplifiedLayerNormalization", [x, random(2, [L])], { axis: -1 });
    const rows = normal(x, 1e-5, ([n, c]) => `${n} ${c}`, false);
    expectNear(
      old,
      x.dims,
      rows.map((v, i) => v * random(2, [L]).values[i % L]!),
    );
  });
  it("LpNormalization: a vector of zeros stays", () => {
    const zeros = { dims: [2, 2], values: [0, 0, 3, -4] };
    expect(runNode("LpNormalization", [zeros]).values).toEqual([0, 0, Math.fround(0.6), Math.fround(-0.8)]);
    expectNear(runNode("LpNormalization", [zeros], { p: 1 }), [2, 2], [0, 0, 3 / 7, -4 / 7]);
    expectNear(runNode("LpNormalization", [zeros], { p: 1, axis: 0 }), [2, 2], [0, 0, 1, -1]);
    expect(() => runNode("LpNormalization", [zeros], { p: 3 })).toThrow(/p = 3/);
  });
  it("LRN: an even size reaches further ahead; any beta", () => {
    for (const [size, beta] of [
      [3, 0.75],
      [4, 0.5],
      [2, 1],
      [3, 0.25],
      [5, 0.6],
    ] as const) {
      const attributes = { size, alpha: { float: 0.5 }, beta: { float: beta }, bias: { float: 1.5 } };
      const expected = tabulate(x.dims, ([n, c, l]) => {
        let sum = 0;
        for (let k = c! - Math.floor((size - 1) / 2); k <= c! + Math.ceil((size - 1) / 2); k++)
          sum += get(x, n!, k, l!) ** 2;
        return get(x, n!, c!, l!) / (1.5 + (0.5 / size) * sum) ** beta;
      });
      expectNear(runNode("LRN", [x], attributes), x.dims, expected);
    }
  });
  it("MeanVarianceNormalization over any axes", () => {
    const image = random(4, [2, 3, 2, 4]);
    expectNear(
      runNode("MeanVarianceNormalization", [image]),
      image.dims,
      normal(image, 0, ([, c]) => `${c}`),
    );
    const got = runNode("MeanVarianceNormalization", [image], { axes: [3] });
    expectNear(
      got,
      image.dims,
      normal(image, 0, ([n, c, h]) => `${n} ${c} ${h}`),
    );
  });
});

describe("com.microsoft", () => {
  const [B, S, W] = [2, 3, 4];
  const sum = (...parts: readonly TensorFacts[]): TensorFacts => {
    const { dims } = parts[0]!;
    return {
      dims,
      values: tabulate(dims, (i) => parts.reduce((all, p) => all + get(p, ...i.slice(3 - p.dims.length)), 0)),
    };
  };
  it("SkipLayerNormalization, with and without centering", () => {
    const [x, skip, gamma, beta, bias] = [
      random(1, [B, S, W]),
      random(2, [B, S, W]),
      random(3, [W]),
      random(4, [W]),
      random(5, [W]),
    ];
    const total = sum(x, skip, bias);
    const rows = (centered: boolean) => normal(total, 0.1, ([b, s]) => `${b} ${s}`, centered);
    const epsilon = { epsilon: { float: 0.1 } };
    const got = runNodeOutputs("SkipLayerNormalization", [x, skip, gamma, beta, bias], epsilon, {
      ...microsoft,
      outputs: 4,
    });
    expectNear(
      got[0]!,
      x.dims,
      rows(true).map((v, i) => v * gamma.values[i % W]! + beta.values[i % W]!),
    );
    expectNear(got[3]!, x.dims, total.values);
    const simple = runNode("SkipSimplifiedLayerNormalization", [x, skip, gamma, bias], epsilon, microsoft);
    expectNear(
      simple,
      x.dims,
      rows(false).map((v, i) => v * gamma.values[i % W]!),
    );
  });
  it("EmbedLayerNormalization adds word, position and segment rows", () => {
    const ids = { type: "i32" as const, dims: [B, S], values: [4, 0, 2, 1, 1, 3] };
    const segments = { type: "i32" as const, dims: [B, S], values: [0, 1, 1, 0, 0, 1] };
    const [words, places, kinds] = [random(1, [5, W]), random(2, [6, W]), random(3, [2, W])];
    const [gamma, beta] = [random(4, [W]), random(5, [W])];
    const total = {
      dims: [B, S, W],
      values: tabulate(
        [B, S, W],
        ([b, s, w]) => get(words, get(ids, b!, s!), w!) + get(places, s!, w!) + get(kinds, get(segments, b!, s!), w!),
      ),
    };
    const expected = normal(total, 1e-12, ([b, s]) => `${b} ${s}`).map(
      (v, i) => v * gamma.values[i % W]! + beta.values[i % W]!,
    );
    const got = runNode("EmbedLayerNormalization", [ids, segments, words, places, kinds, gamma, beta], {}, microsoft);
    expectNear(got, [B, S, W], expected);
  });
  it("FusedMatMul: transposes and a factor", () => {
    const [a, b] = [random(1, [B, S, W]), random(2, [B, W, S])];
    const expected = tabulate([B, W, W], ([n, i, j]) => {
      let total = 0;
      for (let k = 0; k < S; k++) total += get(a, n!, k, i!) * get(b, n!, j!, k);
      return 0.5 * total;
    });
    const attributes = { transA: 1, transB: 1, alpha: { float: 0.5 } };
    expectNear(runNode("FusedMatMul", [a, b], attributes, microsoft), [B, W, W], expected);
  });
  it("MatMulNBits: 4 and 8 bits, zero points packed, plain and absent", () => {
    const [K, N, size] = [40, 3, 16];
    const blocks = 3;
    const a = random(1, [2, K]);
    const scales = random(2, [N * blocks]);
    for (const bits of [4, 8])
      for (const kind of ["none", "packed", "plain"]) {
        const perByte = 8 / bits;
        const bytes = random(3, [N, blocks, size / perByte]).values.map((v) => Math.floor((v + 1) * 127.99));
        const packed = { type: "u8" as const, dims: [N, blocks, size / perByte], values: bytes };
        const perRow = Math.ceil(blocks / perByte);
        const zeroBytes = random(4, [N * perRow]).values.map((v) => Math.floor((v + 1) * 127.99));
        const zeros =
          kind === "packed"
            ? { type: "u8" as const, dims: [N * perRow], values: zeroBytes }
            : { dims: [N * blocks], values: random(5, [N * blocks]).values };
        const digit = (byte: number, i: number): number => (byte >> (bits * i)) & (2 ** bits - 1);
        const zero = (n: number, block: number): number => {
          if (kind === "none") return 2 ** (bits - 1);
          if (kind === "plain") return zeros.values[n * blocks + block]!;
          return digit(zeros.values[n * perRow + Math.floor(block / perByte)]!, block % perByte);
        };
        const expected = tabulate([2, N], ([m, n]) => {
          let total = 0;
          for (let k = 0; k < K; k++) {
            const [block, i] = [Math.floor(k / size), k % size];
            const value = digit(get(packed, n!, block, Math.floor(i / perByte)), i % perByte);
            total += get(a, m!, k) * (value - zero(n!, block)) * scales.values[n! * blocks + block]!;
          }
          return total;
        });
        const inputs = [a, packed, scales, ...(kind === "none" ? [] : [zeros])];
        const got = runNode(
          "MatMulNBits",
          inputs,
          { K, N, bits, block_size: size },
          { ...microsoft, bound: [1, 2, 3] },
        );
        expectNear(got, [2, N], expected);
      }
  });
});
