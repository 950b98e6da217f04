/** Operators that take or put elements at places that are data, or that say places. */
import type { TypeName } from "../../packages/onnx/test/onnxFile.ts";
import { anAxis, type Case, elements, type Family, i64, MOVED, maybe, type Random, some } from "./cases.ts";

function gather(r: Random): Case {
  const rank = r.int(1, 4);
  const x = r.tensor(r.pick(MOVED), r.dims(rank));
  const axis = anAxis(r, rank);
  const length = x.dims.at(axis)!;
  const type = r.pick(["i64", "i32"] as const);
  const indices = r.ints(type, r.dims(r.int(0, 3), 1, 3), -length, length - 1);
  return {
    op: "Gather",
    opset: r.pick([1, 11, 13]),
    inputs: [x, indices],
    types: [x.type ?? "f32"],
    attributes: axis === 0 && r.chance() ? {} : { axis },
    bound: maybe(r, 0, 1),
  };
}

function gatherElements(r: Random): Case {
  const rank = r.int(1, 4);
  const x = r.tensor(r.pick(MOVED), r.dims(rank));
  const axis = anAxis(r, rank);
  const at = (axis + rank) % rank;
  const length = x.dims[at]!;
  const dims = x.dims.map((d, i) => (i === at ? r.int(1, 5) : r.int(1, d)));
  const indices = r.ints(r.pick(["i64", "i32"] as const), dims, -length, length - 1);
  return {
    op: "GatherElements",
    opset: r.pick([11, 13]),
    inputs: [x, indices],
    types: [x.type ?? "f32"],
    attributes: { axis },
    bound: maybe(r, 0, 1),
  };
}

function tuples(r: Random, named: readonly number[], outer: readonly number[]) {
  const values = Array.from({ length: elements(outer) }, () => named.map((d) => r.int(-d, d - 1))).flat();
  return i64(values, [...outer, named.length]);
}

function gatherND(r: Random): Case {
  const rank = r.int(1, 4);
  const x = r.tensor(r.pick(MOVED), r.dims(rank));
  const opset = r.pick([11, 12, 13]);
  const batch = opset >= 12 ? r.int(0, Math.min(rank - 1, 2)) : 0;
  const depth = r.int(1, rank - batch);
  const outer = [...x.dims.slice(0, batch), ...r.dims(r.int(0, 2), 1, 3)];
  const indices = tuples(r, x.dims.slice(batch, batch + depth), outer);
  return {
    op: "GatherND",
    opset,
    inputs: [x, indices],
    types: [x.type ?? "f32"],
    attributes: batch ? { batch_dims: batch } : {},
    bound: maybe(r, 0, 1),
  };
}

const reductionOf = (r: Random, opset: number, type: TypeName): { readonly reduction?: string } =>
  opset < 16 || type === "bool" || !r.chance(0.8)
    ? {}
    : { reduction: r.pick(["none", "add", "mul", ...(opset >= 18 ? ["max", "min"] : [])]) };

function scatterElements(r: Random): Case {
  const rank = r.int(1, 4);
  const opset = r.pick([9, 11, 13, 16, 18]);
  const type = r.pick(["f32", "f32", "i32", "i8", "u8", "i64"] as const);
  const x = r.tensor(type, r.dims(rank));
  const axis = opset < 11 ? r.int(0, rank - 1) : anAxis(r, rank);
  const at = (axis + rank) % rank;
  const length = x.dims[at]!;
  const reduction = reductionOf(r, opset, type);
  const repeats = (reduction.reduction ?? "none") !== "none";
  const dims = x.dims.map((d, i) => (i === at ? r.int(1, repeats ? (r.chance(0.1) ? 900 : 5) : d) : r.int(1, d)));
  let indices = r.ints("i64", dims, opset < 11 ? 0 : -length, length - 1);
  if (!repeats) {
    // without a reduction the same place twice is not defined
    const inner = elements(dims.slice(at + 1));
    const order = r.shuffled(Array.from({ length }, (_, i) => i));
    indices = { ...indices, values: indices.values.map((_, e) => order[Math.floor(e / inner) % dims[at]!]!) };
  }
  const updates = r.tensor(type, dims);
  const op = opset < 11 ? "Scatter" : "ScatterElements";
  return {
    op,
    opset,
    inputs: [x, indices, updates],
    types: [type],
    attributes: { axis, ...reduction },
    bound: maybe(r, 0, 1, 2),
  };
}

