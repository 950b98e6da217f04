/** Operators on single elements and on pairs. */
import { type AttributeValue, type TensorFacts, TYPE, type TypeName } from "../../packages/onnx/test/onnxFile.ts";
import {
  aPart,
  type Case,
  type Family,
  float,
  maybe,
  type Random,
  type Style,
  scalar,
  some,
  trimmed,
} from "./cases.ts";

type Unary = {
  readonly opsets: readonly number[];
  readonly style?: Style;
  readonly attributes?: (r: Random) => Record<string, () => AttributeValue>;
  readonly out?: TypeName;
  readonly types?: readonly TypeName[];
};

const UNARY: Record<string, Unary> = {
  Abs: { opsets: [6, 13], types: ["f32", "i32", "i8", "i64", "i16", "u8"] },
  Neg: { opsets: [6, 13], types: ["f32", "i32", "i8", "i64", "i16"] },
  Sign: { opsets: [9, 13], types: ["f32", "i32", "i8", "u8", "i64"] },
  Floor: { opsets: [6, 13] },
  Ceil: { opsets: [6, 13] },
  Round: { opsets: [11, 22] },
  Sqrt: { opsets: [6, 13] },
  Reciprocal: { opsets: [6, 13] },
  Exp: { opsets: [6, 13] },
  Log: { opsets: [6, 13] },
  Sin: { opsets: [7] },
  Cos: { opsets: [7] },
  Tan: { opsets: [7] },
  Asin: { opsets: [7], style: "unit" },
  Acos: { opsets: [7], style: "unit" },
  Atan: { opsets: [7] },
  Sinh: { opsets: [9] },
  Cosh: { opsets: [9] },
  Asinh: { opsets: [9] },
  Acosh: { opsets: [9] },
  Atanh: { opsets: [9], style: "unit" },
  Erf: { opsets: [9, 13] },
  Sigmoid: { opsets: [6, 13] },
  Tanh: { opsets: [6, 13] },
  Relu: { opsets: [6, 13, 14] },
  Softplus: { opsets: [1, 22] },
  Softsign: { opsets: [1, 22] },
  HardSwish: { opsets: [14, 22] },
  Mish: { opsets: [18, 22] },
  Elu: { opsets: [6, 22], attributes: (r) => ({ alpha: () => float(1, 0.5, 2)(r) }) },
  Selu: { opsets: [6, 22], attributes: (r) => ({ alpha: () => float(1.5, 2)(r), gamma: () => float(1.1, 0.5)(r) }) },
  Celu: { opsets: [12], attributes: (r) => ({ alpha: () => float(1, 0.5, 2)(r) }) },
  LeakyRelu: { opsets: [6, 16], attributes: (r) => ({ alpha: () => float(0.1, 0, -0.5)(r) }) },
  ThresholdedRelu: { opsets: [10, 22], attributes: (r) => ({ alpha: () => float(1, 0, -0.5, 2)(r) }) },
  HardSigmoid: {
    opsets: [6, 22],
    attributes: (r) => ({ alpha: () => float(0.5, 0.3)(r), beta: () => float(0.6, 0.1)(r) }),
  },
  Shrink: { opsets: [9], attributes: (r) => ({ bias: () => float(0, 1.5)(r), lambd: () => float(0.5, 1.5)(r) }) },
  Gelu: { opsets: [20], attributes: (r) => ({ approximate: () => r.pick(["none", "tanh"]) }) },
  IsNaN: { opsets: [9, 13, 20], out: "bool" },
  IsInf: {
    opsets: [10, 20],
    out: "bool",
    attributes: (r) => ({ detect_negative: () => r.int(0, 1), detect_positive: () => r.int(0, 1) }),
  },
  Identity: { opsets: [1, 13, 16], types: ["f32", "i32", "u8", "bool"] },
  Swish: { opsets: [24], attributes: (r) => ({ alpha: () => float(1, 0.5)(r) }) },
};

function unary(r: Random): Case {
  const op = r.pick(Object.keys(UNARY));
  const { opsets, style, attributes, out, types = ["f32"] } = UNARY[op]!;
  const type = r.pick(types);
  const dims = r.dims(r.int(0, 4), 1, 5);
  const x =
    type === "f32"
      ? r.f32(dims, r.chance(0.3) ? "special" : (style ?? r.pick(["plain", "coarse"])))
      : r.ints(type, dims);
  const opset = r.pick(opsets);
  return {
    op,
    opset: type === "f32" ? opset : Math.max(opset, 13),
    inputs: [x],
    types: [out ?? type],
    attributes: attributes ? some(r, attributes(r)) : {},
  };
}

/** Two shapes that broadcast. */
function pairDims(r: Random): [number[], number[]] {
  const all = r.dims(r.int(0, 4), 1, 4);
  const cut = (): number[] => aPart(r, all);
  return [cut(), cut()];
}

const BINARY: Record<
  string,
  { readonly opsets: readonly number[]; readonly types: readonly TypeName[]; readonly out?: TypeName }
