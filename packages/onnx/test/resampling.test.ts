/** Operators that read between elements, against plain code in double precision. */
import { describe, expect, it } from "vitest";
import { at, expectNear, tabulate } from "./near.ts";
import { numbers, random, runNode } from "./run.ts";

const i64 = (...values: number[]) => ({ type: "i64" as const, dims: [values.length], values });
const f32 = (...values: number[]) => ({ dims: [values.length], values });
const clamp = (v: number, d: number) => Math.min(Math.max(v, 0), d - 1);
type Tensor = { dims: readonly number[]; values: readonly number[] };
type Weigh = (distance: number) => number;

const hat: Weigh = (d) => Math.max(0, 1 - Math.abs(d));
const keys =
  (a: number): Weigh =>
  (distance) => {
    const d = Math.abs(distance);
    if (d <= 1) return (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1;
    return d < 2 ? a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a : 0;
  };

/** One axis of an image by any weight that vanishes beyond `reach`: elements past the ends repeat, or are left out. */
function line(values: readonly number[], x: number, weigh: Weigh, { stretch = 1, outside = true } = {}): number {
  let [sum, total] = [0, 0];
  for (let place = Math.floor(x) - 12; place <= Math.floor(x) + 12; place++) {
    const weight = !outside && (place < 0 || place >= values.length) ? 0 : weigh((x - place) * stretch);
    sum += weight * values[clamp(place, values.length)]!;
    total += weight;
  }
  return sum / total;
}

describe("Resize", () => {
  const X = random(1, [1, 1, 2, 7]);
  const rows = [X.values.slice(0, 7), X.values.slice(7)];
  const resized = (scales: number[], attributes: Parameters<typeof runNode>[2]) =>
    runNode("Resize", [X, undefined, f32(...scales)], attributes, { bound: [2] });

  it("linear and cubic by every coordinate mode", () => {
    const modes: Record<string, (o: number, width: number, s: number) => number> = {
      half_pixel: (o, _, s) => (o + 0.5) / s - 0.5,
      asymmetric: (o, _, s) => o / s,
      align_corners: (o, width, s) => (o * (width - 1)) / (s * width - 1),
      pytorch_half_pixel: (o, _, s) => (o + 0.5) / s - 0.5,
      half_pixel_symmetric: (o, width, s) =>
        (width / 2) * (1 - Math.floor(width * s) / (width * s)) + (o + 0.5) / s - 0.5,
    };
    for (const [name, place] of Object.entries(modes))
      for (const s of [0.5, 1.5, 3])
        for (const mode of ["linear", "cubic"]) {
          const width = Math.floor(7 * s);
          const weigh = mode === "linear" ? hat : keys(-0.75);
          const expected = tabulate([1, 1, 2, width], ([, , r, o]) => line(rows[r!]!, place(o!, 7, s), weigh));
          const got = resized([1, 1, 1, s], { mode, coordinate_transformation_mode: name });
          expectNear(got, [1, 1, 2, width], expected);
        }
  });
  it("antialias, exclude_outside, cubic_coeff_a", () => {
    const place = (o: number) => (o + 0.5) / 0.4 - 0.5;
    for (const [mode, weigh] of [
      ["linear", hat],
      ["cubic", keys(-0.75)],
    ] as const) {
      const expected = tabulate([1, 1, 2, 2], ([, , r, o]) =>
        line(rows[r!]!, place(o!), weigh, { stretch: Math.fround(0.4) }),
      );
      expectNear(resized([1, 1, 1, 0.4], { mode, antialias: 1 }), [1, 1, 2, 2], expected);
    }
    const expected = tabulate([1, 1, 2, 14], ([, , r, o]) =>
      line(rows[r!]!, (o! + 0.5) / 2 - 0.5, keys(-0.5), { outside: false }),
    );
    const attributes = { mode: "cubic", exclude_outside: 1, cubic_coeff_a: { float: -0.5 } };
    expectNear(resized([1, 1, 1, 2], attributes), [1, 1, 2, 14], expected);
  });
  it("nearest with every rounding; whole factors, steps and tables", () => {
    const roundings: Record<string, (x: number) => number> = {
      round_prefer_floor: (x) => Math.ceil(x - 0.5),
      round_prefer_ceil: (x) => Math.floor(x + 0.5),
      floor: Math.floor,
      ceil: Math.ceil,
    };
    for (const [nearest_mode, round] of Object.entries(roundings))
      for (const s of [2, 1.5, 0.5]) {
        const width = Math.floor(7 * s);
        const expected = tabulate([2, width], ([r, o]) => rows[r!]![clamp(round(o! / s), 7)]!);
        const got = resized([1, 1, 1, s], { nearest_mode, coordinate_transformation_mode: "asymmetric" });
        expect(got.values).toEqual(expected);
      }
    const bytes = { type: "i8" as const, dims: [3], values: [-1, 5, 9] };
    const twice = runNode("Resize", [bytes, undefined, undefined, i64(6)], {}, { bound: [3], type: "i8" });
    expect(twice.values).toEqual([-1, -1, 5, 5, 9, 9]);
  });
  it("sizes, axes, aspect ratio, crops and what lies beyond", () => {
    const sizes = (values: number[], attributes: Parameters<typeof runNode>[2], roi?: number[]) =>
      runNode("Resize", [X, roi && f32(...roi), undefined, i64(...values)], attributes, { bound: [1, 3] });
    const fit = { axes: [3, 2], keep_aspect_ratio_policy: "not_larger" };
    expect(sizes([9, 4], fit).dims).toEqual([1, 1, 3, 9]);
    expect(sizes([9, 4], { ...fit, keep_aspect_ratio_policy: "not_smaller" }).dims).toEqual([1, 1, 4, 14]);
    const crop = {
      axes: [3],
      mode: "linear",
      coordinate_transformation_mode: "tf_crop_and_resize",
      extrapolation_value: { float: 9 },
    };
    const expected = tabulate([2, 5], ([r, o]) => {
      const x = 0.5 * 6 + (o! * (1.2 - 0.5) * 6) / 4;
      return x > 6 ? 9 : line(rows[r!]!, x, hat);
    });
    expectNear(sizes([5], crop, [0.5, 1.2]), [1, 1, 2, 5], expected);
    expect(() => resized([1, 1, 1, 0.1], {})).toThrow(/nothing is left/);
  });
  it("Upsample is Resize from the corner", () => {
    const y = runNode("Upsample", [X, f32(1, 1, 2, 1)], { mode: "nearest" }, { opset: 9, bound: [1] });
    expect(y.values).toEqual([...rows[0]!, ...rows[0]!, ...rows[1]!, ...rows[1]!]);
  });
  it("f32 arithmetic on lengths and scales", () => {
    const row = (n: number) => ({ dims: [1, 1, 1, n], values: Array.from({ length: n }, (_, i) => i) });
    const resized = (n: number, scale: number, attributes: Record<string, string>, opset = 19) =>
      opset < 11
        ? runNode("Resize", [row(n), f32(1, 1, 1, scale)], attributes, { bound: [1], opset }).values
        : runNode("Resize", [row(n), undefined, f32(1, 1, 1, scale)], attributes, { bound: [2], opset }).values;
    const floor = { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" };
    // 10 by 0.7 is 7, 4/0.8 is 5
    expect(resized(10, 0.7, floor)).toEqual([0, 1, 2, 4, 5, 7, 8]);
    expect(resized(7, 0.8, floor)).toEqual([0, 1, 2, 3, 5]);
    // what becomes of 3 by 0.5 has one place: pytorch's is the first
    const pytorch = { coordinate_transformation_mode: "pytorch_half_pixel", nearest_mode: "round_prefer_ceil" };
    expect(resized(3, 0.5, { mode: "nearest", ...pytorch })).toEqual([0]);
    expect(resized(3, 0.5, { mode: "cubic", ...pytorch })).toEqual([0]);
    // channels keep their places under a formula that would shift them
    const two = { dims: [1, 2, 2], values: [0, 4, 10, 14] };
    const half = { mode: "linear", coordinate_transformation_mode: "tf_half_pixel_for_nn" };
    expect(runNode("Resize", [two, undefined, f32(1, 1, 2)], half, { bound: [2], opset: 11 }).values).toEqual([
      1, 3, 4, 4, 11, 13, 14, 14,
    ]);
    // as ONNX's cases of operator set 10 have it
    expect(resized(4, 0.6, { mode: "nearest" }, 10)).toEqual([0, 2]);
    expect(resized(2, 1.5, { mode: "nearest" }, 10)).toEqual([0, 0, 1]);
  });
  it("a crop that leaves one place takes the middle", () => {
    const row = { dims: [5], values: [0, 1, 2, 3, 4] };
    const crop = { mode: "linear", coordinate_transformation_mode: "tf_crop_and_resize" };
    const inputs = [row, f32(0.25, 0.75), f32(0.3)];
    expect(runNode("Resize", inputs, crop, { bound: [1, 2] }).values).toEqual([2]);
  });
});

describe("GridSample", () => {
  const reflect = (v: number, low: number, high: number): number => {
    let x = v;
    for (let i = 0; i < 99 && (x < low || x > high); i++) x = x < low ? 2 * low - x : 2 * high - x;
    return x;
  };
  /** Σ over the neighbours of a place, axis by axis */
  function sample(
    X: Tensor,
    before: number[],
    place: number[],
    { mode, padding, corners }: Record<string, unknown>,
  ): number {
    const dims = X.dims.slice(2);
    const placed = place.map((v, i) => {
      const [low, high] = corners ? [0, dims[i]! - 1] : [-0.5, dims[i]! - 0.5];
      const x = mode === "nearest" ? (Math.abs(v % 1) === 0.5 ? 2 * Math.round(v / 2) : Math.round(v)) : v;
      return padding === "reflection" ? reflect(x, low, high) : x;
    });
    const weigh = mode === "nearest" ? (d: number) => (d === 0 ? 1 : 0) : mode === "cubic" ? keys(-0.75) : hat;
    const element = (index: number[]): number => {
      const own = index.map((v, i) => {
        if (padding === "zeros") return v;
        if (padding === "border") return clamp(v, dims[i]!);
        return Math.round(reflect(v, corners ? 0 : -0.5, dims[i]! - (corners ? 1 : 0.5)));
      });
      return at(X.dims, X.values, [...before, ...own]);
    };
    const along = (taken: number[]): number => {
      const i = taken.length;
      if (i === dims.length) return element(taken);
      const base = Math.floor(placed[i]!);
      return [-1, 0, 1, 2].reduce((sum, d) => {
        const weight = weigh(placed[i]! - base - d);
        return weight === 0 ? sum : sum + weight * along([...taken, base + d]);
      }, 0);
    };
    return along([]);
  }

  it("all modes and paddings, images and volumes", () => {
    for (const rank of [2, 3]) {
      const X = random(1, [2, 2, 4, 3, 5].slice(0, rank + 2));
      const out = [3, 2, 2].slice(0, rank);
      const grid = {
        dims: [2, ...out, rank],
        values: numbers(2, 2 * 12 * rank)
          .slice(0, 2 * out.reduce((a, b) => a * b) * rank)
          .map((v) => Math.fround(v * 1.7)),
      };
      for (const mode of rank === 2 ? ["linear", "nearest", "cubic"] : ["linear", "nearest"])
        for (const padding of ["zeros", "border", "reflection"])
          for (const corners of [0, 1]) {
            const dims = [2, 2, ...out];
            const expected = tabulate(dims, ([n, c, ...o]) => {
              const place = X.dims.slice(2).map((d, i) => {
                const v = at(grid.dims, grid.values, [n!, ...o, rank - 1 - i]);
                return corners ? ((v + 1) / 2) * (d - 1) : ((v + 1) * d - 1) / 2;
              });
              return sample(X, [n!, c!], place, { mode, padding, corners: corners === 1 });
            });
            const attributes = { mode, padding_mode: padding, align_corners: corners };
            expectNear(runNode("GridSample", [X, grid], attributes, { opset: 22 }), dims, expected);
          }
    }
  });
  it("a cubic looks beyond the border from where it is, not from the border", () => {
    const X = { dims: [1, 1, 1, 4], values: [1, 2, 4, 8] };
    const grid = { dims: [1, 1, 1, 2], values: [1.125, 0] };
    const attributes = { mode: "cubic", padding_mode: "border" };
    // the place 3.75 lies between elements 3 and 4, which are 8 both, and so is 5; element 2 is 4
    const beyond = -0.75 * (1.75 ** 3 - 5 * 1.75 ** 2 + 8 * 1.75 - 4);
    expectNear(runNode("GridSample", [X, grid], attributes, { opset: 22 }), [1, 1, 1, 1], [8 - 4 * beyond]);
  });
  it("AffineGrid names the same places: the identity gives the image back", () => {
    const X = random(3, [1, 1, 3, 4]);
    const theta = { dims: [1, 2, 3], values: [1, 0, 0, 0, 1, 0] };
    for (const align_corners of [0, 1]) {
      const grid = runNode("AffineGrid", [theta, i64(1, 1, 3, 4)], { align_corners }, { bound: [1] });
      expect(grid.dims).toEqual([1, 3, 4, 2]);
      expectNear(runNode("GridSample", [X, grid], { align_corners }), [1, 1, 3, 4], X.values);
    }
    const turned = { dims: [1, 2, 3], values: [0, 1, 0.5, 2, 0, 0] };
    const grid = runNode("AffineGrid", [turned, i64(1, 1, 2, 2)], { align_corners: 1 }, { bound: [1] });
    expect(grid.values).toEqual([-0.5, -2, -0.5, 2, 1.5, -2, 1.5, 2]);
  });
});

describe("regions and moved taps", () => {
  it("RoiAlign: means and maxima of samples, regions off the image", () => {
    const X = random(1, [2, 2, 6, 5]);
    const rois = { dims: [3, 4], values: [0, 0, 3, 4, 1.5, 2.5, 9, 5, -4, -3, 2, 2] };
    const batch = i64(0, 1, 1);
    for (const mode of ["avg", "max"])
      for (const half of [true, false]) {
        const expected = tabulate([3, 2, 2, 3], ([r, c, oh, ow]) => {
          const [x1, y1, x2, y2] = rois.values.slice(4 * r!, 4 * r! + 4).map((v) => v * 0.5 - (half ? 0.5 : 0));
          const span = (v: number) => (half ? v : Math.max(v, 1));
          const [bh, bw] = [span(y2! - y1!) / 2, span(x2! - x1!) / 3];
          const all: number[] = [];
          for (const i of [0.25, 0.75])
            for (const j of [0.25, 0.75]) {
              const [y, x] = [y1! + (oh! + i) * bh, x1! + (ow! + j) * bw];
              if (y < -1 || y > 6 || x < -1 || x > 5) {
                all.push(0);
                continue;
              }
              const [v, u] = [clamp(y, 6), clamp(x, 5)];
              const terms = [0, 1].flatMap((dy) =>
                [0, 1].map((dx) => {
                  const [a, b] = [Math.floor(v) + dy, Math.floor(u) + dx];
                  return (
                    hat(v - a) * hat(u - b) * at(X.dims, X.values, [batch.values[r!]!, c!, clamp(a, 6), clamp(b, 5)])
                  );
                }),
              );
              all.push(mode === "avg" ? terms.reduce((p, q) => p + q) : Math.max(...terms));
            }
          return mode === "avg" ? all.reduce((p, q) => p + q) / 4 : Math.max(...all);
        });
        const attributes = {
          mode,
          output_height: 2,
          output_width: 3,
          sampling_ratio: 2,
          spatial_scale: { float: 0.5 },
          coordinate_transformation_mode: half ? "half_pixel" : "output_half_pixel",
        };
        expectNear(runNode("RoiAlign", [X, rois, batch], attributes), [3, 2, 2, 3], expected);
      }
    expect(() => runNode("RoiAlign", [X, rois, batch])).toThrow(/sampling_ratio 0/);
  });
  it("MaxRoiPool: the greatest of each bin, 0 where there is none", () => {
    const X = random(2, [2, 2, 6, 5]);
    const rois = { dims: [3, 5], values: [0, 0, 0, 7, 9, 1, 2, 3, 2, 3, 1, 12, 20, 30, 40] };
    const expected = tabulate([3, 2, 3, 2], ([r, c, ph, pw]) => {
      const [b, x1, y1, x2, y2] = rois.values
        .slice(5 * r!, 5 * r! + 5)
        .map((v, i) => (i === 0 ? v : Math.round(v * 0.5)));
      const range = (start: number, last: number, bin: number, bins: number, length: number): [number, number] => {
        const size = Math.max(last - start + 1, 1) / bins;
        const within = (v: number) => Math.min(Math.max(v + start, 0), length);
        return [within(Math.floor(bin * size)), within(Math.ceil((bin + 1) * size))];
      };
      const [h0, h1] = range(y1!, y2!, ph!, 3, 6);
      const [w0, w1] = range(x1!, x2!, pw!, 2, 5);
      let most = Number.NEGATIVE_INFINITY;
      for (let h = h0; h < h1; h++)
        for (let w = w0; w < w1; w++) most = Math.max(most, at(X.dims, X.values, [b!, c!, h, w]));
      return most === Number.NEGATIVE_INFINITY ? 0 : most;
    });
    const y = runNode("MaxRoiPool", [X, rois], { pooled_shape: [3, 2], spatial_scale: { float: 0.5 } });
    expect(y).toEqual({ dims: [3, 2, 3, 2], values: expected });
    expect(expected).toContain(0);
  });
  it("DeformConv: offsets between elements, masks, groups of both kinds", () => {
    const [X, W, B] = [random(1, [1, 4, 4, 5]), random(2, [2, 2, 2, 2]), random(3, [2])];
    const offset = random(4, [1, 2 * 4 * 2, 3, 3]);
    const mask = random(5, [1, 2 * 4, 3, 3]);
    const attributes = { group: 2, offset_group: 2, pads: [1, 0, 0, 1], strides: [1, 2], dilations: [2, 1] };
    const dims = [1, 2, 3, 3];
    const expected = tabulate(dims, ([, m, oh, ow]) => {
      const terms = tabulate([2, 2, 2], ([c, i, j]) => {
        const channel = m! * 2 + c!;
        const tap = (m! * 2 + i!) * 2 + j!;
        const move = (axis: number) => at(offset.dims, offset.values, [0, tap * 2 + axis, oh!, ow!]);
        const [y, x] = [oh! + 2 * i! - 1 + move(0), 2 * ow! + j! + move(1)];
        const corners = tabulate([2, 2], ([dy, dx]) => {
          const [a, b] = [Math.floor(y) + dy!, Math.floor(x) + dx!];
          return hat(y - a) * hat(x - b) * at(X.dims, X.values, [0, channel, a, b]);
        });
        const value = corners.reduce((p, q) => p + q);
        return value * at(W.dims, W.values, [m!, c!, i!, j!]) * at(mask.dims, mask.values, [0, tap, oh!, ow!]);
      });
      return terms.reduce((p, q) => p + q, B.values[m!]!);
    });
    expectNear(runNode("DeformConv", [X, W, offset, B, mask], attributes), dims, expected);
  });
});
