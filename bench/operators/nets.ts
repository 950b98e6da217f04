/** Normalisations, recurrent nets, attention. */
import type { AttributeValue, TypeName } from "../../packages/onnx/test/onnxFile.ts";
import { anAxis, type Case, type Family, maybe, type Random, scalar, some, someAxes, trimmed } from "./cases.ts";

function layerNorm(r: Random): Case {
  const rms = r.chance(0.3);
  const rank = r.int(1, 4);
  const x = r.f32(r.dims(rank));
  const axis = anAxis(r, rank);
  const rest = x.dims.slice((axis + rank) % rank);
  const scaleDims = r.chance(0.7)
    ? rest
    : r.chance()
      ? rest.map((d) => (r.chance() ? 1 : d))
      : rest.slice(r.int(0, rest.length - 1));
  const epsilon = some(r, { epsilon: () => ({ float: r.pick([1e-5, 0.1]) }) });
  const own = axis === -1 && r.chance() ? {} : { axis };
  if (rms)
    return { op: "RMSNormalization", opset: 23, inputs: [x, r.f32(scaleDims)], attributes: { ...own, ...epsilon } };
  const outputs = r.int(1, 3);
  return {
    op: "LayerNormalization",
    opset: 17,
    inputs: trimmed([x, r.f32(scaleDims), r.chance() ? r.f32(scaleDims) : undefined]),
    types: Array.from({ length: outputs }, () => "f32" as const),
    attributes: { ...own, ...epsilon },
  };
}

function groupNorm(r: Random): Case {
  const opset = r.pick([18, 21]);
  const group = r.int(1, 3);
  const c = group * r.int(1, 3);
  const x = r.f32([r.int(1, 2), c, ...r.dims(r.int(1, 3), 1, 4)]);
  const n = opset === 18 ? group : c;
  return {
    op: "GroupNormalization",
    opset,
    inputs: [x, r.f32([n]), r.f32([n])],
    attributes: { num_groups: group, ...some(r, { epsilon: () => ({ float: 0.01 }) }) },
  };
}

function instanceNorm(r: Random): Case {
  const c = r.int(1, 3);
  const x = r.f32([r.int(1, 2), c, ...r.dims(r.int(1, 3), 1, 4)]);
  return {
    op: "InstanceNormalization",
    opset: r.pick([6, 22]),
    inputs: [x, r.f32([c]), r.f32([c])],
    attributes: some(r, { epsilon: () => ({ float: 0.01 }) }),
  };
}

function batchNorm(r: Random): Case {
  const c = r.int(1, 3);
  const x = r.f32([r.int(1, 2), c, ...r.dims(r.int(0, 3), 1, 4)]);
  return {
    op: "BatchNormalization",
    opset: r.pick([7, 9, 14, 15]),
    inputs: [x, r.f32([c]), r.f32([c]), r.f32([c]), r.f32([c], "positive")],
    attributes: some(r, { epsilon: () => ({ float: 0.01 }), momentum: () => ({ float: 0.5 }) }),
    bound: maybe(r, 1, 2, 3, 4),
  };
}

function lpNorm(r: Random): Case {
  const rank = r.int(1, 4);
  const x = r.f32(r.dims(rank), "coarse");
  return {
    op: "LpNormalization",
    opset: r.pick([1, 22]),
    inputs: [x],
    attributes: some(r, { axis: () => anAxis(r, rank), p: () => r.int(1, 2) }, 0.7),
  };
}

function lrn(r: Random): Case {
  return {
    op: "LRN",
    opset: r.pick([1, 13]),
    inputs: [r.f32([r.int(1, 2), r.int(1, 7), ...r.dims(r.int(1, 2), 1, 3)])],
    attributes: {
      size: r.int(1, 6),
      ...some(r, { alpha: () => ({ float: 0.1 }), beta: () => ({ float: 0.5 }), bias: () => ({ float: 2 }) }),
    },
  };
}

function mvn(r: Random): Case {
  const rank = r.int(2, 5);
  return {
    op: "MeanVarianceNormalization",
    opset: r.pick([9, 13]),
    inputs: [r.f32(r.dims(rank, 2, 4), "plain")],
    attributes: some(r, { axes: () => r.shuffled(someAxes(r, rank, 1)) }, rank === 4 ? 0.5 : 1),
  };
}

