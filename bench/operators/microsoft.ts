/** com.microsoft. */
import { type Case, type Family, float, type Random, scalar, some, trimmed } from "./cases.ts";

const domain = "com.microsoft";
const opset = 1;

function gelus(r: Random): Case {
  const op = r.pick(["Gelu", "BiasGelu", "FastGelu", "QuickGelu"]);
  const x = r.f32(r.dims(3));
  const bias = op === "BiasGelu" || (op === "FastGelu" && r.chance()) ? [r.f32([x.dims[2]!])] : [];
  return {
    op,
    domain,
    opset,
    inputs: [x, ...bias],
    attributes: op === "QuickGelu" ? some(r, { alpha: () => float(1, 1.702)(r) }) : {},
  };
}

function skipNorm(r: Random): Case {
  const op = r.pick(["SkipLayerNormalization", "SkipSimplifiedLayerNormalization", "SimplifiedLayerNormalization"]);
  const [b, s, h] = r.dims(3, 1, 5);
  const x = r.f32([b, s, h]);
  const epsilon = some(r, { epsilon: () => float(0.01, 1e-5)(r) });
  if (op === "SimplifiedLayerNormalization")
    return { op, domain: "", opset: 17, inputs: [x, r.f32([h])], attributes: { ...epsilon, axis: -1 } };
  const simple = op === "SkipSimplifiedLayerNormalization";
  const skip = r.f32(
    r.pick([
      [b, s, h],
      [b, s, h],
      [s, h],
      [1, s, h],
    ]),
  );
  return {
    op,
    domain,
    opset,
    inputs: trimmed([
      x,
      skip,
      r.f32([h]),
      ...(simple ? [] : [r.chance() ? r.f32([h]) : undefined]),
      r.chance() ? r.f32([h]) : undefined,
    ]),
    attributes: epsilon,
  };
}

function fusedMatMul(r: Random): Case {
  const [m, k, n] = r.dims(3, 1, 4);
  const [transA, transB] = [r.int(0, 1), r.int(0, 1)];
  const all = r.dims(r.int(0, 2), 1, 3);
  return {
    op: "FusedMatMul",
    domain,
    opset,
    inputs: [r.f32([...all, ...(transA ? [k, m] : [m, k])]), r.f32([...all, ...(transB ? [n, k] : [k, n])])],
    attributes: { transA, transB, ...some(r, { alpha: () => float(0.5, 2)(r) }) },
  };
}

function qLinear(r: Random): Case {
  const op = r.pick(["QLinearAdd", "QLinearMul", "QLinearSigmoid", "QLinearLeakyRelu"]);
  const type = r.pick(["u8", "i8"] as const);
  const [low, high] = type === "u8" ? [0, 255] : [-128, 127];
  const s = () => scalar(r.pick([0.1, 0.05, 0.02, 0.5]));
  const z = () => r.ints(type, [], low, high);
  const x = () =>
    r.ints(
      type,
      r.dims(3).map((d) => (r.chance(0.2) ? 1 : d)),
      low,
      high,
    );
  const a = x();
  const two = op === "QLinearAdd" || op === "QLinearMul";
  const b = {
    ...r.ints(
      type,
      a.dims.map((d) => (r.chance(0.2) ? 1 : d)),
      low,
      high,
    ),
  };
  return {
    op,
    domain,
    opset,
    inputs: [a, s(), z(), ...(two ? [b, s(), z()] : []), s(), z()],
    types: [type],
    attributes: op === "QLinearLeakyRelu" ? { alpha: { float: 0.1 } } : {},
    // by quotients of scales, which are not exact, onnxruntime rounds halves either way
    ...(two && { atol: 1 }),
    bound: two ? [1, 2, 4, 5, 6, 7] : [1, 2, 3, 4],
  };
}

