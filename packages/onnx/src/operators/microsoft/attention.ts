import { attend, joinPast, type Mask, mergeHeads, readMask, SCORE_LOOPS, splitHeads } from "../../attention.ts";
import { elementwise, shift } from "../../broadcast.ts";
import type { Value } from "../../builder.ts";
import type { Node } from "../../node.ts";
import { register } from "../../registry.ts";
import { fadd, float, iadd, ilt, int, loop, select } from "../../scalar.ts";
import { matmul } from "../matmul.ts";

const NEVER = float(Number.NEGATIVE_INFINITY);

/** `width` columns of the last dimension. */
export function columns(node: Node, x: Value, from: number, width: number): Value {
  const last = x.dims.length - 1;
  return node.build.map("f32", x.dims.with(last, width), ({ loops, read }) =>
    read(x, loops.with(last, shift(loops[last]!, from))),
  );
}

type MaskParts = {
  /** [B, T] i32: 0 is masked, with the value of `mask_filter_value` */
  readonly padding: Value | undefined;
  readonly bias: Value | undefined;
  readonly causal: boolean;
  readonly past: number;
};

function maskOf(node: Node, { padding, bias, causal, past }: MaskParts): Mask | undefined {
  const filter = float(node.float("mask_filter_value", -10000));
  if (padding && padding.dims.length !== 2) return node.refuse(`a mask of [${padding.dims}] is not supported`);
  if (padding === undefined && bias === undefined && !causal) return undefined;
  return (frame, at, score) => {
    let masked = score;
    if (bias) masked = fadd(masked, readMask(frame, bias, at, 0));
    if (padding) masked = fadd(masked, select(frame.read(padding, [at.b, at.t]), float(0), filter));
    if (!causal) return masked;
    return select(ilt(iadd(loop(SCORE_LOOPS.s), int(past)), loop(SCORE_LOOPS.t)), NEVER, masked);
  };
}

export const scaleOf = (node: Node, headSize: number): number => node.float("scale", 0) || 1 / Math.sqrt(headSize);

/** Queries, keys and values [B, S, heads·d], or keys and values as heads already. */
function multiHead(node: Node): readonly Value[] {
  const heads = node.int("num_heads");
  const bias = node.optional(3);
  const names = ["query", "key", "value"];
  let from = 0;
  const [q, k, v] = names.map((name, i) => {
    const x = node.optional(i) && node.typed(i, "f32");
    if (x?.dims.length === 4 && i > 0) return x;
    if (x?.dims.length !== 3)
      return node.refuse(`${name} must be [batch, sequence, width]; packed forms are not supported`);
    const own = bias && columns(node, bias, from, x.dims[2]!);
    from += x.dims[2]!;
    return splitHeads(node, own ? elementwise(node, "f32", [x, own], (a, b) => fadd(a!, b!)) : x, heads);
  }) as [Value, Value, Value];
  const [keys, values] = [joinPast(node, node.optional(6), k), joinPast(node, node.optional(7), v)];
  const causal = node.int("unidirectional", 0) !== 0;
  if (causal && k.dims[2] !== q.dims[2])
    return node.refuse(`unidirectional with ${q.dims[2]} queries and ${k.dims[2]} keys`);
  const { y, scores } = attend(
    node,
    { q, k: keys, v: values },
    {
      scale: scaleOf(node, q.dims[3]!),
      softcap: 0,
      mask: maskOf(node, {
        padding: node.optional(4),
        bias: node.optional(5),
        causal,
        past: keys.dims[2]! - k.dims[2]!,
      }),
    },
  );
  return [mergeHeads(node, y), keys, values, scores[0]];
}

/** Queries, keys and values as one product with packed weights [width, 3·width]. */
function packed(node: Node): readonly Value[] {
  const [x, w, bias] = [node.typed(0, "f32"), node.typed(1, "f32"), node.optional(2)];
  const heads = node.int("num_heads");
  const sizes = node.ints("qkv_hidden_sizes") ?? new Array<number>(3).fill(w.dims[1]! / 3);
  if (node.optional(4) || node.int("do_rotary", 0) !== 0) return node.refuse("past and rotary forms are not supported");
  node.ignore("past_present_share_buffer", "rotary_embedding_dim");
  const product = matmul(node, x, w);
  const all = bias ? elementwise(node, "f32", [product, bias], (a, b) => fadd(a!, b!)) : product;
  let from = 0;
  const [q, k, v] = sizes.map((size) => {
    from += size;
    return splitHeads(node, columns(node, all, from - size, size), heads);
  }) as [Value, Value, Value];
  const causal = node.int("unidirectional", 0) !== 0;
  const mask = maskOf(node, { padding: node.optional(3), bias: node.optional(5), causal, past: 0 });
  return [mergeHeads(node, attend(node, { q, k, v }, { scale: scaleOf(node, q.dims[3]!), softcap: 0, mask }).y)];
}

register("MultiHeadAttention", multiHead, "com.microsoft");
register("Attention", packed, "com.microsoft");
