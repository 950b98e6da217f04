import { constant, type Index, type Value } from "../builder.ts";
import { checkDims, fromFloats } from "../elements.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { fadd, fmul } from "../scalar.ts";

/** The places −1…1 of an axis' elements, from corner to corner or at their middles. */
const placesOn = (length: number, corners: boolean): number[] =>
  Array.from({ length }, (_, i) => {
    if (!corners) return (2 * i + 1) / length - 1;
    return (2 * i) / (length - 1) - 1;
  });

/** theta [N, axes, axes + 1] applied to the places of an image [N, C, …]: [N, …, axes], the last axis first. */
function affineGrid(node: Node): Value {
  const theta = node.typed(0, "f32");
  const size = node.integers(1, "size");
  checkDims(size, "size");
  const spatial = size.slice(2);
  const rank = spatial.length;
  const corners = node.int("align_corners", 0) !== 0;
  if (corners && spatial.includes(1))
    return node.refuse(`align_corners of size [${size}]: one place has no two corners`);
  if (rank < 2 || rank > 3 || String(theta.dims) !== String([size[0], rank, rank + 1]))
    return node.refuse(`theta [${theta.dims}] for size [${size}]`);
  const tables = spatial.map((length) => constant(fromFloats(placesOn(length, corners), [length])));
  return node.build.map("f32", [size[0]!, ...spatial, rank], ({ loops, read }) => {
    const row = loops.at(-1)!;
    const entry = (column: number): Index => ({ base: column, coef: loops.map(() => 0) });
    const factor = (column: number) => read(theta, [loops[0]!, row, entry(column)]);
    const terms = spatial.map((_, i) => fmul(factor(i), read(tables[rank - 1 - i]!, [loops[rank - i]!])));
    return fadd(terms.reduce(fadd), factor(rank));
  });
}

register("AffineGrid", affineGrid);