function multiHead(r: Random): Case {
  const [B, S, T, H, d, e] = [r.int(1, 2), r.int(1, 4), r.int(1, 4), r.int(1, 3), r.int(1, 4), r.int(1, 4)];
  const bias = r.chance(0.4) ? r.f32([2 * H * d + H * e]) : undefined;
  const mask = r.chance(0.3) ? r.ints("i32", [B, T], 0, 1) : undefined;
  const add = r.chance(0.3) ? r.f32([r.pick([1, B]), r.pick([1, H]), S, T]) : undefined;
  return {
    op: "MultiHeadAttention",
    domain,
    opset,
    inputs: trimmed([r.f32([B, S, H * d]), r.f32([B, T, H * d]), r.f32([B, T, H * e]), bias, mask, add]),
    attributes: { num_heads: H, ...some(r, { unidirectional: () => r.int(0, 1), scale: () => float(0.3)(r) }, 0.3) },
  };
}

function packedAttention(r: Random): Case {
  const [B, S, H, d, w] = [r.int(1, 2), r.int(1, 4), r.int(1, 3), r.int(1, 4), r.int(1, 4)];
  const mask = r.chance(0.3) ? r.ints("i32", [B, S], 0, 1) : undefined;
  return {
    op: "Attention",
    domain,
    opset,
    inputs: trimmed([r.f32([B, S, w]), r.f32([w, 3 * H * d]), r.f32([3 * H * d]), mask]),
    attributes: { num_heads: H, ...some(r, { unidirectional: () => r.int(0, 1), scale: () => float(0.3)(r) }, 0.3) },
  };
}

function rotary(r: Random): Case {
  const [B, H, S, half] = [r.int(1, 2), r.int(1, 3), r.int(1, 4), r.pick([2, 4, 8])];
  const flat = r.chance();
  const positions = S + 3;
  const x = r.f32(flat ? [B, S, H * half * 2] : [B, H, S, half * 2]);
  const ids = r.chance() ? r.ints("i64", [1], 0, 3) : r.ints("i64", [B, S], 0, positions - 1);
  return {
    op: "RotaryEmbedding",
    domain,
    opset,
    inputs: [x, ids, r.f32([positions, half], "unit"), r.f32([positions, half], "unit")],
    attributes: { ...(flat && some(r, { num_heads: () => H })), ...some(r, { interleaved: () => r.int(0, 1) }) },
  };
}

function dynamicMatMul(r: Random): Case {
  const [m, k, n] = r.dims(3, 1, 5);
  const type = r.pick(["u8", "i8"] as const);
  const per = r.chance(0.4) ? [n] : [];
  const b = r.ints(type, [k, n], type === "u8" ? 0 : -60, type === "u8" ? 255 : 60);
  const bs = { dims: per, values: Array.from({ length: n }, () => r.pick([0.1, 0.02])).slice(0, per.length ? n : 1) };
  const bz = r.chance() ? r.ints(type, per, 0, 20) : undefined;
  const bias = r.chance() ? r.f32([n]) : undefined;
  if (r.chance())
    return {
      op: "DynamicQuantizeMatMul",
      domain,
      opset,
      inputs: trimmed([r.f32([m, k]), b, bs, bz, bias]),
      bound: [1, 2, 3, 4],
    };
  const at = r.pick(["u8", "i8"] as const);
  return {
    op: "MatMulIntegerToFloat",
    domain,
    opset,
    inputs: trimmed([
      r.ints(at, [m, k], 0, 100),
      b,
      scalar(0.1),
      bs,
      r.chance() ? r.ints(at, [], 0, 20) : undefined,
      bz,
      bias,
    ]),
    bound: [1, 2, 3, 4, 5, 6],
  };
}

export const MICROSOFT: Readonly<Record<string, Family>> = {
  "ms.Gelu": gelus,
  "ms.SkipNorm": skipNorm,
  "ms.FusedMatMul": fusedMatMul,
  "ms.QLinear": qLinear,
  "ms.MultiHead": multiHead,
  "ms.Attention": packedAttention,
  "ms.Rotary": rotary,
  "ms.DynamicMatMul": dynamicMatMul,
};
