import { zero } from "../broadcast.ts";
import { constant, type Value, view } from "../builder.ts";
import { checkDims, elementsOf, fromFloats, fromInts, numbersOf } from "../elements.ts";
import { type Axis, type AxisTaps, axisTaps, type Interpolation } from "../interpolate.ts";
import { isFloat, type Node } from "../node.ts";
import { register } from "../registry.ts";
import { fadd, float, floatBits, fmul, select, state, word } from "../scalar.ts";

/** One axis after the other; an axis that stays as it is costs nothing. */
function resizeAxes(node: Node, x: Value, axes: readonly Axis[], how: Interpolation, beyond: number): Value {
  return axes.reduce((value: Value, axis, at) => {
    const taps = axisTaps(axis, how);
    if (typeof taps === "string") return node.refuse(taps);
    if (taps.places[0]!.length > 1 && !isFloat(x.type)) return node.refuse(`mode ${how.mode} of ${x.type}`);
    return resizeAxis(node, value, at, taps, beyond);
  }, x);
}

function resizeAxis(node: Node, x: Value, axis: number, taps: AxisTaps, beyond: number): Value {
  const dims = x.dims.with(axis, taps.places.length);
  const covered = taps.inside.every((inside) => inside);
  const single = singlePlaces(taps);
  if (single && covered) return pickedAlong(node, x, axis, single);
  const count = taps.places[0]!.length;
  const shape = [taps.places.length, count];
  const places = constant({ ...fromInts(taps.places.flat()), dims: shape });
  const factors = constant(fromFloats(taps.factors.flat(), shape));
  const inside = constant({ type: "u8", dims: [shape[0]!], data: Uint8Array.from(taps.inside, Number) });
  return node.build.fold(x.type, dims, {
    over: [count],
    init: () => [float(0)],
    step: ({ loops, folds, read, readAt }) => {
      const tap = [loops[axis]!, folds[0]!];
      const element = readAt(x, loops.with(axis, zero(loops[axis]!)), axis, read(places, tap));
      return [count === 1 ? element : fadd(state(), fmul(read(factors, tap), element))];
    },
    done: ({ loops, read }) => {
      const outside = word(isFloat(x.type) ? floatBits(beyond) : Math.trunc(beyond));
      return covered ? state() : select(read(inside, [loops[axis]!]), state(), outside);
    },
  });
}

/** The one input that each output equals, if that is all. */
function singlePlaces({ places, factors }: AxisTaps): readonly number[] | undefined {
  const only = factors.map((row) => row.indexOf(1));
  const alone = factors.every((row, o) => row.every((factor, i) => i === only[o] || factor === 0));
  return alone && only.every((i) => i >= 0) ? only.map((i, o) => places[o]![i]!) : undefined;
}

/** The elements at `places` of an axis: each repeated as often, or evenly apart, or by a table. */
function pickedAlong(node: Node, x: Value, axis: number, places: readonly number[]): Value {
  const { build } = node;
  const [length, count] = [x.dims[axis]!, places.length];
  if (count === length && places.every((place, o) => place === o)) return x;
  const dims = x.dims.with(axis, count);
  const times = count / length;
  if (Number.isInteger(times) && places.every((place, o) => place === Math.floor(o / times))) {
    const repeated = build.map(x.type, x.dims.toSpliced(axis + 1, 0, times), ({ loops, read }) =>
      read(x, loops.toSpliced(axis + 1, 1)),
    );
    return view(repeated, dims);
  }
  const step = (places[1] ?? 0) - places[0]!;
  if (places.every((place, o) => place === places[0]! + o * step))
    return build.map(x.type, dims, ({ loops, read }) => {
      const at = loops[axis]!;
      return read(x, loops.with(axis, { base: places[0]!, coef: at.coef.map((c) => c * step) }));
    });
  const table = constant(fromInts(places));
  return build.map(x.type, dims, ({ loops, read, readAt }) =>
    readAt(x, loops.with(axis, zero(loops[axis]!)), axis, read(table, [loops[axis]!])),
  );
}

