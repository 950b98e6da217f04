/** Products of matrices, and what signals are multiplied with. */
import type { TensorFacts } from "../../packages/onnx/test/onnxFile.ts";
import { aPart, type Case, type Family, type Random, scalar, some, trimmed } from "./cases.ts";

const einsums: readonly (readonly [string, ...string[]])[] = [
  ["ij,jk->ik"],
  ["bij,bjk->bik"],
  ["ij->ji"],
  ["ij->"],
  ["ij->i"],
  ["ii->i"],
  ["ii->"],
  ["i,i->"],
  ["i,j->ij"],
  ["ij,ij->ij"],
  ["...ij,...jk->...ik"],
  ["...ij->...ji"],
  ["bhid,bhjd->bhij"],
  ["ij,jk,kl->il"],
  ["bij, bjk -> bik"],
  ["...ii->...i"],
  ["ij,jk"],
  ["ba"],
  ["i->"],
  ["...->..."],
  ["...i,i->..."],
  ["ijk,ijk->k"],
  ["ij,kj->ik"],
  ["i...,i...->..."],
  ["ijj->i"],
  ["abc,cd,bd->a"],
  ["...a,...b->ab..."],
  ["...ij,jk"],
  ["a...a->..."],
];

function einsum(r: Random): Case {
  const [equation] = r.pick(einsums);
  const sizes = new Map<string, number>();
  const hidden = r.dims(r.int(0, 2), 1, 3);
  const terms = equation.split("->")[0]!.replaceAll(" ", "").split(",");
  const ranks = new Set<number>();
  const inputs = terms.map((term) => {
    const at = term.indexOf("...");
    const of = (letters: string): number[] =>
      [...letters].map((letter) => {
        if (!sizes.has(letter)) sizes.set(letter, r.int(1, 4));
        return sizes.get(letter)!;
      });
    const own = hidden.slice(r.chance(0.3) ? r.int(0, hidden.length) : 0);
    if (at >= 0) ranks.add(own.length);
    return r.f32(at < 0 ? of(term) : [...of(term.slice(0, at)), ...own, ...of(term.slice(at + 3))]);
  });
  return {
    op: "Einsum",
    opset: 12,
    inputs,
    attributes: { equation },
    kills: ranks.size > 1 ? "a segmentation fault where ellipses stand for different ranks" : undefined,
  };
}

function matMul(r: Random): Case {
  const [m, k, n] = r.chance(0.1) ? [r.int(1, 40), r.int(100, 900), r.int(1, 40)] : r.dims(3, 1, 5);
  const all = r.dims(r.int(0, 2), 1, 3);
  const cut = (): number[] => aPart(r, all);
  const a = r.chance(0.15) ? [k] : [...cut(), m, k];
  const b = r.chance(0.15) ? [k] : [...cut(), k, n];
  const type = r.pick(["f32", "f32", "i32", "u32"] as const);
  const of = (dims: number[]) => (type === "f32" ? r.f32(dims) : r.ints(type, dims, 0, 9));
  return {
    op: "MatMul",
    opset: r.pick([9, 13]),
    inputs: [of(a), of(b)],
    types: [type],
    bound: [0, 1].filter(() => r.chance(0.25)),
  };
}

function gemm(r: Random): Case {
  const [m, k, n] = r.dims(3, 1, 5);
  const opset = r.pick([7, 9, 11, 13]);
  const [transA, transB] = [r.int(0, 1), r.int(0, 1)];
  const c = r.pick([[], [1], [n], [1, n], [m, 1], [m, n], [1, 1]]);
  const inputs: TensorFacts[] = [r.f32(transA ? [k, m] : [m, k]), r.f32(transB ? [n, k] : [k, n])];
  if (opset < 11 || r.chance(0.7)) inputs.push(r.f32(c));
  return {
    op: "Gemm",
    opset,
    inputs,
    attributes: {
      ...(transA && { transA }),
      ...(transB && { transB }),
      ...some(r, { alpha: () => ({ float: 0.5 }), beta: () => ({ float: r.pick([0.25, 0, 2]) }) }),
    },
    bound: [1, 2].filter(() => r.chance(0.4)),
  };
}

function det(r: Random): Case {
  const n = r.int(1, 5);
  return { op: "Det", opset: r.pick([11, 22]), inputs: [r.f32([...r.dims(r.int(0, 2), 1, 3), n, n])] };
}

function dft(r: Random): Case {
  const opset = r.pick([17, 20]);
  const rank = r.int(1, 3);
  const axis = r.int(1, rank);
  const inverse = r.chance(0.3);
  const onesided = r.chance(0.4);
  const real = onesided && inverse ? false : onesided ? true : r.chance();
  const x = r.f32([1, ...r.dims(rank, 2, 8), real ? 1 : 2]);
  // a draw that nothing uses: without it the seeds would name other cases
  r.chance();
  const length = r.chance(0.3) ? scalar(r.int(2, 9), "i64") : undefined;
  const at = r.chance(0.3) ? axis - (rank + 2) : axis;
  const attributes = { ...(inverse && { inverse: 1 }), ...(onesided && { onesided: 1 }) };
  if (opset === 17)
    return {
      op: "DFT",
      opset,
      inputs: length ? [x, length] : [x],
      attributes: { ...attributes, axis: at },
      bound: [1],
    };
  return { op: "DFT", opset, inputs: [x, length, scalar(at, "i64")], attributes, bound: [1, 2] };
}

function stft(r: Random): Case {
  const length = r.int(16, 30);
  const frame = r.int(4, 12);
  const window = r.chance(0.6) ? r.f32([frame]) : undefined;
  const inputs = [
    r.f32([r.int(1, 2), length, 1]),
    scalar(r.int(1, 6), "i64"),
    window,
    ...(window && r.chance() ? [] : [scalar(frame, "i64")]),
  ];
  return {
    op: "STFT",
    opset: 17,
    inputs: trimmed(inputs),
    attributes: some(r, { onesided: () => r.int(0, 1) }),
    bound: [1, 2, 3],
  };
}

function signalWindow(r: Random): Case {
  return {
    op: r.pick(["HannWindow", "HammingWindow", "BlackmanWindow"]),
    opset: 17,
    inputs: [scalar(r.int(1, 12), r.pick(["i32", "i64"]))],
    attributes: some(r, { periodic: () => r.int(0, 1) }),
    bound: [0],
  };
}

function mel(r: Random): Case {
  const rate = r.pick([8000, 8192, 16000, 22050]);
  const inputs = [
    scalar(r.int(1, 12), "i64"),
    scalar(r.int(8, 128), "i64"),
    scalar(rate, "i64"),
    scalar(r.pick([0, 20, 125.5])),
    scalar(r.pick([rate / 2, rate / 3, 3800])),
  ];
  return { op: "MelWeightMatrix", opset: 17, inputs, bound: [0, 1, 2, 3, 4] };
}

export const PRODUCTS: Readonly<Record<string, Family>> = {
  Einsum: einsum,
  MatMul: matMul,
  Gemm: gemm,
  Det: det,
  DFT: dft,
  STFT: stft,
  SignalWindow: signalWindow,
  Mel: mel,
};
