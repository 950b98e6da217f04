/** Operators of quantised and of narrow types. */
import type { TensorFacts } from "../../packages/onnx/test/onnxFile.ts";
import { type Case, elements, type Family, maybe, RANGES, type Random, some, trimmed } from "./cases.ts";

const RANGE = { ...RANGES, i32: [-100000, 100000] } as const;
const scales = (r: Random, dims: number[]): TensorFacts => ({
  dims,
  values: Array.from({ length: elements(dims) }, () => r.pick([0.5, 0.25, 2, 0.1, 0.37, 1 / 3, 0.01])),
});

type Scaled = { readonly dims: number[]; readonly attributes: Record<string, number> };
function scaling(r: Random, opset: number, dims: readonly number[]): Scaled {
  const rank = dims.length;
  const kind = r.pick([
    "one",
    ...(opset >= 13 && rank > 0 ? ["axis", "axis"] : []),
    ...(opset >= 21 && rank > 1 ? ["block"] : []),
  ]);
  if (kind === "one") return { dims: r.chance(0.8) ? [] : [1], attributes: {} };
  const axis = r.int(-rank, rank - 1);
  const at = (axis + rank) % rank;
  if (kind === "axis") return { dims: [dims[at]!], attributes: axis === 1 && r.chance() ? {} : { axis } };
  const block = r.int(1, dims[at]!);
  return { dims: dims.with(at, Math.ceil(dims[at]! / block)), attributes: { axis, block_size: block } };
}

function quantizeLinear(r: Random): Case {
  const opset = r.pick([10, 13, 19, 21, 23]);
  const type = r.pick(["u8", "i8", ...(opset >= 21 ? (["u16", "i16"] as const) : [])] as const);
  const x = r.f32(r.dims(r.int(1, 4), 1, 6), r.pick(["plain", "coarse"]));
  const s = scaling(r, opset, x.dims);
  const zero = r.chance(0.8) ? r.ints(type, s.dims, Math.max(-20, RANGE[type]![0]), 20) : undefined;
  const code = { u8: 2, i8: 3, u16: 4, i16: 5 }[type];
  const named = zero === undefined && opset >= 21 && r.chance();
  const out = zero || named ? type : "u8";
  return {
    op: "QuantizeLinear",
    opset,
    inputs: trimmed([x, scales(r, s.dims), zero]),
    types: [out],
    attributes: { ...s.attributes, ...(named && { output_dtype: code }) },
    bound: maybe(r, 1, 2),
  };
}

function dequantizeLinear(r: Random): Case {
  const opset = r.pick([10, 13, 19, 21, 23]);
  const type = r.pick(["u8", "i8", "i32", ...(opset >= 21 ? (["u16", "i16"] as const) : [])] as const);
  const dims = r.dims(r.int(1, 4), 1, 6);
  const x = r.ints(type, dims, ...RANGE[type]!);
  const s = scaling(r, opset, dims);
  const zero = type !== "i32" && r.chance(0.7) ? r.ints(type, s.dims, ...RANGE[type]!) : undefined;
  return {
    op: "DequantizeLinear",
    opset,
    inputs: trimmed([x, scales(r, s.dims), zero]),
    attributes: s.attributes,
    bound: maybe(r, 0, 1, 2),
  };
}

function matMulInteger(r: Random): Case {
  const [m, k, n] = r.dims(3, 1, 5);
  const all = r.dims(r.int(0, 2), 1, 3);
  const [at, bt] = r.pick([
    ["u8", "u8"],
    ["u8", "i8"],
    ["i8", "i8"],
    ["i8", "u8"],
  ] as const);
  const a = r.ints(at, [...all, m, k], ...RANGE[at]!);
  // onnxruntime's u8·i8 saturates at 16 bits on this processor
  const small = at === "u8" && bt === "i8" ? ([-60, 60] as const) : RANGE[bt]!;
  const b = r.ints(bt, [...(r.chance() ? all : []), k, n], ...small);
  const az = r.chance(0.7) ? r.ints(at, r.chance(0.7) ? [] : [1], ...RANGE[at]!) : undefined;
  const bz = r.chance(0.6) ? r.ints(bt, r.chance(0.7) ? [] : [n], ...RANGE[bt]!) : undefined;
  return { op: "MatMulInteger", opset: 10, inputs: trimmed([a, b, az, bz]), types: ["i32"], bound: maybe(r, 1, 2, 3) };
}

