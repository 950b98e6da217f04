import type { Expr } from "@opengradient/program";
import type { Index, Value } from "../builder.ts";
import type { Node } from "../node.ts";
import { clamped, mirrored } from "../places.ts";
import { register } from "../registry.ts";
import { cubicTaps, linearTaps, type Tap, weighted } from "../sampling.ts";
import { and, f2i, fadd, fdiv, ffloor, float, flt, fmul, frint, fsub, int, or, select, xor } from "../scalar.ts";

type Padding = "zeros" | "border" | "reflection";
type How = {
  readonly taps: (v: Expr) => readonly Tap[];
  readonly nearest: boolean;
  readonly padding: Padding;
  readonly corners: boolean;
};

/** A coordinate in −1…1 as a place among `length` elements. */
function denormalized(n: Expr, length: number, corners: boolean): Expr {
  const from = fadd(n, float(1));
  if (corners) return fmul(fdiv(from, float(2)), float(length - 1));
  return fdiv(fsub(fmul(from, float(length)), float(1)), float(2));
}

/** With `reflection`, a place beyond the borders mirrored at them. */
function withinBorders(v: Expr, length: number, { padding, corners }: How): Expr {
  const [low, high] = corners ? [float(0), float(length - 1)] : [float(-0.5), float(length - 0.5)];
  const below = flt(v, low);
  const beyond = or(below, flt(high, v));
  if (padding !== "reflection") return v;
  const range = float(corners ? length - 1 : length);
  const distance = select(below, fsub(low, v), fsub(v, high));
  const times = ffloor(fdiv(distance, range));
  const rest = fsub(distance, fmul(times, range));
  const fromLow = xor(below, and(f2i(times), int(1)));
  return select(beyond, select(fromLow, fadd(low, rest), fsub(high, rest)), v);
}

/** The tap's place by the padding mode; `zeros` leaves it outside. */
function placed(tap: Tap, length: number, { padding, corners }: How): Tap {
  if (padding === "zeros") return tap;
  const place =
    padding === "border" ? clamped(tap.place, length) : mirrored(tap.place, length, corners ? "element" : "edge");
  return { ...tap, place };
}

function howOf(node: Node, rank: number): How {
  const mode = node.text("mode", node.opset < 20 ? "bilinear" : "linear");
  const taps = {
    nearest: (v: Expr) => [{ place: f2i(v), factor: float(1) }],
    bilinear: linearTaps,
    linear: linearTaps,
    bicubic: cubicTaps,
    cubic: cubicTaps,
  }[mode];
  if (taps === undefined || (taps === cubicTaps && rank > 2))
    return node.refuse(`mode ${mode} on ${rank} axes is not supported`);
  const padding = node.text("padding_mode", "zeros");
  if (padding !== "zeros" && padding !== "border" && padding !== "reflection")
    return node.refuse(`padding_mode ${padding} is not supported`);
  return { taps, nearest: mode === "nearest", padding, corners: node.int("align_corners", 0) !== 0 };
}

/** X [N, C, …] at the places that grid [N, out…, axes] names, the last axis first. */
function gridSample(node: Node): Value {
  const [x, grid] = [node.input(0), node.typed(1, "f32")];
  const spatial = x.dims.slice(2);
  const rank = spatial.length;
  const how = howOf(node, rank);
  if (!how.nearest) node.typed(0, "f32");
  if (rank < 1 || rank > 3 || grid.dims.length !== rank + 2 || grid.dims.at(-1) !== rank || grid.dims[0] !== x.dims[0])
    return node.refuse(`grid [${grid.dims}] for X [${x.dims}]`);
  const out = grid.dims.slice(1, -1);
  const place = (axis: number): Value =>
    node.build.map("f32", grid.dims.slice(0, -1), ({ loops, read }) => {
      const entry: Index = { base: rank - 1 - axis, coef: loops.map(() => 0) };
      const v = denormalized(read(grid, [...loops, entry]), spatial[axis]!, how.corners);
      return withinBorders(how.nearest ? frint(v) : v, spatial[axis]!, how);
    });
  const places = spatial.map((_, axis) => place(axis));
  return node.build.map(x.type, [...x.dims.slice(0, 2), ...out], (frame) => {
    const [n, c, ...at] = frame.loops as [Index, Index, ...Index[]];
    const axes = places.map((value, i) =>
      how.taps(frame.read(value, [n, ...at])).map((tap) => placed(tap, spatial[i]!, how)),
    );
    return weighted(frame, x, [n, c], axes);
  });
}

register("GridSample", gridSample);
