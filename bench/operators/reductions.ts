/** Operators that fold or order what lies along axes. */
import type { TypeName } from "../../packages/onnx/test/onnxFile.ts";
import { anAxis, type Case, type Family, i64, type Random, some, someAxes } from "./cases.ts";

const KINDS: Record<string, { readonly types: readonly TypeName[]; readonly since: number }> = {
  ReduceSum: { types: ["f32", "f32", "i32", "i64"], since: 13 },
  ReduceMean: { types: ["f32", "f32", "i32"], since: 18 },
  ReduceMax: { types: ["f32", "i32", "i8", "u8", "i64"], since: 18 },
  ReduceMin: { types: ["f32", "i32", "i8", "u8", "i64"], since: 18 },
  ReduceProd: { types: ["f32", "i32", "i64"], since: 18 },
  ReduceL1: { types: ["f32", "f32", "i32"], since: 18 },
  ReduceL2: { types: ["f32", "f32", "i32"], since: 18 },
  ReduceSumSquare: { types: ["f32", "f32", "i32"], since: 18 },
  ReduceLogSum: { types: ["f32", "f32", "i32"], since: 18 },
  ReduceLogSumExp: { types: ["f32"], since: 18 },
};

function reduce(r: Random): Case {
  const op = r.pick(Object.keys(KINDS));
  const { types, since } = KINDS[op]!;
  const type = r.pick(types);
  const opset = r.pick([11, 13, 18, 20, 21]);
  const rank = r.int(0, 6);
  const dims = r.dims(rank, 1, 4);
  if (rank > 0 && r.chance(0.08)) dims[r.int(0, rank - 1)] = 0;
  const x =
    type === "f32"
      ? r.f32(
          dims,
          op === "ReduceLogSum"
            ? "positive"
            : r.pick(["plain", "coarse", ...(op === "ReduceProd" ? [] : (["special"] as const))]),
        )
      : r.ints(type, dims, op === "ReduceLogSum" ? 1 : -6, 6);
  const axes = rank > 0 && r.chance(0.75) ? someAxes(r, rank, r.chance(0.9) ? 1 : 0) : undefined;
  const attributes = some(r, { keepdims: () => r.int(0, 1) }, 0.7);
  if (opset < since)
    return { op, opset, inputs: [x], types: [type], attributes: { ...attributes, ...(axes?.length && { axes }) } };
  return {
    op,
    opset,
    inputs: axes ? [x, i64(axes)] : [x],
    types: [type],
    attributes: { ...attributes, ...some(r, { noop_with_empty_axes: () => r.int(0, 1) }, 0.4) },
    bound: [1],
  };
}

function argMax(r: Random): Case {
  const rank = r.int(1, 4);
  const opset = r.pick([1, 11, 12, 13]);
  const type =
    opset >= 13
      ? r.pick(["f32", "i32", "i8", "u8", "i64", "u32", "u16", "i16", "u64"] as const)
      : r.pick(["f32", "i32"] as const);
  const dims = r.chance(0.2) ? r.dims(rank, 1, 2).with(r.int(0, rank - 1), r.int(500, 3500)) : r.dims(rank);
  const x = type === "f32" ? r.f32(dims, r.pick(["plain", "coarse"])) : r.ints(type, dims, 0, r.pick([3, 100]));
  const axis = opset < 11 ? r.int(0, rank - 1) : anAxis(r, rank);
  return {
    op: r.pick(["ArgMax", "ArgMin"]),
    opset,
    inputs: [x],
    types: ["i64"],
    attributes: {
      ...(axis === 0 && r.chance() ? {} : { axis }),
      ...some(r, { keepdims: () => r.int(0, 1), ...(opset >= 12 && { select_last_index: () => r.int(0, 1) }) }),
    },
  };
}

