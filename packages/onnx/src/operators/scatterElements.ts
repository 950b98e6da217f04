import { shift } from "../broadcast.ts";
import { rowMajor, type Value, view } from "../builder.ts";
import { elementsOf, numbersOf } from "../elements.ts";
import type { Node } from "../node.ts";
import { fromEnd } from "../places.ts";
import { register } from "../registry.ts";
import { ieq, ilt, int, loop, select, state } from "../scalar.ts";
import { joinOf, lastUpdates, overUpdates } from "../scatter.ts";

type Given = { readonly data: Value; readonly indices: Value; readonly updates: Value; readonly axis: number };

/** data with updates at their own place, but for `axis`, where the index says; equal places in the order of the updates. */
function scatterElements(node: Node): Value {
  const [data, indices, updates] = [node.input(0), node.typed(1, "i64", "i32"), node.input(2)];
  const axis = node.axis(node.int("axis", 0), data.dims.length);
  const fits =
    String(indices.dims) === String(updates.dims) &&
    indices.dims.length === data.dims.length &&
    indices.dims.every((d, i) => i === axis || d <= data.dims[i]!);
  if (!fits || updates.type !== data.type)
    return node.refuse(`indices [${indices.dims}] and updates [${updates.dims}] ${updates.type} for [${data.dims}]`);
  const given = { data, indices, updates, axis };
  const known = node.text("reduction", "none") === "none" ? node.build.known(indices) : undefined;
  return known ? byTable(node, given, numbersOf(known)) : bySearch(node, given);
}

function byTable(node: Node, { data, indices, updates, axis }: Given, places: readonly number[]): Value {
  const strides = rowMajor(data.dims);
  const own = rowMajor(indices.dims);
  const flat = places.map((place, e) =>
    indices.dims.reduce((sum, d, i) => {
      const at = i === axis ? (place < 0 ? place + data.dims[axis]! : place) : Math.floor(e / own[i]!) % d;
      return i === axis && (at < 0 || at >= data.dims[axis]!) ? Number.NaN : sum + at * strides[i]!;
    }, 0),
  );
  const table = lastUpdates(flat, elementsOf(data.dims));
  const [from, fresh] = [view(data, table.dims), view(updates, [elementsOf(updates.dims)])];
  const y = node.build.map(data.type, table.dims, ({ loops, read, readAt }) => {
    const at = read(table, loops);
    return select(ilt(at, int(0)), read(from, loops), readAt(fresh, [{ base: 0, coef: [0] }], 0, at));
  });
  return view(y, data.dims);
}

function bySearch(node: Node, { data, indices, updates, axis }: Given): Value {
  const join = joinOf(node, data.type);
  // beyond the indices no place is named
  const [to, fresh] = [grown(node, indices, data, axis, 0x80000000), grown(node, updates, data, axis, 0)];
  return overUpdates(node, data, indices.dims[axis]!, {
    first: ({ loops, read }) => read(data, loops),
    step: ({ loops, folds, read }, start) => {
      const at = loops.with(axis, shift(folds[0]!, start));
      const place = fromEnd(read(to, at), data.dims[axis]!);
      return select(ieq(place, loop(axis)), join(state(), read(fresh, at)), state());
    },
  });
}

/** x in the dims of `like`, but for `axis`. */
function grown(node: Node, x: Value, like: Value, axis: number, elseWord: number): Value {
  const dims = like.dims.with(axis, x.dims[axis]!);
  return String(dims) === String(x.dims)
    ? x
    : node.build.map(x.type, dims, ({ loops, read }) => read(x, loops, elseWord));
}

register("ScatterElements", scatterElements);
register("Scatter", scatterElements);
