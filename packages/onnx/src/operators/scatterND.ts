import { shift } from "../broadcast.ts";
import { type Value, view } from "../builder.ts";
import { elementsOf, numbersOf } from "../elements.ts";
import type { Node } from "../node.ts";
import { flatPlaces } from "../places.ts";
import { register } from "../registry.ts";
import { fold, iadd, ieq, ilt, int, loop, select, state } from "../scalar.ts";
import { joinOf, lastUpdates, overUpdates } from "../scatter.ts";

/** data as rows that a tuple of indices names, updates as rows for such; equal places in the order of the updates. */
function scatterND(node: Node): Value {
  const [data, indices, updates] = [node.input(0), node.typed(1, "i64", "i32"), node.input(2)];
  const depth = indices.dims.at(-1) ?? node.refuse("indices are a scalar");
  const rest = data.dims.slice(depth);
  const fits = depth <= data.dims.length && String(updates.dims) === String([...indices.dims.slice(0, -1), ...rest]);
  if (!fits || updates.type !== data.type)
    return node.refuse(`indices [${indices.dims}] and updates [${updates.dims}] ${updates.type} for [${data.dims}]`);
  const named = data.dims.slice(0, depth);
  const [rows, width, count] = [elementsOf(named), elementsOf(rest), elementsOf(indices.dims.slice(0, -1))];
  const to = view(flatPlaces(node.build, indices, named), [count]);
  const [from, fresh] = [view(data, [rows, width]), view(updates, [count, width])];
  const y = node.text("reduction", "none") === "none" ? latest(node, from, to, fresh) : reduced(node, from, to, fresh);
  return view(y, data.dims);
}

/** For each row the last update, then its elements. */
function latest(node: Node, from: Value, to: Value, fresh: Value): Value {
  const places = node.build.known(to);
  const last = places ? lastUpdates(numbersOf(places), from.dims[0]!) : searched(node, from, to);
  return node.build.map(from.type, from.dims, ({ loops: [row, column], read, readAt }) => {
    const at = read(last, [row!]);
    const none = { base: 0, coef: row!.coef.map(() => 0) };
    return select(ilt(at, int(0)), read(from, [row!, column!]), readAt(fresh, [none, column!], 0, at));
  });
}

/** Which update each row gets in the end, −1 where none. */
const searched = (node: Node, from: Value, to: Value): Value =>
  overUpdates(node, { type: "i32", dims: [from.dims[0]!] }, to.dims[0]!, {
    first: () => int(-1),
    step: ({ folds, read }, start) =>
      select(ieq(read(to, [shift(folds[0]!, start)]), loop(0)), iadd(fold(0), int(start)), state()),
  });

function reduced(node: Node, from: Value, to: Value, fresh: Value): Value {
  const join = joinOf(node, from.type);
  return overUpdates(node, from, to.dims[0]!, {
    first: ({ loops, read }) => read(from, loops),
    step: ({ loops, folds, read }, start) => {
      const update = shift(folds[0]!, start);
      return select(ieq(read(to, [update]), loop(0)), join(state(), read(fresh, [update, loops[1]!])), state());
    },
  });
}

register("ScatterND", scatterND);
