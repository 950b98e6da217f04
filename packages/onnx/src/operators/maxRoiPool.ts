import type { Expr } from "@opengradient/program";
import type { Index, Value } from "../builder.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import {
  and,
  f2i,
  fadd,
  fdiv,
  ffloor,
  float,
  flt,
  fmax,
  fmul,
  fneg,
  fold,
  fsub,
  i2f,
  iadd,
  ilt,
  imax,
  imin,
  int,
  isub,
  loop,
  select,
  state,
} from "../scalar.ts";

/** Half away from zero. */
const rounded = (v: Expr): Expr =>
  select(flt(v, float(0)), fneg(ffloor(fsub(float(0.5), v))), ffloor(fadd(v, float(0.5))));

type Side = { readonly column: number; readonly length: number; readonly output: number; readonly scale: number };

/** The first element of each bin of each region on one axis, and the one after its last: [regions, output, 2]. */
const boundsOn = (node: Node, rois: Value, { column, length, output, scale }: Side): Value =>
  node.build.map("i32", [rois.dims[0]!, output, 2], ({ loops: [r], read }) => {
    const edge = (base: number) => rounded(fmul(read(rois, [r!, { base, coef: r!.coef.map(() => 0) }]), float(scale)));
    const start = edge(column);
    const size = fmax(fadd(fsub(edge(column + 2), start), float(1)), float(1));
    const place = fmul(i2f(iadd(loop(1), loop(2))), fdiv(size, float(output)));
    const whole = select(loop(2), fneg(ffloor(fneg(place))), ffloor(place));
    return imin(imax(iadd(f2i(whole), f2i(start)), int(0)), int(length));
  });

/** The greatest element of each bin of a region; 0 for a bin off the image. */
function maxRoiPool(node: Node): Value {
  const [x, rois] = [node.typed(0, "f32"), node.typed(1, "f32")];
  const [height, width] = node.ints("pooled_shape") ?? node.refuse("attribute pooled_shape is missing");
  const scale = node.float("spatial_scale", 1);
  const [, C, H, W] = x.dims as [number, number, number, number];
  if (x.dims.length !== 4 || rois.dims.length !== 2 || rois.dims[1] !== 5 || !(height! >= 1 && width! >= 1))
    return node.refuse(`X [${x.dims}] and rois [${rois.dims}] do not fit`);
  const rows = boundsOn(node, rois, { column: 2, length: H, output: height!, scale });
  const columns = boundsOn(node, rois, { column: 1, length: W, output: width!, scale });
  return node.build.fold("f32", [rois.dims[0]!, C, height!, width!], {
    over: [H, W],
    init: () => [float(Number.NEGATIVE_INFINITY)],
    step: ({ loops: [r, c, ph, pw], folds: [h, w], read, readAt }) => {
      const none: Index = { base: 0, coef: r!.coef.map(() => 0) };
      const end: Index = { ...none, base: 1 };
      const within = (bounds: Value, bin: Index, at: Expr) => {
        const start = read(bounds, [r!, bin, none]);
        return and(ilt(isub(start, int(1)), at), ilt(at, read(bounds, [r!, bin, end])));
      };
      const inside = and(within(rows, ph!, fold(0)), within(columns, pw!, fold(1)));
      const element = readAt(x, [none, c!, h!, w!], 0, f2i(read(rois, [r!, none])));
      return [fmax(state(), select(inside, element, float(Number.NEGATIVE_INFINITY)))];
    },
    done: ({ loops: [r, , ph, pw], read }) => {
      const none: Index = { base: 0, coef: r!.coef.map(() => 0) };
      const end: Index = { ...none, base: 1 };
      const some = (bounds: Value, bin: Index) => ilt(read(bounds, [r!, bin, none]), read(bounds, [r!, bin, end]));
      return select(and(some(rows, ph!), some(columns, pw!)), state(), float(0));
    },
  });
}

register("MaxRoiPool", maxRoiPool);
