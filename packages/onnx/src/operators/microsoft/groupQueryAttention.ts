import type { Expr } from "@opengradient/program";
import { attend, type Mask, mergeHeads, SCORE_LOOPS, splitHeads } from "../../attention.ts";
import type { Frame, Index, Value } from "../../builder.ts";
import { numbersOf } from "../../elements.ts";
import type { Node } from "../../node.ts";
import { register } from "../../registry.ts";
import { rotate } from "../../rotary.ts";
import { float, iadd, ilt, int, isub, loop, or, select } from "../../scalar.ts";
import { columns, scaleOf } from "./attention.ts";

/** The position of the first new token of a batch. */
type Start = (frame: Frame, b: Index) => Expr;

/** Queries, keys and values as heads: apart, or packed into the queries. */
function headsOf(node: Node, H: number, G: number): [Value, Value, Value] {
  const x = node.typed(0, "f32");
  if (node.optional(1)) {
    const [k, v] = [node.typed(1, "f32"), node.typed(2, "f32")];
    return [splitHeads(node, x, H), splitHeads(node, k, G), splitHeads(node, v, G)];
  }
  const d = x.dims[2]! / (H + 2 * G);
  return [
    splitHeads(node, columns(node, x, 0, H * d), H),
    splitHeads(node, columns(node, x, H * d, G * d), G),
    splitHeads(node, columns(node, x, (H + G) * d, G * d), G),
  ];
}

/** The cache [B, G, length, d] with the new entries put in from `start` on. */
function cached(node: Node, { past, now, length }: { past: Value; now: Value; length: number }, start: Start): Value {
  const [B, G, , d] = now.dims as [number, number, number, number];
  return node.build.map("f32", [B, G, length, d], (frame) => {
    const [b, g, t, i] = frame.loops as [Index, Index, Index, Index];
    const first = start(frame, b);
    const fresh = frame.readAt(now, [b, g, t, i], 2, isub(int(0), first));
    return select(ilt(loop(2), first), frame.read(past, [b, g, t, i]), fresh);
  });
}

/** The last tokens attend to themselves and to a cache, whose valid length is `seqlens_k` + 1 with them. */
function groupQueryAttention(node: Node): readonly Value[] {
  const [H, G] = [node.int("num_heads"), node.int("kv_num_heads")];
  const [q, k, v] = headsOf(node, H, G);
  const [S, d] = [q.dims[2]!, q.dims[3]!];
  const lengths = node.typed(5, "i32");
  const [pastKey, pastValue] = [node.optional(3), node.optional(4)].map((past) => (past?.dims[2] ? past : undefined));
  const start: Start = ({ read }, b) => (pastKey ? iadd(read(lengths, [b]), int(1 - S)) : int(0));
  const turn = (x: Value): Value => {
    if (node.int("do_rotary", 0) === 0) return x;
    const [cos, sin] = [node.typed(7, "f32"), node.typed(8, "f32")];
    return rotate(node, x, cos.dims[1]!, {
      cos,
      sin,
      interleaved: node.int("rotary_interleaved", 0) !== 0,
      entry: (frame, table, { b, s, i }) => frame.readAt(table, [s, i], 0, start(frame, b)),
    });
  };
  const total = node.optional(6) && node.build.known(node.input(6));
  const keep = (past: Value | undefined, now: Value): Value => {
    if (past === undefined) return now;
    const old = past.dims[2]!;
    return cached(node, { past, now, length: Math.max(old, total ? numbersOf(total)[0]! : old + S) }, start);
  };
  const [keys, values] = [keep(pastKey, turn(k)), keep(pastValue, v)];
  if (node.int("smooth_softmax", 0) > 0) return node.refuse("smooth_softmax is not supported");
  node.ignore("rotary_interleaved");
  const window = node.int("local_window_size", -1);
  const mask: Mask = (frame, { b }, score) => {
    const [own, j] = [iadd(loop(SCORE_LOOPS.s), start(frame, b)), loop(SCORE_LOOPS.t)];
    const far = window < 0 ? int(0) : ilt(j, iadd(own, int(1 - window)));
    return select(or(ilt(own, j), far), float(Number.NEGATIVE_INFINITY), score);
  };
  const { y } = attend(
    node,
    { q: turn(q), k: keys, v: values },
    { scale: scaleOf(node, d), softcap: node.float("softcap", 0), mask },
  );
  return [mergeHeads(node, y), keys, values];
}

register("GroupQueryAttention", groupQueryAttention, "com.microsoft");
