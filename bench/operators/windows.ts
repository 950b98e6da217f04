/** Operators that slide windows. */
import { type Case, elements, type Family, i64, maybe, type Random, some } from "./cases.ts";

type Slide = {
  readonly spatial: number[];
  readonly kernel: number[];
  readonly attributes: Record<string, number | string | number[]>;
};

function slide(r: Random, dilate = true): Slide {
  const n = r.int(1, 3);
  const kernel = r.dims(n, 1, 3);
  const spatial = r.dims(n, n === 3 ? 3 : 4, n === 3 ? 6 : 9);
  const auto = r.chance(0.35) ? r.pick(["SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET"]) : undefined;
  // onnxruntime's output is not of the specified shape for SAME with dilations
  const dilations = dilate && !auto?.startsWith("SAME") && r.chance(0.4) ? r.dims(n, 1, 2) : undefined;
  const strides = r.chance(0.6) ? r.dims(n, 1, 3) : undefined;
  const padded = (auto === undefined || auto === "NOTSET") && r.chance(0.6);
  const pads = Array.from({ length: 2 * n }, (_, i) => r.int(0, kernel[i % n]! - 1));
  return {
    spatial,
    kernel,
    attributes: {
      ...(auto && { auto_pad: auto }),
      ...(dilations && { dilations }),
      ...(strides && { strides }),
      ...(padded && { pads }),
    },
  };
}

function averagePool(r: Random): Case {
  const opset = r.pick([7, 10, 11, 19, 22]);
  const { spatial, kernel, attributes } = slide(r, opset >= 19);
  const x = r.f32([...r.dims(2, 1, 2), ...spatial]);
  return {
    op: "AveragePool",
    opset,
    inputs: [x],
    attributes: {
      kernel_shape: kernel,
      ...attributes,
      ...some(r, { count_include_pad: () => r.int(0, 1), ...(opset >= 10 && { ceil_mode: () => r.int(0, 1) }) }),
    },
  };
}

function maxPool(r: Random): Case {
  const opset = r.pick([8, 10, 11, 12, 22]);
  const { spatial, kernel, attributes } = slide(r, opset >= 10);
  const x = r.tensor(opset >= 12 ? r.pick(["f32", "f32", "u8", "i8"]) : "f32", [...r.dims(2, 1, 2), ...spatial]);
  const indices = r.chance();
  return {
    op: "MaxPool",
    opset,
    inputs: [x],
    types: indices ? [x.type ?? "f32", "i64"] : [x.type ?? "f32"],
    attributes: {
      kernel_shape: kernel,
      ...attributes,
      ...some(r, {
        ...(indices && { storage_order: () => r.int(0, 1) }),
        ...(opset >= 10 && { ceil_mode: () => r.int(0, 1) }),
      }),
    },
  };
}

function lpPool(r: Random): Case {
  const opset = r.pick([2, 11, 18, 22]);
  const { spatial, kernel, attributes } = slide(r, opset >= 18);
  return {
    op: "LpPool",
    opset,
    inputs: [r.f32([...r.dims(2, 1, 2), ...spatial])],
    attributes: {
      kernel_shape: kernel,
      ...attributes,
      ...some(r, { p: () => r.int(1, 4), ...(opset >= 18 && { ceil_mode: () => r.int(0, 1) }) }),
    },
  };
}

function globalPool(r: Random): Case {
  const op = r.pick(["GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"]);
  return {
    op,
    opset: r.pick([op === "GlobalLpPool" ? 2 : 1, 22]),
    inputs: [r.f32(r.dims(r.int(3, 5)))],
    attributes: op === "GlobalLpPool" ? some(r, { p: () => r.int(1, 3) }) : {},
  };
}