function qLinearMatMul(r: Random): Case {
  const [m, k, n] = r.dims(3, 1, 5);
  const all = r.dims(r.int(0, 2), 1, 3);
  const [at, bt] = r.pick([
    ["u8", "u8"],
    ["u8", "i8"],
    ["i8", "i8"],
  ] as const);
  const perColumn = r.chance(0.4);
  const bDims = perColumn ? [n] : [];
  const s = (dims: number[]) => ({
    dims,
    values: Array.from({ length: elements(dims) }, () => Math.fround(r.next() * 0.1 + 0.01)),
  });
  const inputs = [
    r.ints(at, [...all, m, k], ...RANGE[at]!),
    s([]),
    r.ints(at, [], ...RANGE[at]!),
    r.ints(bt, [...(r.chance() ? all : []), k, n], ...(at === "u8" && bt === "i8" ? ([-60, 60] as const) : RANGE[bt]!)),
    s(bDims),
    r.ints(bt, bDims, ...RANGE[bt]!),
    { dims: [], values: [r.pick([0.5, 1.5, 3.7])] },
    r.ints(at, [], 0, 100),
  ];
  return {
    op: "QLinearMatMul",
    opset: r.pick([10, 21]),
    inputs,
    types: [at],
    bound: [1, 2, 4, 5, 6, 7, ...maybe(r, 3)],
  };
}

function dynamicQuantize(r: Random): Case {
  const x = r.f32(r.dims(r.int(1, 3), 1, 5), r.pick(["plain", "coarse", "positive"]));
  return { op: "DynamicQuantizeLinear", opset: 11, inputs: [x], types: ["u8", "f32", "u8"] };
}

const NARROW: Readonly<Record<number, readonly [number, number]>> = {
  21: [0, 15],
  22: [-8, 7],
  25: [0, 3],
  26: [-2, 1],
};

/** Integers of 4 and 2 bits, and floats of 8, there and back. */
function narrowCast(r: Random): Case {
  const to = r.pick([10, 16, 17, 18, 19, 20, 21, 22, 23, 25, 26]);
  const whole = to >= 21 && to !== 23;
  const x = r.f32(r.dims(2), r.pick(["plain", "coarse", "special"]));
  const scale = r.pick([1, 1, 30, 1e-2, 1e3]);
  x.values = x.values.map((v) =>
    whole
      ? Math.min(Math.max(Math.trunc(Number.isFinite(v) ? v * 3 : 0), NARROW[to][0]!), NARROW[to][1]!)
      : Math.fround(v * scale),
  );
  return {
    op: "Cast",
    opset: to >= 25 ? 25 : 23,
    inputs: [x],
    attributes: { to, ...(to >= 17 && to <= 20 && some(r, { saturate: () => r.int(0, 1) })) },
    back: true,
    rtol: 0,
  };
}

function narrowQuantize(r: Random): Case {
  const opset = r.pick([21, 23]);
  const to = r.pick([17, 19, 21, 22, 18, 20, ...(opset >= 23 ? [23] : [])]);
  const x = r.f32(r.dims(r.int(1, 3), 1, 6), r.pick(["plain", "coarse"]));
  const s = scaling(r, opset, x.dims);
  const zeroRange = NARROW[to] ?? [0, 0];
  const zero = r.chance() ? { ...r.ints("i32", s.dims, ...zeroRange) } : undefined;
  const asFloat = zero && { ...zero, type: "f32" as const };
  return {
    op: "QuantizeLinear",
    opset,
    inputs: trimmed([x, scales(r, s.dims), asFloat]),
    casts: zero ? { 2: to } : {},
    back: true,
    attributes: {
      ...s.attributes,
      ...(!zero && { output_dtype: to }),
      ...(to >= 17 && to <= 20 && some(r, { saturate: () => r.int(0, 1) })),
    },
  };
}

function narrowDequantize(r: Random): Case {
  const opset = r.pick([21, 23]);
  const to = r.pick([17, 19, 21, 22, 18, 20, ...(opset >= 23 ? [23] : [])]);
  const range = NARROW[to] ?? [-6, 6];
  const dims = r.dims(r.int(1, 3), 1, 6);
  const s = scaling(r, opset, dims);
  const zero = NARROW[to] && r.chance() ? { ...r.ints("i32", s.dims, ...range), type: "f32" as const } : undefined;
  return {
    op: "DequantizeLinear",
    opset,
    inputs: trimmed([{ ...r.ints("i32", dims, ...range), type: "f32" as const }, scales(r, s.dims), zero]),
    casts: { 0: to, ...(zero && { 2: to }) },
    attributes: s.attributes,
  };
}

export const NARROW_TYPES: Readonly<Record<string, Family>> = {
  QuantizeLinear: quantizeLinear,
  DequantizeLinear: dequantizeLinear,
  MatMulInteger: matMulInteger,
  QLinearMatMul: qLinearMatMul,
  DynamicQuantize: dynamicQuantize,
  NarrowCast: narrowCast,
  NarrowQuantize: narrowQuantize,
  NarrowDequantize: narrowDequantize,
};
