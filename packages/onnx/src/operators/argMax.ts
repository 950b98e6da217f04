import { plus, scale, zero } from "../broadcast.ts";
import { type Builder, type Value, view } from "../builder.ts";
import { isFloat, kindOfType, type Node, type Unary } from "../node.ts";
import { register } from "../registry.ts";
import {
  and,
  feq,
  fle,
  flt,
  fold,
  iadd,
  ieq,
  ilt,
  imul,
  int,
  loop,
  or,
  select,
  state,
  ult,
  word,
  xor,
} from "../scalar.ts";

type Search = { readonly axis: number; readonly greatest: boolean; readonly last: boolean };

/** Which is less, and the words that nothing is below or above. */
const UNSIGNED = { below: ult, least: 0, most: 0xffffffff };
const ORDERS = {
  float: { below: flt, least: 0xff800000, most: 0x7f800000 },
  signed: { below: ilt, least: 0x80000000, most: 0x7fffffff },
  unsigned: UNSIGNED,
  bool: UNSIGNED,
};

/** Elements that one kernel looks through, so that it can be proven. */
const CHUNK = 512;

/** Where the best element along the axis is, which becomes 1; the first NaN wins and stays (or the last, with `last`). */
export function bestIndex(build: Builder, x: Value, search: Search): Value {
  const { axis } = search;
  const length = x.dims[axis]!;
  if (length <= CHUNK) return bestOfEach(build, x, search, length);
  const places = bestOfEach(build, x, search, CHUNK);
  const at = (from: Value, dims: readonly number[], where: Value): Value =>
    build.map(from.type, dims, ({ loops, read, readAt }) =>
      readAt(from, loops.with(axis, zero(loops[axis]!)), axis, read(where, loops)),
    );
  const chunk = bestIndex(build, at(x, places.dims, places), search);
  return at(places, chunk.dims, chunk);
}

/** The same for each stretch of `size` elements: the best value so far and where it was. */
function bestOfEach(build: Builder, x: Value, { axis, greatest, last }: Search, size: number): Value {
  const float = isFloat(x.type);
  const { below, least, most } = ORDERS[kindOfType(x.type)];
  const same = float ? feq : ieq;
  const isNone: Unary = (e) => (float ? xor(fle(e, e), int(1)) : int(0));
  const [length, start] = [x.dims[axis]!, word(greatest ? least : most)];
  const count = Math.ceil(length / size);
  const first = count === 1 ? int(0) : imul(loop(axis), int(size));
  const here = count === 1 ? fold(0) : iadd(first, fold(0));
  const within: Unary = (wins) => (length % size === 0 ? wins : and(wins, ilt(here, int(length))));
  return build.fold("i64", x.dims.with(axis, count), {
    over: [size],
    init: () => [start, first],
    step: ({ loops, folds, read }) => {
      const index = count === 1 ? folds[0]! : plus(scale(loops[axis]!, size), folds[0]!);
      const value = read(x, loops.with(axis, index));
      const better = greatest ? below(state(0), value) : below(value, state(0));
      const [fresh, stuck] = [isNone(value), isNone(state(0))];
      const open = xor(stuck, int(1));
      const wins = within(
        last ? or(fresh, and(open, or(better, same(value, state(0))))) : and(open, or(better, fresh)),
      );
      return [select(wins, value, state(0)), select(wins, here, state(1))];
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