> = {
  Add: { opsets: [7, 13, 14], types: ["f32", "f32", "i32", "i64", "i8", "u8", "i16", "u16", "u32"] },
  Sub: { opsets: [7, 13, 14], types: ["f32", "i32", "i64", "i8", "u8", "i16", "u16", "u32"] },
  Mul: { opsets: [7, 13, 14], types: ["f32", "i32", "i64", "i8", "u8", "i16", "u16", "u32"] },
  Div: { opsets: [7, 13, 14], types: ["f32", "i32", "i64", "i8", "u8", "i16", "u16", "u32"] },
  Equal: { opsets: [7, 11, 13, 19], types: ["f32", "i32", "i64", "bool", "u8", "i8"], out: "bool" },
  Less: { opsets: [7, 9, 13], types: ["f32", "i32", "i64", "u8", "i8", "u32"], out: "bool" },
  Greater: { opsets: [7, 9, 13], types: ["f32", "i32", "i64", "u8", "i8", "u32"], out: "bool" },
  LessOrEqual: { opsets: [12, 16], types: ["f32", "i32", "i64", "u8"], out: "bool" },
  GreaterOrEqual: { opsets: [12, 16], types: ["f32", "i32", "i64", "u8"], out: "bool" },
  And: { opsets: [7], types: ["bool"], out: "bool" },
  Or: { opsets: [7], types: ["bool"], out: "bool" },
  Xor: { opsets: [7], types: ["bool"], out: "bool" },
  BitwiseAnd: { opsets: [18], types: ["i32", "u8", "i8", "u16", "i16", "u32"] },
  BitwiseOr: { opsets: [18], types: ["i32", "u8", "i8", "u16", "i16", "u32"] },
  BitwiseXor: { opsets: [18], types: ["i32", "u8", "i8", "u16", "i16", "u32"] },
  PRelu: { opsets: [9, 16], types: ["f32"] },
};

const LEAST = [-(2 ** 31), -32768, -128];

/** Native code traps where a whole number is divided by 0, or the least by -1. */
const divisor = (t: TensorFacts): TensorFacts => ({ ...t, values: t.values.map((v) => (v === 0 ? 3 : v)) });
const dividend = (t: TensorFacts): TensorFacts => ({ ...t, values: t.values.map((v) => (LEAST.includes(v) ? 5 : v)) });

function binary(r: Random): Case {
  const op = r.pick(Object.keys(BINARY));
  const { opsets, types, out } = BINARY[op]!;
  const type = r.pick(types);
  let [a, b] = pairDims(r);
  if (op === "PRelu") {
    a = r.dims(r.int(1, 4));
    b = a.map((d) => (r.chance() ? 1 : d)).slice(r.int(0, a.length - 1));
  }
  const style = r.chance(0.3) ? ("special" as const) : undefined;
  const of = (dims: number[]) => (type === "f32" ? r.f32(dims, style) : r.ints(type, dims));
  const divides = op === "Div" && type !== "f32";
  const [x, y] = divides ? [dividend(of(a)), divisor(of(b))] : [of(a), of(b)];
  const opset = type === "f32" || type === "bool" || type === "i32" || type === "i64" ? r.pick(opsets) : opsets.at(-1)!;
  const least = (op === "Less" || op === "Greater") && type !== "f32" ? 9 : op === "Equal" && type === "f32" ? 11 : 1;
  return {
    op,
    opset: Math.max(opset, least),
    inputs: [x, y],
    types: [out ?? type],
    bound: [0, 1].filter(() => r.chance(0.25)),
  };
}

function bitShift(r: Random): Case {
  const type = r.pick(["u8", "u32", "u64", "u16"] as const);
  const [a, b] = pairDims(r);
  return {
    op: "BitShift",
    opset: 11,
    inputs: [r.ints(type, a, 0, type === "u8" ? 255 : 60000), r.ints(type, b, 0, type === "u8" ? 7 : 15)],
    types: [type],
    attributes: { direction: r.pick(["LEFT", "RIGHT"]) },
  };
}

function bitwiseNot(r: Random): Case {
  const type = r.pick(["u8", "i8", "u16", "i16", "i32", "u32"] as const);
  if (r.chance(0.3)) return { op: "Not", opset: 1, inputs: [r.ints("bool", r.dims(3), 0, 1)], types: ["bool"] };
  return { op: "BitwiseNot", opset: 18, inputs: [r.ints(type, r.dims(3))], types: [type] };
}

function mod(r: Random): Case {
  const type = r.pick(["f32", "i32", "i64", "i8", "u8", "i16", "u16", "u32"] as const);
  const [a, b] = pairDims(r);
  const x = type === "f32" ? r.f32(a) : dividend(r.ints(type, a));
  const y = divisor(type === "f32" ? r.f32(b) : r.ints(type, b));
  return {
    op: "Mod",
    opset: r.pick([10, 13]),
    inputs: [x, y],
    types: [type],
    attributes: type === "f32" ? { fmod: 1 } : some(r, { fmod: () => r.int(0, 1) }),
  };
}

