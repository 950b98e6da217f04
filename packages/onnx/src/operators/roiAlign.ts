import { constant, type Index, type Value, view } from "../builder.ts";
import { fromFloats } from "../elements.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import {
  and,
  f2i,
  fadd,
  fdiv,
  fle,
  float,
  flt,
  fmax,
  fmin,
  fmul,
  fsub,
  i2f,
  iadd,
  imin,
  imul,
  int,
  or,
  select,
  state,
} from "../scalar.ts";

type Side = {
  /** of rois: the column of the start; the end is two further */
  readonly column: number;
  readonly length: number;
  readonly output: number;
};

type How = { readonly samples: number; readonly scale: number; readonly half: boolean };

/** Where a region is sampled on one axis, [regions, output, samples]; −1 where that is off the image. */
function samplesOn(node: Node, rois: Value, { column, length, output }: Side, { samples, scale, half }: How): Value {
  const middles = Array.from({ length: samples }, (_, i) => (i + 0.5) / samples);
  const bins = constant(
    fromFloats(
      Array.from({ length: output }, (_, i) => i),
      [output],
    ),
  );
  const within = constant(fromFloats(middles, [samples]));
  return node.build.map("f32", [rois.dims[0]!, output, samples], ({ loops: [r, bin, sample], read }) => {
    const edge = (at: number) => {
      const entry: Index = { base: at, coef: r!.coef.map(() => 0) };
      const raw = fmul(read(rois, [r!, entry]), float(scale));
      return half ? fsub(raw, float(0.5)) : raw;
    };
    const [start, end] = [edge(column), edge(column + 2)];
    const size = half ? fsub(end, start) : fmax(fsub(end, start), float(1));
    const binSize = fdiv(size, float(output));
    const place = fadd(fadd(start, fmul(read(bins, [bin!]), binSize)), fmul(read(within, [sample!]), binSize));
    const off = or(flt(place, float(-1)), flt(float(length), place));
    return select(off, float(-1), fmin(fmax(place, float(0)), float(length - 1)));
  });
}

/** The mean, or the greatest, of samples between four elements each; `max` compares the weighted elements. */
function roiAlign(node: Node): Value {
  const [x, rois, batch] = [node.typed(0, "f32"), node.typed(1, "f32"), node.typed(2, "i64")];
  const [height, width] = [node.int("output_height", 1), node.int("output_width", 1)];
  const mode = node.text("mode", "avg");
  const transformation = node.text(
    "coordinate_transformation_mode",
    node.opset < 16 ? "output_half_pixel" : "half_pixel",
  );
  const samples = node.int("sampling_ratio", 0);
  const how = { samples, scale: node.float("spatial_scale", 1), half: transformation === "half_pixel" };
  if (samples < 1) return node.refuse("sampling_ratio 0: how many samples there are is computed from the regions");
  const [N, C, H, W] = x.dims as [number, number, number, number];
  const R = rois.dims[0]!;
  if (x.dims.length !== 4 || rois.dims.length !== 2 || rois.dims[1] !== 4 || String(batch.dims) !== String([R]))
    return node.refuse(`X [${x.dims}], rois [${rois.dims}] and batch_indices [${batch.dims}] do not fit`);
  if (mode !== "avg" && mode !== "max") return node.refuse(`mode ${mode} is not supported`);
  const ys = samplesOn(node, rois, { column: 1, length: H, output: height }, how);
  const xs = samplesOn(node, rois, { column: 0, length: W, output: width }, how);
  const flat = view(x, [N, C, H * W]);
  return node.build.fold("f32", [R, C, height, width], {
    over: [samples, samples],
    init: () => [float(mode === "avg" ? 0 : Number.NEGATIVE_INFINITY)],
    step: ({ loops: [r, c, oh, ow], folds: [i, j], read, readMoved }) => {
      const [v, u] = [read(ys, [r!, oh!, i!]), read(xs, [r!, ow!, j!])];
      const [row, column] = [f2i(v), f2i(u)];
      const [down, right] = [fsub(v, i2f(row)), fsub(u, i2f(column))];
      const [up, left] = [fsub(float(1), down), fsub(float(1), right)];
      const [nextRow, nextColumn] = [imin(iadd(row, int(1)), int(H - 1)), imin(iadd(column, int(1)), int(W - 1))];
      const none: Index = { base: 0, coef: r!.coef.map(() => 0) };
      const sample = read(batch, [r!]);
      const element = (a: typeof row, b: typeof row) =>
        readMoved(
          flat,
          [none, c!, none],
          [
            { dim: 0, by: sample },
            { dim: 2, by: iadd(imul(a, int(W)), b) },
          ],
        );
      const terms = [
        fmul(fmul(up, left), element(row, column)),
        fmul(fmul(up, right), element(row, nextColumn)),
        fmul(fmul(down, left), element(nextRow, column)),
        fmul(fmul(down, right), element(nextRow, nextColumn)),
      ];
      const inside = and(fle(float(0), v), fle(float(0), u));
      const join = mode === "avg" ? fadd : fmax;
      return [join(state(), select(inside, terms.reduce(join), float(0)))];
    },
    done: () => (mode === "avg" ? fdiv(state(), float(samples * samples)) : state()),
  });
}

register("RoiAlign", roiAlign);
