import { type Builder, type Value, view } from "../builder.ts";
import { isFloat, kindOfType, type Node, type Unary } from "../node.ts";
import { register } from "../registry.ts";
import { and, feq, fle, flt, fold, ieq, ilt, int, or, select, state, ult, word, xor } from "../scalar.ts";

type Search = { readonly axis: number; readonly greatest: boolean; readonly last: boolean };

/** Which is less, and the words that nothing is below or above. */
const UNSIGNED = { below: ult, least: 0, most: 0xffffffff };
const ORDERS = {
  float: { below: flt, least: 0xff800000, most: 0x7f800000 },
  signed: { below: ilt, least: 0x80000000, most: 0x7fffffff },
  unsigned: UNSIGNED,
  bool: UNSIGNED,
};

/** The best value so far and where it was; the first NaN wins and stays (or the last, with `last`). The axis becomes 1. */
export function bestIndex(build: Builder, x: Value, { axis, greatest, last }: Search): Value {
  const float = isFloat(x.type);
  const { below, least, most } = ORDERS[kindOfType(x.type)];
  const same = float ? feq : ieq;
  const isNone: Unary = (e) => (float ? xor(fle(e, e), int(1)) : int(0));
  const start = greatest ? least : most;
  return build.fold("i64", x.dims.with(axis, 1), {
    over: [x.dims[axis]!],
    init: () => [word(start), int(0)],
    step: ({ loops, folds, read }) => {
      const value = read(x, loops.with(axis, folds[0]!));
      const better = greatest ? below(state(0), value) : below(value, state(0));
      const [fresh, stuck] = [isNone(value), isNone(state(0))];
      const open = xor(stuck, int(1));
      const wins = last ? or(fresh, and(open, or(better, same(value, state(0))))) : and(open, or(better, fresh));
      return [select(wins, value, state(0)), select(wins, fold(0), state(1))];
    },
    done: () => state(1),
  });
}

const argument =
  (greatest: boolean) =>
  (node: Node): Value => {
    const x = node.input(0);
    const axis = node.axis(node.int("axis", 0), x.dims.length);
    const [keep, last] = [node.int("keepdims", 1) !== 0, node.int("select_last_index", 0) !== 0];
    const result = bestIndex(node.build, x, { axis, greatest, last });
    return keep ? result : view(result, x.dims.toSpliced(axis, 1));
  };

register("ArgMax", argument(true));
register("ArgMin", argument(false));