function maxUnpool(r: Random): Case {
  const n = r.int(1, 3);
  const kernel = r.dims(n, 1, 3);
  const strides = r.dims(n, 1, 3).map((s, i) => Math.max(s, kernel[i]!));
  const spatial = r.dims(n, 1, 3);
  const planes = r.dims(2, 1, 2);
  const out = spatial.map((d, i) => (d - 1) * strides[i]! + kernel[i]!);
  const count = elements([...planes, ...spatial]);
  const x = r.f32([...planes, ...spatial]);
  const size = elements(out);
  const per = elements(spatial);
  const order = Array.from({ length: elements(planes) }, () =>
    r.shuffled(Array.from({ length: size }, (_, i) => i)).slice(0, per),
  );
  const indices = i64(
    Array.from({ length: count }, (_, e) => Math.floor(e / per) * size + order[Math.floor(e / per)]![e % per]!),
    x.dims,
  );
  const shape = r.chance() ? [i64([...planes, ...out])] : [];
  return {
    op: "MaxUnpool",
    opset: r.pick([9, 11, 22]),
    inputs: [x, indices, ...shape],
    attributes: { kernel_shape: kernel, strides },
    bound: [2],
  };
}

const bias = (r: Random, m: number) => (r.chance() ? [r.f32([m])] : []);

function conv(r: Random): Case {
  const { spatial, kernel, attributes } = slide(r);
  const group = r.pick([1, 1, 2, 3]);
  const [c, m] = [group * r.int(1, 3), group * r.int(1, 3)];
  const x = r.f32([r.int(1, 2), c, ...spatial]);
  const w = r.f32([m, c / group, ...kernel]);
  return {
    op: "Conv",
    opset: r.pick([1, 11, 22]),
    inputs: [x, w, ...bias(r, m)],
    attributes: { ...attributes, ...(group > 1 && { group }), ...some(r, { kernel_shape: () => kernel }) },
    bound: maybe(r, 1, 2),
  };
}

function convTranspose(r: Random): Case {
  const n = r.int(1, 3);
  const kernel = r.dims(n, 1, 3);
  const spatial = r.dims(n, 1, n === 3 ? 3 : 4);
  const group = r.pick([1, 1, 2]);
  const [c, m] = [group * r.int(1, 2), r.int(1, 2)];
  const kind = r.pick(["none", "pads", "pads", "auto", "shape", "autoshape"]);
  // a stride beyond the kernel with SAME gives onnxruntime another shape than ONNX
  const strides = r.chance(0.7) ? kernel.map((k) => r.int(1, kind === "auto" ? Math.min(k, 3) : 3)) : undefined;
  const dilations = r.chance(0.3) ? r.dims(n, 1, 2) : undefined;
  const stride = (i: number): number => strides?.[i] ?? 1;
  const reach = kernel.map((k, i) => (k - 1) * (dilations?.[i] ?? 1) + 1);
  const padding = r.chance(0.4) ? strides?.map((s, i) => r.int(0, Math.max(s, dilations?.[i] ?? 1) - 1)) : undefined;
  const pads = Array.from({ length: 2 * n }, (_, i) => r.int(0, Math.min(1, reach[i % n]! - 1)));
  const full = spatial.map((d, i) => (d - 1) * stride(i) + reach[i]! + (padding?.[i] ?? 0));
  const shape = full.map((d) => Math.max(1, d - r.int(0, 2)));
  const auto = r.pick(["SAME_UPPER", "SAME_LOWER", "VALID"]);
  const x = r.f32([r.int(1, 2), c, ...spatial]);
  const w = r.f32([c, m, ...kernel]);
  return {
    op: "ConvTranspose",
    opset: r.pick([1, 11, 22]),
    inputs: [x, w, ...bias(r, m * group)],
    bound: maybe(r, 1, 2),
    attributes: {
      ...(strides && { strides }),
      ...(dilations && { dilations }),
      ...(group > 1 && { group }),
      ...(padding && { output_padding: padding }),
      ...(kind === "pads" && { pads }),
      ...((kind === "auto" || kind === "autoshape") && { auto_pad: auto }),
      ...((kind === "shape" || kind === "autoshape") && { output_shape: shape }),
      ...some(r, { kernel_shape: () => kernel }),
    },
  };
}

