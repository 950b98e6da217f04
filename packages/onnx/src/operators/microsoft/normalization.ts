/** Norms that exported transformers carry, with the sum before them. */
import { elementwise, zero } from "../../broadcast.ts";
import { type Index, type Value, view } from "../../builder.ts";
import type { Node } from "../../node.ts";
import { register } from "../../registry.ts";
import { fadd } from "../../scalar.ts";

import { layerNorm, type Normalized, rmsNorm } from "../layerNormalization.ts";

const lastAxis = (x: Value, epsilon: number): Normalized => ({ x, axes: [x.dims.length - 1], epsilon });

/** x + skip + bias; skip may lack x's leading dimensions. */
function sumOf(node: Node, skip: Value, bias: Value | undefined): Value {
  const x = node.typed(0, "f32");
  const sum = elementwise(node, "f32", bias ? [x, skip, bias] : [x, skip], (...terms) => terms.reduce(fadd));
  return String(sum.dims) === String(x.dims) ? sum : node.refuse(`skip [${skip.dims}] does not fit [${x.dims}]`);
}

function skipLayerNormalization(node: Node): readonly Value[] {
  const [skip, gamma, beta] = [node.typed(1, "f32"), node.typed(2, "f32"), node.optional(3)];
  const sum = sumOf(node, skip, node.optional(4));
  return [...layerNorm(node, lastAxis(sum, node.float("epsilon", 1e-12)), { gamma, beta }), sum];
}

function skipSimplified(node: Node): readonly Value[] {
  const [skip, gamma] = [node.typed(1, "f32"), node.typed(2, "f32")];
  const sum = sumOf(node, skip, node.optional(3));
  const [y, inverse] = rmsNorm(node, lastAxis(sum, node.float("epsilon", 1e-12)), { gamma, beta: undefined });
  // the means, output 1, are not computed
  if (node.wants(1)) return node.refuse("output 1 has no meaning without centering");
  return [y, inverse, inverse, sum];
}

/** Word, position and segment rows are added and normalised. */
function embedLayerNormalization(node: Node): readonly Value[] {
  const [ids, segments, positions] = [node.typed(0, "i32"), node.optional(1), node.optional(8)];
  const [words, places] = [node.typed(2, "f32"), node.typed(3, "f32")];
  const [B, S] = ids.dims as [number, number];
  const width = words.dims[1]!;
  if (node.optional(7) || node.wants(1)) return node.refuse("a mask and its index are not supported");
  node.ignore("mask_index_type");
  const rows = [gatherRows(node, words, ids)];
  rows.push(positions ? gatherRows(node, places, positions) : view(firstRows(node, places, S), [1, S, width]));
  if (segments) rows.push(gatherRows(node, node.typed(4, "f32"), segments));
  const sum = elementwise(node, "f32", rows, (...terms) => terms.reduce(fadd));
  const normal = lastAxis(view(sum, [B, S, width]), node.float("epsilon", 1e-12));
  const [y] = layerNorm(node, normal, { gamma: node.typed(5, "f32"), beta: node.typed(6, "f32") });
  return [y, y, sum];
}

/** Rows of `table` by number. */
const gatherRows = (node: Node, table: Value, ids: Value): Value =>
  node.build.map("f32", [...ids.dims, table.dims[1]!], ({ loops, read, readAt }) => {
    const column = loops.at(-1) as Index;
    return readAt(table, [zero(column), column], 0, read(ids, loops.slice(0, -1)));
  });

const firstRows = (node: Node, table: Value, count: number): Value =>
  node.build.map("f32", [count, table.dims[1]!], ({ loops, read }) => read(table, loops));

register("SkipLayerNormalization", skipLayerNormalization, "com.microsoft");
register("SkipSimplifiedLayerNormalization", skipSimplified, "com.microsoft");
register("EmbedLayerNormalization", embedLayerNormalization, "com.microsoft");

/** RMSNormalization under the name that onnxruntime had for it. */
function simplified(node: Node): readonly Value[] {
  const x = node.typed(0, "f32");
  const first = node.axis(node.int("axis", -1), x.dims.length);
  if (node.int("stash_type", 1) !== 1) return node.refuse("stash_type other than 1 (float) is not supported");
  const axes = x.dims.flatMap((_, i) => (i >= first ? [i] : []));
  return rmsNorm(
    node,
    { x, axes, epsilon: node.float("epsilon", 1e-5) },
    { gamma: node.typed(1, "f32"), beta: undefined },
  );
}
register("SimplifiedLayerNormalization", simplified);
register("SimplifiedLayerNormalization", simplified, "com.microsoft");
