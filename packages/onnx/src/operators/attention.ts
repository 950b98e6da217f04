import { attend, joinPast, type Mask, mergeHeads, readMask, SCORE_LOOPS, splitHeads } from "../attention.ts";
import type { Value } from "../builder.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { fadd, float, floatBits, iadd, ilt, int, loop, select } from "../scalar.ts";

const NEVER = float(Number.NEGATIVE_INFINITY);

/**
 * scale·q·kᵀ, softcap, mask, softmax, ·v. Query i sees key j under `is_causal` iff j ≤ i + offset, where the offset is the
 * length of the past, or what `nonpad_kv_seqlen` leaves before the queries.
 */
function attention(node: Node): readonly Value[] {
  const given = [0, 1, 2].map((i) => node.typed(i, "f32")) as [Value, Value, Value];
  const flat = given[0].dims.length === 3;
  const counts = [node.int("q_num_heads", 0), node.int("kv_num_heads", 0), node.int("kv_num_heads", 0)];
  const [q, kNow, vNow] = given.map((x, i) => {
    if (flat) return splitHeads(node, x, counts[i]!);
    return x.dims.length === 4 ? x : node.refuse(`input ${i} is [${x.dims}], expected rank 4`);
  }) as [Value, Value, Value];
  const [pastKey, pastValue] = [node.optional(4), node.optional(5)];
  const [k, v] = [joinPast(node, pastKey, kNow), joinPast(node, pastValue, vNow)];
  // softmax in more bits than asked for is within what the attribute allows
  node.ignore("softmax_precision");
  const mode = node.int("qk_matmul_output_mode", 0);
  const { y, scores } = attend(
    node,
    { q, k, v },
    {
      scale: node.float("scale", 1 / Math.sqrt(q.dims[3]!)),
      softcap: node.float("softcap", 0),
      mask: maskOf(node, { past: pastKey?.dims[2], queries: q.dims[2]! }),
    },
  );
  return [flat ? mergeHeads(node, y) : y, k, v, scores[mode] ?? node.refuse(`qk_matmul_output_mode ${mode}`)];
}

type Lengths = { readonly past: number | undefined; readonly queries: number };

function maskOf(node: Node, { past, queries }: Lengths): Mask | undefined {
  const mask = node.optional(3) && node.typed(3, "f32", "bool");
  const valid = node.optional(6) && node.typed(6, "i64");
  const causal = node.int("is_causal", 0) !== 0;
  if (mask === undefined && valid === undefined && !causal) return undefined;
  return (frame, at, score) => {
    let masked = score;
    if (mask?.type === "bool") masked = select(readMask(frame, mask, at, 0), masked, NEVER);
    else if (mask) masked = fadd(masked, readMask(frame, mask, at, floatBits(Number.NEGATIVE_INFINITY)));
    const [i, j] = [loop(SCORE_LOOPS.s), loop(SCORE_LOOPS.t)];
    const end = valid && frame.read(valid, [at.b]);
    if (causal) {
      const offset = end && past === undefined ? iadd(end, int(-queries)) : int(past ?? 0);
      masked = select(ilt(iadd(i, offset), j), NEVER, masked);
    }
    return end ? select(ilt(j, end), masked, NEVER) : masked;
  };
}

/** The graphs `score_mod` and `prob_mod` change scores and probabilities. */
function flexAttention(node: Node): Value {
  const [q, k, v] = [0, 1, 2].map((i) => node.typed(i, "f32")) as [Value, Value, Value];
  if (q.dims.length !== 4) return node.refuse(`queries [${q.dims}], expected rank 4`);
  node.ignore("softmax_precision");
  const change = (graph: string) =>
    node.has(graph) ? (value: Value): Value => node.body(graph).lower([value])[0]! : undefined;
  const modify = { scores: change("score_mod"), probabilities: change("prob_mod") };
  const scale = node.float("scale", 1 / Math.sqrt(q.dims[3]!));
  return attend(node, { q, k, v }, { scale, softcap: 0, modify }).y;
}

register("Attention", attention);
register("FlexAttention", flexAttention, "ai.onnx.preview");
