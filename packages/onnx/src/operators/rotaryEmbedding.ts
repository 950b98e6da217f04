import { mergeHeads, splitHeads } from "../attention.ts";
import { zero } from "../broadcast.ts";
import type { Value } from "../builder.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { type Rotation, rotate } from "../rotary.ts";

/** Tables [B, S, half], or [positions, half] with position ids [B, S]. */
function entryOf(node: Node, ids: Value | undefined): Rotation["entry"] {
  if (ids === undefined) return ({ read }, table, { b, s, i }) => read(table, [b, s, i]);
  if (ids.dims.length !== 2) return node.refuse(`position ids are [${ids.dims}], expected [batch, sequence]`);
  return ({ read, readAt }, table, { b, s, i }) => readAt(table, [zero(b), i], 0, read(ids, [b, s]));
}

register("RotaryEmbedding", (node) => {
  const x = node.typed(0, "f32");
  const [cos, sin] = [node.typed(1, "f32"), node.typed(2, "f32")];
  const flat = x.dims.length === 3;
  const heads = flat ? splitHeads(node, x, node.int("num_heads")) : x;
  node.ignore("num_heads");
  const half = (node.int("rotary_embedding_dim", 0) || heads.dims[3]!) / 2;
  const ids = node.optional(3) && node.typed(3, "i64");
  const y = rotate(node, heads, half, {
    entry: entryOf(node, ids),
    cos,
    sin,
    interleaved: node.int("interleaved", 0) !== 0,
  });
  return flat ? mergeHeads(node, y) : y;
});

/** Position ids are [B, S], or one offset; tables are always [positions, half]. */
register(
  "RotaryEmbedding",
  (node) => {
    const x = node.typed(0, "f32");
    const ids = node.typed(1, "i64");
    const [cos, sin] = [node.typed(2, "f32"), node.typed(3, "f32")];
    const rotated = node.int("rotary_embedding_dim", 0);
    const flat = x.dims.length === 3;
    const width = rotated > 0 ? undefined : 2 * cos.dims[1]!;
    const count = node.int("num_heads", 0) || x.dims[2]! / (width ?? node.refuse("num_heads is missing"));
    const heads = flat ? splitHeads(node, x, count) : x;
    if (node.int("is_packed_batching", 0) !== 0) return node.refuse("is_packed_batching is not supported");
    if (node.float("scale", 1) !== 1) return node.refuse("scale other than 1 is not supported");
    const one = ids.dims.length === 1;
    const entry: Rotation["entry"] = one
      ? ({ read, readAt }, table, { b, s, i }) => readAt(table, [s, i], 0, read(ids, [zero(b)]))
      : entryOf(node, ids);
    const interleaved = node.int("interleaved", 0) !== 0;
    const y = rotate(node, heads, (rotated || heads.dims[3]!) / 2, { entry, cos, sin, interleaved });
    return flat ? mergeHeads(node, y) : y;
  },
  "com.microsoft",
);
