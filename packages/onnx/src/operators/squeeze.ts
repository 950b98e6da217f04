import { type Value, view } from "../builder.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";

/** `axes` is an attribute before operator set 13, an input from then on. */
const axesOf = (node: Node): readonly number[] | undefined =>
  node.opset < 13 ? node.ints("axes") : node.optional(1) && node.integers(1, "axes");

function squeeze(node: Node): Value {
  const x = node.input(0);
  const axes = axesOf(node)?.map((axis) => node.axis(axis, x.dims.length));
  for (const axis of axes ?? []) if (x.dims[axis] !== 1) node.refuse(`axis ${axis} of [${x.dims}] is not 1`);
  return view(
    x,
    x.dims.filter((d, i) => (axes ? !axes.includes(i) : d !== 1)),
  );
}

function unsqueeze(node: Node): Value {
  const x = node.input(0);
  const given = axesOf(node) ?? node.refuse("axes are missing");
  const rank = x.dims.length + given.length;
  const axes = given.map((axis) => node.axis(axis, rank));
  if (new Set(axes).size !== axes.length) return node.refuse(`axes [${given}] repeat`);
  const rest = [...x.dims];
  return view(
    x,
    Array.from({ length: rank }, (_, i) => (axes.includes(i) ? 1 : rest.shift()!)),
  );
}

register("Squeeze", squeeze);
register("Unsqueeze", unsqueeze);