function pow(r: Random): Case {
  const base = r.pick(["f32", "f32", "i32", "i64"] as const);
  const exponent = r.pick(["f32", "f32", "i32", "i64"] as const);
  const [a, b] = pairDims(r);
  const x = base === "f32" ? r.f32(a, r.pick(["positive", "coarse", "special"])) : r.ints(base, a, -6, 6);
  const y =
    exponent === "f32"
      ? r.f32(b, r.pick(["positive", "coarse", ...(base === "f32" ? (["special"] as const) : [])]))
      : r.ints(exponent, b, base === "f32" ? -4 : 0, 5);
  if (base !== "f32" && exponent === "f32") y.values = y.values.map((v) => Math.abs(Math.round(v)));
  const opset = base === "f32" && exponent === "f32" ? r.pick([7, 12, 13, 15]) : r.pick([12, 13, 15]);
  return { op: "Pow", opset, inputs: [x, y], types: [base], bound: maybe(r, 1) };
}

function where(r: Random): Case {
  const all = r.dims(r.int(0, 4), 1, 4);
  const cut = (): number[] => aPart(r, all);
  const type = r.pick(["f32", "i32", "u8", "i64"] as const);
  return {
    op: "Where",
    opset: r.pick([9, 16]),
    inputs: [r.ints("bool", cut(), 0, 1), r.tensor(type, cut()), r.tensor(type, cut())],
    types: [type],
  };
}

function clip(r: Random): Case {
  const opset = r.pick([6, 11, 12, 13]);
  const type = opset >= 12 ? r.pick(["f32", "f32", "i8", "u8", "i32", "i64", "u32"] as const) : "f32";
  const x =
    type === "f32"
      ? r.f32(r.dims(r.int(0, 3)), r.chance(0.3) ? "special" : undefined)
      : r.ints(type, r.dims(r.int(1, 3)));
  if (opset < 11)
    return {
      op: "Clip",
      opset,
      inputs: [x],
      attributes: some(r, { min: () => ({ float: r.pick([-1, 2]) }), max: () => ({ float: 1 }) }),
    };
  const low = type === "u8" || type === "u32" ? 2 : -2;
  const inputs = [
    x,
    r.chance(0.7) ? scalar(r.pick([low, 3]), type) : undefined,
    r.chance(0.7) ? scalar(r.pick([2, 4]), type) : undefined,
  ];
  const infinite = x.values.some((v) => Math.abs(v) === Number.POSITIVE_INFINITY);
  return {
    op: "Clip",
    opset,
    inputs: trimmed(inputs),
    types: [type],
    bound: maybe(r, 1, 2),
    deviates:
      infinite && inputs.includes(undefined)
        ? "takes the greatest finite number for a bound that is absent, ONNX's own implementation takes none"
        : undefined,
  };
}

function variadic(r: Random): Case {
  const op = r.pick(["Max", "Min", "Sum", "Mean"]);
  const type =
    op === "Max" || op === "Min"
      ? r.pick(["f32", "f32", "i32", "i64", "u32", "i8", "u8", "i16", "u16"] as const)
      : "f32";
  const all = r.dims(r.int(0, 4), 1, 4);
  const cut = (): number[] => aPart(r, all);
  const style = r.chance(0.3) ? ("special" as const) : undefined;
  const inputs = Array.from({ length: r.int(1, 4) }, () =>
    type === "f32" ? r.f32(cut(), style) : r.ints(type, cut()),
  );
  return { op, opset: r.pick(type === "f32" ? [8, 13] : [12, 13]), inputs, types: [type] };
}

const CASTS = ["f32", "u8", "i8", "u16", "i16", "i32", "i64", "bool", "f64", "u32"] as const;

function cast(r: Random): Case {
  const [from, to] = [r.pick(CASTS), r.pick(CASTS)];
  const dims = r.dims(r.int(0, 3));
  // beyond the range of integers a cast of floats is not defined
  const x = from === "f32" || from === "f64" ? { ...r.f32(dims, "coarse"), type: from } : r.ints(from, dims);
  if ((from === "f32" || from === "f64") && to.startsWith("u")) x.values = x.values.map(Math.abs);
  if (r.chance(0.3)) {
    const like = { ...r.ints(to === "f32" || to === "f64" ? "i32" : to, [1], 0, 1), type: to };
    return { op: "CastLike", opset: r.pick([15, 19]), inputs: [x, like], types: [to] };
  }
  return { op: "Cast", opset: r.pick([6, 9, 13, 19, 21]), inputs: [x], types: [to], attributes: { to: TYPE[to] } };
}

export const ELEMENTWISE: Readonly<Record<string, Family>> = {
  Unary: unary,
  Binary: binary,
  BitShift: bitShift,
  BitwiseNot: bitwiseNot,
  Mod: mod,
  Pow: pow,
  Where: where,
  Clip: clip,
  Variadic: variadic,
  Cast: cast,
};
