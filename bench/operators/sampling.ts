/** Operators that resample. */
import type { AttributeValue, TensorFacts } from "../../packages/onnx/test/onnxFile.ts";
import { type Case, elements, type Family, float, i64, type Random, some, trimmed } from "./cases.ts";

function upsample(r: Random): Case {
  const rank = r.int(2, 4);
  const scales = r.dims(rank, 1, 1).map((_, i) => (i < rank - 2 ? 1 : r.pick([1, 1.5, 2, 2.5, 3])));
  const mode = r.pick(["nearest", "linear"]);
  const x = r.f32(r.dims(rank, 1, 5));
  const old = r.chance(0.3);
  if (old) return { op: "Upsample", opset: 7, inputs: [x], attributes: { mode, scales: { floats: scales } } };
  return { op: "Upsample", opset: 9, inputs: [x, { dims: [rank], values: scales }], attributes: { mode }, bound: [1] };
}

function deformConv(r: Random): Case {
  const group = r.pick([1, 1, 2]);
  const og = r.pick([1, 1, 2]);
  const c = group * og * r.int(1, 2);
  const m = group * r.int(1, 2);
  const kernel = r.dims(2, 1, 3);
  const [h, w] = r.dims(2, 3, 6);
  const strides = r.dims(2, 1, 2);
  const pads = r.dims(4, 0, 1);
  const dilations = r.dims(2, 1, 2);
  const out = [h, w].map(
    (d, i) => Math.floor((d + pads[i]! + pads[2 + i]! - dilations[i]! * (kernel[i]! - 1) - 1) / strides[i]!) + 1,
  );
  const n = r.int(1, 2);
  const offset = r.f32([n, og * elements(kernel) * 2, ...out], r.pick(["plain", "coarse"]));
  const mask = r.chance() ? r.f32([n, og * elements(kernel), ...out]) : undefined;
  const b = r.chance() ? r.f32([m]) : undefined;
  const inputs = [r.f32([n, c, h, w]), r.f32([m, c / group, ...kernel]), offset, b, mask];
  return {
    op: "DeformConv",
    opset: r.pick([19, 22]),
    inputs: trimmed(inputs),
    attributes: { strides, pads, dilations, group, offset_group: og, ...some(r, { kernel_shape: () => kernel }) },
  };
}

function oldResize(r: Random, x: TensorFacts, mode: string): Case {
  const scales = x.dims.map((_, i) => (i < x.dims.length - 2 ? 1 : r.pick([1, 2, 0.5, 1.5, 0.6, 3])));
  return {
    op: "Resize",
    opset: 10,
    inputs: [x, { dims: [x.dims.length], values: scales }],
    attributes: { mode: mode === "cubic" ? "linear" : mode },
    bound: [1],
  };
}

const coordinatesFor = (r: Random, opset: number): string =>
  r.pick([
    "half_pixel",
    "pytorch_half_pixel",
    "align_corners",
    "asymmetric",
    "tf_crop_and_resize",
    ...(opset >= 19 ? ["half_pixel_symmetric"] : []),
    ...(opset < 13 ? ["tf_half_pixel_for_nn"] : []),
  ]);

/** `whole`: only scales whose product with the length is whole. */
type Sized = { readonly dims: readonly number[]; readonly axes: readonly number[]; readonly whole: boolean };
type Sizes = { readonly bySizes: boolean; readonly scales: number[]; readonly sizes: number[] };

/** Only the last two axes change their length. */
const isFree = ({ dims }: Sized, axis: number): boolean => (axis + dims.length) % dims.length >= dims.length - 2;

function sizesFor(r: Random, sized: Sized): Sizes {
  const { dims, axes, whole } = sized;
  const bySizes = r.chance();
  const scaleOf = (axis: number): number => {
    if (!isFree(sized, axis)) return 1;
    if (whole) return r.pick([1, 2, 3, ...(dims.at(axis)! % 2 === 0 ? [0.5, 1.5] : [])]);
    return r.pick([1, 2, 0.5, 1.5, 0.6, 3, 0.8, 2.3, 0.7]);
  };
  const scales = axes.map(scaleOf);
  return { bySizes, scales, sizes: axes.map((a) => (isFree(sized, a) ? r.int(1, 11) : dims.at(a)!)) };
}