function scatterND(r: Random): Case {
  const rank = r.int(1, 4);
  const opset = r.pick([11, 13, 16, 18]);
  const type = r.pick(["f32", "f32", "i32", "i8", "u8", "bool", "i64"] as const);
  const x = r.tensor(type, r.dims(rank));
  const depth = r.int(1, rank);
  const named = x.dims.slice(0, depth);
  const reduction = reductionOf(r, opset, type);
  const repeats = (reduction.reduction ?? "none") !== "none";
  let outer = r.chance(0.1) ? [r.int(700, 1700)] : r.dims(r.int(0, 2), 1, 3);
  let indices = tuples(r, named, outer);
  if (!repeats) {
    const all = r.shuffled(Array.from({ length: elements(named) }, (_, i) => i)).slice(0, 3);
    outer = [all.length];
    indices = i64(
      all.flatMap((flat) => named.map((d, i) => Math.floor(flat / elements(named.slice(i + 1))) % d)),
      [all.length, depth],
    );
  }
  const updates = r.tensor(type, [...outer, ...x.dims.slice(depth)]);
  return {
    op: "ScatterND",
    opset,
    inputs: [x, indices, updates],
    types: [type],
    attributes: reduction,
    bound: maybe(r, 0, 1, 2),
  };
}

function oneHot(r: Random): Case {
  const rank = r.int(0, 3);
  const depth = r.int(1, 6);
  const type = r.pick(["i64", "i32", "f32"] as const);
  const indices = { ...r.ints("i32", r.dims(rank, 1, 4), -depth - 2, depth + 1), type };
  const out = r.pick(["f32", "i32", "i64"] as const);
  const values = {
    type: out,
    dims: [2],
    values: r.pick([
      [0, 1],
      [2, 5],
      [-1, 3],
    ]),
  };
  const depthType = type === "i32" ? "i32" : r.pick(["i64", "f32"] as const);
  const axis = r.int(-rank - 1, rank);
  return {
    op: "OneHot",
    opset: r.pick([9, 11]),
    inputs: [indices, { type: depthType, dims: r.pick([[], [1]]), values: [depth] }, values],
    types: [out],
    attributes: axis === -1 && r.chance() ? {} : { axis },
    bound: [1, 2],
  };
}

function compress(r: Random): Case {
  const rank = r.int(1, 3);
  const x = r.f32(r.dims(rank));
  const axis = r.chance(0.7) ? anAxis(r, rank) : undefined;
  const length = axis === undefined ? elements(x.dims) : x.dims.at(axis)!;
  const condition = r.ints("bool", [r.int(1, length)], 0, 1);
  condition.values = condition.values.with?.(0, 1);
  return {
    op: "Compress",
    opset: r.pick([9, 11]),
    inputs: [x, condition],
    attributes: axis === undefined ? {} : { axis },
    bound: [1],
  };
}

function unique(r: Random): Case {
  const rank = r.int(1, 3);
  const x = r.ints(r.pick(["f32", "i64"] as const), r.dims(rank), 0, 3);
  const axis = r.chance() ? anAxis(r, rank) : undefined;
  return {
    op: "Unique",
    opset: 11,
    inputs: [x],
    types: [x.type!, "i64", "i64", "i64"],
    attributes: { ...(axis !== undefined && { axis }), ...some(r, { sorted: () => r.int(0, 1) }) },
    bound: [0],
  };
}

function nonZero(r: Random): Case {
  const x = { ...r.ints(r.pick(["f32", "i64", "bool"] as const), r.dims(r.int(1, 3)), 0, 1) };
  return { op: r.pick(["NonZero", "NonZero", "Size"]), opset: 13, inputs: [x], types: ["i64"], bound: [0] };
}

function tfIdf(r: Random): Case {
  const grams = r.pick([
    { pool: [2, 3, 5, 4, 5, 6, 7, 8, 6, 7], counts: [0, 4], n: 7 },
    { pool: [5, 6, 7, 8, 6, 7], counts: [0, 0], n: 3 },
    { pool: [1, 2, 3, 1, 2, 3], counts: [0, 1, 3], n: 3 },
  ]);
  const dims = r.chance() ? [r.int(1, 12)] : [r.int(1, 3), r.int(1, 12)];
  const x = r.ints(r.pick(["i32", "i64"]), dims, 1, 8);
  const weights = r.chance() ? { weights: { floats: Array.from({ length: grams.n }, (_, i) => 1 + i / 2) } } : {};
  const min = r.int(1, grams.counts.length);
  return {
    op: "TfIdfVectorizer",
    opset: 9,
    inputs: [x],
    attributes: {
      mode: r.pick(["TF", "IDF", "TFIDF"]),
      min_gram_length: min,
      max_gram_length: r.int(min, grams.counts.length),
      max_skip_count: r.int(0, 5),
      ngram_counts: grams.counts,
      ngram_indexes: r.shuffled(Array.from({ length: grams.n }, (_, i) => i)),
      pool_int64s: grams.pool,
      ...weights,
    },
  };
}

export const PLACES: Readonly<Record<string, Family>> = {
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherND,
  ScatterElements: scatterElements,
  ScatterND: scatterND,
  OneHot: oneHot,
  Compress: compress,
  Unique: unique,
  NonZero: nonZero,
  TfIdf: tfIdf,
};