function resize(node: Node): Value {
  const x = node.input(0);
  const old = node.opset < 11;
  const how: Interpolation = {
    mode: node.text("mode", "nearest"),
    coordinates: old ? "asymmetric" : node.text("coordinate_transformation_mode", "half_pixel"),
    nearest: old ? "unsaid" : node.text("nearest_mode", "round_prefer_floor"),
    antialias: node.int("antialias", 0) !== 0,
    excludeOutside: node.int("exclude_outside", 0) !== 0,
    a: node.float("cubic_coeff_a", -0.75),
  };
  const given = (node.ints("axes") ?? x.dims.map((_, i) => i)).map((axis) => node.axis(axis, x.dims.length));
  const sizes = old ? undefined : listed(node, 3, "sizes");
  const scales = listed(node, old ? 1 : 2, "scales");
  const roi = how.coordinates === "tf_crop_and_resize" ? (listed(node, 1, "roi") ?? []) : [];
  const policy = node.text("keep_aspect_ratio_policy", "stretch");
  const chosen = sizes ? sized(node, x.dims, { given, sizes, policy }) : scaled(node, x.dims, given, scales);
  const axes = x.dims.map((input, i): Axis => {
    const at = given.indexOf(i);
    if (at < 0) return { input, output: input, scale: 1, roi: [0, 1] };
    return { input, ...chosen[at]!, roi: [roi[at] ?? 0, roi[given.length + at] ?? 1] };
  });
  checkDims(
    axes.map(({ output }) => output),
    "the result",
  );
  if (axes.some(({ output }) => output < 1)) return node.refuse(`nothing is left of [${x.dims}]`);
  return resizeAxes(node, x, axes, how, node.float("extrapolation_value", 0));
}

/** A constant input's numbers; an empty one counts as absent. */
function listed(node: Node, i: number, what: string): readonly number[] | undefined {
  const value = node.optional(i);
  return value && elementsOf(value.dims) > 0 ? numbersOf(node.constant(i, what)) : undefined;
}

type Chosen = Pick<Axis, "output" | "scale">;

function scaled(
  node: Node,
  dims: readonly number[],
  given: readonly number[],
  scales: readonly number[] | undefined,
): Chosen[] {
  if (scales?.length !== given.length || scales.some((s) => !(s > 0)))
    return node.refuse(`scales [${scales ?? ""}] for ${given.length} axes`);
  // in f32, as ONNX infers it: 10 by 0.7 are 7
  return scales.map((scale, i) => ({ scale, output: Math.floor(Math.fround(dims[given[i]!]! * scale)) }));
}

type Sizes = { readonly given: readonly number[]; readonly sizes: readonly number[]; readonly policy: string };

/** Sizes as they are, or one scale for all axes so that none is larger, or smaller. */
function sized(node: Node, dims: readonly number[], { given, sizes, policy }: Sizes): Chosen[] {
  if (sizes.length !== given.length) return node.refuse(`sizes [${sizes}] for ${given.length} axes`);
  const scales = sizes.map((size, i) => size / dims[given[i]!]!);
  if (policy === "stretch") return sizes.map((output, i) => ({ output, scale: scales[i]! }));
  if (policy !== "not_larger" && policy !== "not_smaller")
    return node.refuse(`keep_aspect_ratio_policy ${policy} is not supported`);
  const scale = policy === "not_larger" ? Math.min(...scales) : Math.max(...scales);
  return given.map((axis) => ({ scale, output: Math.floor(scale * dims[axis]! + 0.5) }));
}

/** Resize as it was before operator set 10. */
function upsample(node: Node): Value {
  const x = node.input(0);
  const scales = node.opset < 9 ? node.floats("scales") : listed(node, 1, "scales");
  const mode = node.text("mode", "nearest");
  const how = { mode, coordinates: "asymmetric", nearest: "floor", antialias: false, excludeOutside: false, a: 0 };
  const all = x.dims.map((_, i) => i);
  const axes = scaled(node, x.dims, all, scales).map(
    (chosen, i): Axis => ({ input: x.dims[i]!, ...chosen, roi: [0, 1] }),
  );
  return resizeAxes(node, x, axes, how, 0);
}

register("Resize", resize);
register("Upsample", upsample);