function regionFor(r: Random, sized: Sized, { bySizes, scales, sizes }: Sizes): TensorFacts {
  const { dims, axes } = sized;
  // onnxruntime leaves an axis with a scale of 1 as it is, whatever the region
  const stays = (i: number): boolean => (bySizes ? sizes[i] === dims.at(axes[i]!) : scales[i] === 1);
  const bounds = (usual: number, others: readonly number[]): number[] =>
    axes.map((axis, i) => (isFree(sized, axis) && !stays(i) ? r.pick(others) : usual));
  return { dims: [2 * axes.length], values: [...bounds(0, [0, 0.2, 0.4, -0.2]), ...bounds(1, [1, 0.7, 0.9, 1.2])] };
}

type Manner = {
  readonly opset: number;
  readonly mode: string;
  readonly coordinates: string;
  readonly axes: readonly number[] | undefined;
  readonly stretched: boolean;
};

function resizeAttributes(
  r: Random,
  { opset, mode, coordinates, axes, stretched }: Manner,
): Record<string, AttributeValue> {
  const smooth = mode !== "nearest";
  return {
    ...some(r, { mode: () => mode }, smooth ? 1 : 0.5),
    ...some(r, { coordinate_transformation_mode: () => coordinates }, coordinates === "half_pixel" ? 0.5 : 1),
    ...(axes && { axes }),
    ...(!smooth &&
      some(r, { nearest_mode: () => r.pick(["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]) })),
    ...(mode === "cubic" && some(r, { cubic_coeff_a: () => float(-0.5, -0.75)(r) })),
    ...(smooth && some(r, { exclude_outside: () => (mode === "cubic" ? r.int(0, 1) : 0) }, 0.4)),
    ...(opset >= 18 && smooth && some(r, { antialias: () => r.int(0, 1) }, 0.4)),
    ...(opset >= 18 &&
      stretched &&
      some(r, { keep_aspect_ratio_policy: () => r.pick(["stretch", "not_larger", "not_smaller"]) })),
    ...(coordinates === "tf_crop_and_resize" && some(r, { extrapolation_value: () => float(10, -1)(r) })),
  };
}

/** Some of the last axes, or undefined for all. */
function resizedAxes(r: Random, rank: number): number[] | undefined {
  if (!r.chance(0.4)) return undefined;
  const last = Array.from({ length: Math.min(2, rank) }, (_, i) => rank - 1 - i);
  return r.shuffled(last).map((a) => (r.chance(0.3) ? a - rank : a));
}

function resize(r: Random): Case {
  const opset = r.pick([10, 11, 13, 18, 19]);
  const rank = r.pick([1, 2, 3, 4, 4, 4]);
  const mode = r.pick(["nearest", "nearest", "linear", "cubic"]);
  const dims = Array.from({ length: rank }, (_, i) => (i < rank - 2 ? r.int(1, 2) : r.int(1, r.pick([6, 10]))));
  const x = r.f32(dims);
  if (opset === 10) return oldResize(r, x, mode);
  const axes = opset >= 18 ? resizedAxes(r, rank) : undefined;
  const coordinates = coordinatesFor(r, opset);
  // onnxruntime takes the whole length of the result here, ONNX's cases the product
  const whole = coordinates === "align_corners" || coordinates === "tf_crop_and_resize";
  const sized = { dims, axes: axes ?? dims.map((_, i) => i), whole };
  const made = sizesFor(r, sized);
  const none = opset < 13 ? { dims: [0], values: [] } : undefined;
  const region = coordinates === "tf_crop_and_resize" ? regionFor(r, sized, made) : none;
  const attributes = resizeAttributes(r, { opset, mode, coordinates, axes, stretched: made.bySizes && !whole });
  const kept = String(attributes.keep_aspect_ratio_policy).startsWith("not_");
  return {
    op: "Resize",
    opset,
    inputs: made.bySizes
      ? [x, region, none, i64(made.sizes)]
      : [x, region, { dims: [made.scales.length], values: made.scales }],
    bound: [1, 2, 3],
    attributes,
    deviates:
      kept && axes?.some((axis) => axis < 0)
        ? "does not keep the aspect ratio of axes that are counted from the end"
        : undefined,
  };
}

function gridSample(r: Random): Case {
  const opset = r.pick([16, 20, 22]);
  const n = opset >= 20 ? r.pick([2, 2, 3]) : 2;
  const modes = opset >= 20 ? ["linear", "nearest", ...(n === 2 ? ["cubic"] : [])] : ["bilinear", "nearest", "bicubic"];
  const b = r.int(1, 2);
  const x = r.f32([b, r.int(1, 2), ...r.dims(n, 1, 4)]);
  const grid = r.f32([b, ...r.dims(n, 1, 4), n], "unit");
  const wide = r.pick([1, 1.3, 3]);
  const coarse = r.chance(0.2);
  grid.values = grid.values.map((v) => Math.fround(coarse ? Math.round(v * wide * 4) / 4 : v * wide));
  return {
    op: "GridSample",
    opset,
    inputs: [x, grid],
    attributes: some(
      r,
      {
        mode: () => r.pick(modes),
        padding_mode: () => r.pick(["zeros", "border", "reflection"]),
        align_corners: () => r.int(0, 1),
      },
      0.8,
    ),
  };
}

function affineGrid(r: Random): Case {
  const n = r.int(2, 3);
  const b = r.int(1, 2);
  return {
    op: "AffineGrid",
    opset: 20,
    inputs: [r.f32([b, n, n + 1]), i64([b, 2, ...r.dims(n, 1, 4)])],
    attributes: some(r, { align_corners: () => r.int(0, 1) }),
    bound: [1],
  };
}

function roiAlign(r: Random): Case {
  const opset = r.pick([10, 16, 22]);
  const b = r.int(1, 2);
  const [h, w] = r.dims(2, 3, 7);
  const count = r.int(1, 3);
  const rois = Array.from({ length: count }, () => {
    const [x, y] = [r.next() * w * 2, r.next() * h * 2];
    return [x, y, x + r.next() * w * 2, y + r.next() * h * 2].map((v) => Math.fround(v - 1));
  }).flat();
  return {
    op: "RoiAlign",
    opset,
    inputs: [r.f32([b, r.int(1, 2), h, w]), { dims: [count, 4], values: rois }, r.ints("i64", [count], 0, b - 1)],
    attributes: {
      ...some(
        r,
        {
          mode: () => r.pick(["avg", "max"]),
          output_height: () => r.int(1, 3),
          output_width: () => r.int(1, 3),
          sampling_ratio: () => r.int(1, 3),
          spatial_scale: () => ({ float: r.pick([0.5, 1]) }),
        },
        0.8,
      ),
      ...(opset >= 16 &&
        some(r, { coordinate_transformation_mode: () => r.pick(["half_pixel", "output_half_pixel"]) })),
    },
  };
}

function maxRoiPool(r: Random): Case {
  const b = r.int(1, 2);
  const [h, w] = r.dims(2, 3, 7);
  const count = r.int(1, 3);
  const rois = Array.from({ length: count }, () => {
    const [x, y] = [r.int(0, w), r.int(0, h)];
    return [r.int(0, b - 1), x, y, x + r.int(0, w), y + r.int(0, h)];
  }).flat();
  return {
    op: "MaxRoiPool",
    opset: r.pick([1, 22]),
    inputs: [r.f32([b, 2, h, w]), { dims: [count, 5], values: rois }],
    attributes: { pooled_shape: r.dims(2, 1, 3), ...some(r, { spatial_scale: () => ({ float: 0.5 }) }) },
  };
}

export const SAMPLING: Readonly<Record<string, Family>> = {
  Upsample: upsample,
  DeformConv: deformConv,
  Resize: resize,
  GridSample: gridSample,
  AffineGrid: affineGrid,
  RoiAlign: roiAlign,
  MaxRoiPool: maxRoiPool,
};
