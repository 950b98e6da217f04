import { affineCode, type Expr } from "@opengradient/program";
import { rowMajor, type Value } from "../builder.ts";
import { type Binary, kindOf, type Node } from "../node.ts";
import { register } from "../registry.ts";
import { and, floatBits, flt, fmax, iadd, ieq, ilt, imax, imul, int, or, select, state, ult, word } from "../scalar.ts";
import { taps, type Windows, windowsOf } from "../windows.ts";

type Kind = { readonly least: number; readonly max: Binary; readonly below: Binary };

/** What is at most everything, the greater of two, and which is less, by kind. */
const KINDS: Record<"float" | "signed" | "unsigned", Kind> = {
  float: { least: floatBits(Number.NEGATIVE_INFINITY), max: fmax, below: flt },
  signed: { least: 0x80000000, max: imax, below: ilt },
  unsigned: { least: 0, max: imax, below: ilt },
};

/** A window that covers nothing but padding gives the least value. */
function maxPool(node: Node): readonly Value[] {
  const x = node.typed(0, "f32", "i8", "u8");
  const columns = node.int("storage_order", 0) !== 0;
  const kernel = node.ints("kernel_shape") ?? node.refuse("attribute kernel_shape is missing");
  if (x.dims.length < 3) return node.refuse(`X [${x.dims}] has no spatial axis`);
  const windows = windowsOf(node, x.dims.slice(2), kernel, node.int("ceil_mode", 0) !== 0);
  const kind = kindOf(node, KINDS, x.type);
  const start: Expr = word(x.type === "i8" ? -128 : kind.least);
  const values = node.build.fold(x.type, [...x.dims.slice(0, 2), ...windows.outputs], {
    over: kernel,
    init: () => [start],
    step: ({ loops: [n, c, ...at], folds, read }) => [
      kind.max(state(), read(x, [n!, c!, ...taps(windows, at, folds)], kind.least)),
    ],
    done: () => state(),
  });
  return node.wants(1) ? [values, indices(node, x, windows, { kind, columns })] : [values];
}

/** Where the greatest element is in x, the first of equal ones; spatial axes in row-major order, or the first axis fastest. */
function indices(node: Node, x: Value, windows: Windows, { kind, columns }: { kind: Kind; columns: boolean }): Value {
  const { inputs, kernel, outputs } = windows;
  const rank = 2 + inputs.length;
  const plane = rowMajor(x.dims).slice(0, 2);
  const strides = columns ? rowMajor([...inputs].reverse()).reverse() : rowMajor(inputs);
  return node.build.fold("i64", [...x.dims.slice(0, 2), ...outputs], {
    over: kernel,
    init: () => [word(kind.least), int(-1)],
    step: ({ loops: [n, c, ...at], folds, read }) => {
      const places = taps(windows, at, folds);
      const value = read(x, [n!, c!, ...places], kind.least);
      const codes = places.map((place) => affineCode(place, rank));
      const inside = codes.map((code, i) => ult(code, int(inputs[i]!))).reduce(and);
      const first = and(inside, ieq(state(1), int(-1)));
      const terms = [n!, c!].map((index, i) => imul(affineCode(index, rank), int(plane[i]!)));
      const own = codes.map((code, i) => imul(code, int(strides[i]!))).reduce(iadd, terms.reduce(iadd));
      const wins = or(first, kind.below(state(0), value));
      return [select(wins, value, state(0)), select(wins, own, state(1))];
    },
    done: () => state(1),
  });
}

register("MaxPool", maxPool);
