import type { Value } from "../builder.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";

/** Output axis i is input axis perm[i]; without perm the axes are reversed. */
function transpose(node: Node): Value {
  const x = node.input(0);
  const perm = node.ints("perm") ?? x.dims.map((_, i) => x.dims.length - 1 - i);
  if (perm.length !== x.dims.length || x.dims.some((_, i) => !perm.includes(i)))
    return node.refuse(`perm [${perm}] is no permutation of the axes of [${x.dims}]`);
  return node.build.map(
    x.type,
    perm.map((axis) => x.dims[axis]!),
    ({ loops, read }) =>
      read(
        x,
        x.dims.map((_, axis) => loops[perm.indexOf(axis)]!),
      ),
  );
}

register("Transpose", transpose);