function convInteger(r: Random): Case {
  const { spatial, kernel, attributes } = slide(r);
  const group = r.pick([1, 1, 2]);
  const [c, m] = [group * r.int(1, 3), group * r.int(1, 3)];
  const [xt, wt] = [r.pick(["u8"] as const), r.pick(["u8"] as const)];
  const x = r.ints(xt, [r.int(1, 2), c, ...spatial], 0, 255);
  const w = r.ints(wt, [m, c / group, ...kernel], 0, 255);
  const zeros = r.chance(0.7) ? [r.ints(xt, [], 0, 255), ...(r.chance() ? [r.ints(wt, [], 0, 255)] : [])] : [];
  return {
    op: "ConvInteger",
    opset: 10,
    inputs: [x, w, ...zeros],
    types: ["i32"],
    attributes: { ...attributes, ...(group > 1 && { group }), ...some(r, { kernel_shape: () => kernel }) },
    bound: maybe(r, 1, 2, 3),
  };
}

function qLinearConv(r: Random): Case {
  const { spatial, kernel, attributes } = slide(r);
  const group = r.pick([1, 1, 2]);
  const [c, m] = [group * r.int(1, 3), group * r.int(1, 3)];
  const [xt, wt] = r.pick([
    ["u8", "u8"],
    ["u8", "i8"],
    ["i8", "i8"],
  ] as const);
  const s = (dims: number[]) => ({
    dims,
    values: Array.from({ length: elements(dims) }, () => Math.fround(r.next() * 0.1 + 0.01)),
  });
  const perChannel = r.chance();
  const wz =
    wt === "u8"
      ? r.ints(wt, [], 0, 255)
      : perChannel
        ? { type: wt, dims: [m], values: Array.from({ length: m }, () => 0) }
        : r.ints(wt, [], -5, 5);
  const x = r.ints(xt, [r.int(1, 2), c, ...spatial], xt === "u8" ? 0 : -128, xt === "u8" ? 255 : 127);
  const w = r.ints(wt, [m, c / group, ...kernel], wt === "u8" ? 0 : -60, wt === "u8" ? 255 : 60);
  const inputs = [
    x,
    s([]),
    r.ints(xt, [], -5, 5),
    w,
    s(perChannel && wt === "i8" ? [m] : []),
    wz,
    { dims: [], values: [r.pick([0.5, 1.5, 3.7])] },
    r.ints(xt, [], 0, 100),
    ...(r.chance() ? [r.ints("i32", [m], -3000, 3000)] : []),
  ];
  if (xt === "u8") inputs[2] = r.ints(xt, [], 0, 255);
  return {
    op: "QLinearConv",
    opset: 10,
    inputs,
    types: [xt],
    attributes: { ...attributes, ...(group > 1 && { group }), ...some(r, { kernel_shape: () => kernel }) },
    bound: [1, 2, 3, 4, 5, 6, 7, 8],
  };
}

function col2Im(r: Random): Case {
  // of more axes than two onnxruntime sums other elements than ONNX says
  const n = r.int(1, 2);
  const block = r.dims(n, 1, 3);
  const dilations = r.dims(n, 1, n);
  const strides = r.dims(n, 1, 2);
  const pads = r.dims(2 * n, 0, 1);
  const image = r.dims(n, 5, 7);
  const places = image.map(
    (d, i) => Math.floor((d + pads[i]! + pads[n + i]! - dilations[i]! * (block[i]! - 1) - 1) / strides[i]!) + 1,
  );
  const [b, c] = r.dims(2, 1, 3);
  return {
    op: "Col2Im",
    opset: 18,
    inputs: [r.f32([b, c * elements(block), elements(places)]), i64(image), i64(block)],
    attributes: { dilations, pads, strides },
    bound: [1, 2],
  };
}

export const WINDOWS: Readonly<Record<string, Family>> = {
  AveragePool: averagePool,
  MaxPool: maxPool,
  LpPool: lpPool,
  GlobalPool: globalPool,
  MaxUnpool: maxUnpool,
  Conv: conv,
  ConvTranspose: convTranspose,
  ConvInteger: convInteger,
  QLinearConv: qLinearConv,
  Col2Im: col2Im,
};
