import { plus, scale, shift } from "../broadcast.ts";
import type { Index, Value } from "../builder.ts";
import { type Binary, isFloat, type Node } from "../node.ts";
import { register } from "../registry.ts";
import { fadd, floatBits, fmul, iadd, imul, state, word } from "../scalar.ts";

/** The word that changes nothing, and what joins. */
type Scan = { readonly start: number; readonly join: Binary };

/** Axes up to this length are a fold for each element; longer ones go step by step, each from the one before. */
const FOLDED = 64;

type Walk = {
  readonly x: Value;
  readonly axis: number;
  readonly reversed: boolean;
  readonly exclusive: boolean;
} & Scan;

/** From the start of the axis (its end, reversed) in order, so that both ways round alike. */
function folded(node: Node, { x, axis, reversed, exclusive, start, join }: Walk): Value {
  const length = x.dims[axis]!;
  const first = length - 1 + (exclusive ? 1 : 0);
  return node.build.fold(x.type, x.dims, {
    over: [length],
    init: () => [word(start)],
    step: ({ loops, folds, read }) => {
      const at = reversed
        ? shift(plus(loops[axis]!, scale(folds[0]!, -1)), first)
        : shift(plus(loops[axis]!, folds[0]!), -first);
      return [join(state(), read(x, loops.with(axis, at), start))];
    },
    done: () => state(),
  });
}

/** A recurrent kernel over the axis, put first, and the result in its own order again. */
function stepwise(node: Node, { x, axis, reversed, exclusive, start, join }: Walk): Value {
  const { build } = node;
  const length = x.dims[axis]!;
  const dims = [length, ...x.dims.toSpliced(axis, 1)];
  const back = (at: Index): Index => (reversed ? shift(scale(at, -1), length - 1) : at);
  const [sums] = build.recurrent([{ type: x.type, dims }], ([self]) => [
    {
      over: [],
      init: ({ loops: [t, ...rest], read }) => [read(self!, [shift(t!, -1), ...rest], start)],
      step: ({ loops: [t, ...rest], read }) => {
        const at = back(exclusive ? shift(t!, -1) : t!);
        return [join(state(), read(x, rest.toSpliced(axis, 0, at), start))];
      },
      done: () => state(),
    },
  ]);
  return build.map(x.type, x.dims, ({ loops, read }) => read(sums!, [back(loops[axis]!), ...loops.toSpliced(axis, 1)]));
}

const cumulative =
  (floats: Scan, integers: Scan) =>
  (node: Node): Value => {
    const x = node.typed(0, "f32", "i32", "i64", "u32", "u64");
    const axis = node.axis(node.integers(1, "axis")[0] ?? 0, x.dims.length);
    const reversed = node.int("reverse", 0) !== 0;
    const exclusive = node.int("exclusive", 0) !== 0;
    const walk = { x, axis, reversed, exclusive, ...(isFloat(x.type) ? floats : integers) };
    // what is known at import is computed there, element by element
    const short = x.dims[axis]! <= FOLDED || node.build.known(x) !== undefined;
    return short ? folded(node, walk) : stepwise(node, walk);
  };

register("CumSum", cumulative({ start: 0, join: fadd }, { start: 0, join: iadd }));
register("CumProd", cumulative({ start: floatBits(1), join: fmul }, { start: 1, join: imul }));
