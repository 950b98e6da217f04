import { type Value, view } from "../builder.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";

/** A transposition of [N, …six axes…] between two views. */
function shuffle(
  node: Node,
  x: Value,
  split: readonly number[],
  perm: readonly number[],
  dims: readonly number[],
): Value {
  const parts = view(x, split);
  const moved = node.build.map(
    x.type,
    perm.map((axis) => split[axis]!),
    ({ loops, read }) =>
      read(
        parts,
        split.map((_, axis) => loops[perm.indexOf(axis)]!),
      ),
  );
  return view(moved, dims);
}

function blocks(node: Node): { x: Value; b: number; dims: [number, number, number, number] } {
  const x = node.input(0);
  const b = node.int("blocksize");
  if (x.dims.length !== 4 || b < 1) return node.refuse(`blocksize ${b} of [${x.dims}]`);
  return { x, b, dims: x.dims as [number, number, number, number] };
}

register("DepthToSpace", (node) => {
  const { x, b, dims } = blocks(node);
  const [n, c, h, w] = dims;
  const mode = node.text("mode", "DCR");
  if (c % (b * b) !== 0 || (mode !== "DCR" && mode !== "CRD"))
    return node.refuse(`mode ${mode}, blocksize ${b} of ${c} channels`);
  const depth = c / (b * b);
  const result = [n, depth, h * b, w * b];
  return mode === "DCR"
    ? shuffle(node, x, [n, b, b, depth, h, w], [0, 3, 4, 1, 5, 2], result)
    : shuffle(node, x, [n, depth, b, b, h, w], [0, 1, 4, 2, 5, 3], result);
});

register("SpaceToDepth", (node) => {
  const { x, b, dims } = blocks(node);
  const [n, c, h, w] = dims;
  if (h % b !== 0 || w % b !== 0) return node.refuse(`blocksize ${b} of [${x.dims}]`);
  return shuffle(node, x, [n, c, h / b, b, w / b, b], [0, 3, 5, 1, 2, 4], [n, c * b * b, h / b, w / b]);
});