function cumSum(r: Random): Case {
  const rank = r.int(1, 4);
  const type = r.pick(["f32", "f32", "i32", "i64"] as const);
  const opset = r.pick([11, 14]);
  const dims = r.chance(0.3) ? r.dims(rank).with(r.int(0, rank - 1), r.int(60, 90)) : r.dims(rank);
  return {
    op: "CumSum",
    opset,
    inputs: [
      type === "f32" ? r.f32(dims) : r.ints(type, dims, -9, 9),
      { type: r.pick(["i32", "i64"] as const), dims: r.pick([[], [1]]), values: [anAxis(r, rank)] },
    ],
    types: [type],
    attributes: some(r, { exclusive: () => r.int(0, 1), reverse: () => r.int(0, 1) }, 0.7),
    bound: [1],
  };
}

function softmax(r: Random): Case {
  const op = r.pick(["Softmax", "LogSoftmax", "Hardmax"]);
  if (r.chance(0.1)) return { op, opset: 13, inputs: [r.f32([r.int(1, 3), r.int(500, 3000)])], attributes: {} };
  const rank = r.int(1, 5);
  const opset = r.pick([1, 11, 13]);
  const axis = opset < 11 ? r.int(0, rank - 1) : anAxis(r, rank);
  return {
    op,
    opset,
    inputs: [r.f32(r.dims(rank), op === "Hardmax" ? "coarse" : undefined)],
    attributes: r.chance(0.8) || rank === 1 ? { axis } : {},
  };
}

function topK(r: Random): Case {
  const rank = r.int(1, 4);
  const opset = r.pick([1, 10, 11, 24]);
  const type = opset >= 11 ? r.pick(["f32", "f32", "i32", "i64", "u8", "i8"] as const) : "f32";
  const dims = r.chance(0.1) ? r.dims(rank, 1, 3).with(r.int(0, rank - 1), r.int(100, 300)) : r.dims(rank, 1, 6);
  const axis = opset < 11 ? r.int(0, rank - 1) : anAxis(r, rank);
  const k = r.int(1, dims.at(axis)!);
  const x = type === "f32" ? r.f32(dims, r.pick(["plain", "coarse"])) : r.ints(type, dims, 0, r.pick([4, 100]));
  const types = [type, "i64" as const];
  const own = axis === rank - 1 && r.chance() ? {} : { axis };
  if (opset < 10) return { op: "TopK", opset, inputs: [x], types, attributes: { ...own, k } };
  return {
    op: "TopK",
    opset,
    inputs: [x, i64([k])],
    types,
    attributes: { ...own, ...(opset >= 11 && some(r, { largest: () => r.int(0, 1) })) },
    bound: [1],
  };
}

function loss(r: Random): Case {
  const op = r.pick(["NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"]);
  const [n, c] = r.dims(2, 1, 4);
  const rest = r.dims(r.int(0, 3), 1, 3);
  const x = r.f32([n, c, ...rest]);
  const target = r.ints("i64", [n, ...rest], 0, c - 1);
  const ignore = r.chance(0.4) ? r.pick([-1, 0, -100, 50]) : undefined;
  if (ignore !== undefined) target.values = target.values.map((v) => (r.chance(0.3) ? ignore : v));
  const weight = r.chance() ? [r.f32([c], "positive")] : [];
  const two = op === "SoftmaxCrossEntropyLoss" && r.chance();
  return {
    op,
    opset: r.pick([12, 13]),
    inputs: [x, target, ...weight],
    types: two ? ["f32", "f32"] : ["f32"],
    attributes: {
      ...(ignore !== undefined && { ignore_index: ignore }),
      ...some(r, { reduction: () => r.pick(["none", "sum", "mean"]) }, 0.8),
    },
  };
}

export const REDUCTIONS: Readonly<Record<string, Family>> = {
  Reduce: reduce,
  ArgMax: argMax,
  CumSum: cumSum,
  Softmax: softmax,
  TopK: topK,
  Loss: loss,
};