const ACTIVATIONS = [
  "Relu",
  "Tanh",
  "Sigmoid",
  "Affine",
  "LeakyRelu",
  "ThresholdedRelu",
  "ScaledTanh",
  "HardSigmoid",
  "Elu",
  "Softsign",
  "Softplus",
];
const TAKES: Record<string, number> = {
  Affine: 2,
  LeakyRelu: 1,
  ThresholdedRelu: 1,
  ScaledTanh: 2,
  HardSigmoid: 2,
  Elu: 1,
};

const BOUNDED = ["Tanh", "Sigmoid", "ScaledTanh", "HardSigmoid", "Softsign"];

/** Steps after which activations without bound may have grown beyond f32. */
const LONG = 4;

const activationsOf = (r: Random, count: number): string[] => Array.from({ length: count }, () => r.pick(ACTIVATIONS));

function activationAttributes(r: Random, names: readonly string[]): Record<string, AttributeValue> {
  const numbers = (least: number): AttributeValue[] => {
    const count = names.filter((name) => (TAKES[name] ?? 0) >= least).length;
    return count > 0 ? [{ floats: Array.from({ length: count }, () => r.pick([0.5, 0.1, 1.5])) }] : [];
  };
  const [[alpha], [beta]] = [numbers(1), numbers(2)];
  return {
    activations: { texts: names },
    ...(alpha && { activation_alpha: alpha }),
    ...(beta && { activation_beta: beta }),
  };
}

function recurrent(r: Random): Case {
  const op = r.pick(["RNN", "GRU", "LSTM"]);
  const gates = { RNN: 1, GRU: 3, LSTM: 4 }[op]!;
  const usual = { RNN: 1, GRU: 2, LSTM: 3 }[op]!;
  const opset = r.pick([7, 14, 22]);
  const [T, B, I, H] = r.chance(0.1)
    ? [r.int(20, 70), 2, 5, r.int(8, 20)]
    : [r.int(1, 4), r.int(1, 3), r.int(1, 3), r.int(1, 3)];
  const direction = r.pick(["forward", "reverse", "bidirectional"]);
  const D = direction === "bidirectional" ? 2 : 1;
  const layout = opset >= 14 && r.chance(0.3) ? 1 : 0;
  const first = (dims: number[]): number[] => (layout ? [dims[1]!, dims[0]!, ...dims.slice(2)] : dims);
  const lens = r.chance(0.4) ? r.ints("i32", [B], 1, T) : undefined;
  const h = r.chance() ? r.f32(first([D, B, H])) : undefined;
  const c = op === "LSTM" && r.chance() ? r.f32(first([D, B, H])) : undefined;
  const p = op === "LSTM" && r.chance(0.4) ? r.f32([D, 3 * H]) : undefined;
  const inputs = [
    r.f32(first([T, B, I])),
    r.f32([D, gates * H, I], "unit"),
    r.f32([D, gates * H, H], "unit"),
    r.chance(0.6) ? r.f32([D, 2 * gates * H], "unit") : undefined,
    lens,
    h,
    c,
    p,
  ];
  const attributes: Record<string, AttributeValue> = {
    hidden_size: H,
    ...(layout && { layout }),
    ...some(r, { direction: () => direction }, direction === "forward" ? 0.5 : 1),
  };
  const activations = r.chance(0.4) ? activationsOf(r, usual * D) : [];
  if (activations.length > 0) Object.assign(attributes, activationAttributes(r, activations));
  if (r.chance(0.3)) attributes.clip = { float: r.pick([0.2, 1]) };
  if (op === "GRU" && r.chance()) attributes.linear_before_reset = r.int(0, 1);
  if (op === "LSTM" && r.chance(0.3)) attributes.input_forget = r.int(0, 1);
  const types: TypeName[] = op === "LSTM" ? ["f32", "f32", "f32"] : ["f32", "f32"];
  const overflows = T > LONG && activations.some((name) => !BOUNDED.includes(name));
  return {
    op,
    opset,
    inputs: trimmed(inputs),
    types,
    attributes,
    bound: maybe(r, 1, 2, 3, 4),
    deviates: overflows ? "sums gates in another order, and they overflow over so many steps" : undefined,
  };
}

function attention(r: Random): Case {
  const opset = r.pick([23, 24]);
  const flat = r.chance(0.4);
  const [B, S, T] = [r.int(1, 2), r.int(1, 4), r.int(1, 5)];
  const kv = r.int(1, 2);
  const H = kv * r.int(1, 3);
  const [d, e] = [r.int(1, 4), r.int(1, 4)];
  const x = (heads: number, s: number, w: number) => r.f32(flat ? [B, s, heads * w] : [B, heads, s, w]);
  const past = r.chance(0.3) ? r.int(1, 3) : 0;
  const total = T + past;
  const mask = r.chance() ? r.pick(["f32", "bool"] as const) : undefined;
  const maskDims = [...r.pick([[], [1], [B, 1], [B, H], [1, H], [1, 1], [H]]), S, total];
  const inputs = [
    x(H, S, d),
    x(kv, T, d),
    x(kv, T, e),
    mask && r.tensor(mask, maskDims),
    past ? r.f32([B, kv, past, d]) : undefined,
    past ? r.f32([B, kv, past, e]) : undefined,
  ];
  if (opset >= 24 && !past && r.chance(0.3)) inputs.push(r.ints("i64", [B], 1, total));
  const types: TypeName[] = past ? ["f32", "f32", "f32"] : ["f32"];
  if (past && r.chance()) types.push("f32");
  return {
    op: "Attention",
    opset,
    inputs: trimmed(inputs),
    types,
    attributes: {
      ...(flat && { q_num_heads: H, kv_num_heads: kv }),
      ...some(
        r,
        { is_causal: () => r.int(0, 1), scale: () => ({ float: 0.3 }), softcap: () => ({ float: r.pick([0, 1, 2]) }) },
        0.4,
      ),
      ...(types.length > 3 && some(r, { qk_matmul_output_mode: () => r.int(0, 3) })),
    },
  };
}

function rotary(r: Random): Case {
  const [B, H, S, half] = [r.int(1, 2), r.int(1, 3), r.int(1, 4), r.int(1, 4)];
  const rotated = r.chance(0.4) ? r.int(1, half) : half;
  const flat = r.chance();
  const ids = r.chance();
  const positions = r.int(S, S + 3);
  const x = r.f32(flat ? [B, S, H * half * 2] : [B, H, S, half * 2]);
  const table = () => r.f32(ids ? [positions, rotated] : [B, S, rotated], "unit");
  return {
    op: "RotaryEmbedding",
    opset: 23,
    inputs: trimmed([x, table(), table(), ids ? r.ints("i64", [B, S], 0, positions - 1) : undefined]),
    attributes: {
      ...(flat && { num_heads: H }),
      ...(rotated < half && { rotary_embedding_dim: 2 * rotated }),
      ...some(r, { interleaved: () => r.int(0, 1) }),
    },
  };
}

function tensorScatter(r: Random): Case {
  const rank = r.int(3, 4);
  const dims = r.dims(rank, 1, 4).with(rank - 2, r.int(4, 6));
  const n = r.int(1, 3);
  const mode = r.pick(["linear", "circular"]);
  const at = r.ints("i64", [dims[0]!], 0, dims[rank - 2]! - (mode === "linear" ? n : 1));
  return {
    op: "TensorScatter",
    opset: 24,
    inputs: [r.f32(dims), r.f32(dims.with(rank - 2, n)), at],
    attributes: { mode },
  };
}

function dropout(r: Random): Case {
  const x = r.f32(r.dims(3));
  const opset = r.pick([7, 12, 13]);
  if (opset < 12) return { op: "Dropout", opset, inputs: [x], attributes: some(r, { ratio: () => ({ float: 0.3 }) }) };
  return {
    op: "Dropout",
    opset,
    inputs: trimmed([x, r.chance() ? scalar(0.3) : undefined]),
    types: r.chance() ? ["f32", "bool"] : ["f32"],
    bound: [1],
  };
}

export const NETS: Readonly<Record<string, Family>> = {
  LayerNorm: layerNorm,
  GroupNorm: groupNorm,
  InstanceNorm: instanceNorm,
  BatchNorm: batchNorm,
  LpNorm: lpNorm,
  LRN: lrn,
  MVN: mvn,
  Recurrent: recurrent,
  Attention: attention,
  Rotary: rotary,
  TensorScatter: tensorScatter,
  Dropout: dropout,
};
