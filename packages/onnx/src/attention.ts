/** Attention from heads: what the operators of that name in ONNX and com.microsoft share. */
import type { Expr } from "@opengradient/program";
import { plus, scale as scaled, zero } from "./broadcast.ts";
import { type Frame, type Index, type Value, view } from "./builder.ts";
import { concatenate } from "./join.ts";
import type { Node, Unary } from "./node.ts";
import { alongAxis as softmax } from "./operators/softmax.ts";
import { fadd, fdiv, float, fmul, state } from "./scalar.ts";
import { tanh } from "./transcendental.ts";

/** [B, S, heads·d] → [B, heads, S, d] */
export function splitHeads(node: Node, x: Value, heads: number): Value {
  const [B, S, width] = x.dims as [number, number, number];
  if (x.dims.length !== 3 || heads < 1 || width % heads !== 0)
    return node.refuse(`[${x.dims}] does not make ${heads} heads`);
  const d = width / heads;
  const parts = view(x, [B, S, heads, d]);
  return node.build.map("f32", [B, heads, S, d], ({ loops: [b, h, s, i], read }) => read(parts, [b!, s!, h!, i!]));
}

/** [B, heads, S, d] → [B, S, heads·d] */
export function mergeHeads(node: Node, x: Value): Value {
  const [B, heads, S, d] = x.dims as [number, number, number, number];
  const y = node.build.map("f32", [B, S, heads, d], ({ loops: [b, s, h, i], read }) => read(x, [b!, h!, s!, i!]));
  return view(y, [B, S, heads * d]);
}

/** What was kept of the past, and then what is new, along axis 2. */
export function joinPast(node: Node, past: Value | undefined, now: Value): Value {
  if (past === undefined) return now;
  if (past.dims.length !== now.dims.length || String(past.dims.with(2, now.dims[2]!)) !== String(now.dims))
    return node.refuse(`the past [${past.dims}] does not fit [${now.dims}]`);
  return concatenate(node.build, [past, now], 2);
}

/** q [B, H, S, d], k [B, G, T, d], v [B, G, T, e]: H/G neighbouring heads of q share one of k and v. */
export type Heads = { readonly q: Value; readonly k: Value; readonly v: Value };

/** Where a score stands. */
export type At = { readonly b: Index; readonly h: Index; readonly s: Index; readonly t: Index };
/** Numbers of the loops of `s` and `t` of a score, and of `b`. */
export const SCORE_LOOPS = { b: 0, s: 3, t: 4 } as const;

export type Mask = (frame: Frame, at: At, score: Expr) => Expr;
type Modify = (value: Value) => Value;

export type Scoring = {
  readonly scale: number;
  /** 0: none */
  readonly softcap: number;
  /** adds or takes away, before the softmax; a row of −∞ gives zeros */
  readonly mask?: Mask | undefined;
  /** What else becomes of scores and probabilities [B, H, S, T]. */
  readonly modify?: { readonly scores: Modify | undefined; readonly probabilities: Modify | undefined };
};

/** y [B, H, S, e], and the scores [B, H, S, T] at each stage. */
export type Attended = {
  readonly y: Value;
  readonly scores: readonly [products: Value, capped: Value, masked: Value, probabilities: Value];
};

export function attend(node: Node, { q, k, v }: Heads, { scale, softcap, mask, modify }: Scoring): Attended {
  const [B, H, S, d] = q.dims as [number, number, number, number];
  const [G, T, e] = [k.dims[1]!, k.dims[2]!, v.dims[3]!];
  if (String([k.dims, v.dims]) !== String([B, G, T, d, B, G, T, e]) || H % G !== 0)
    return node.refuse(`queries [${q.dims}], keys [${k.dims}] and values [${v.dims}] do not fit`);
  const R = H / G;
  const head = (g: Index, r: Index): Index => plus(scaled(g, R), r);
  const stage = (from: Value, code: (frame: Frame, score: Expr) => Expr): Value =>
    node.build.map("f32", [B, G, R, S, T], (frame) => code(frame, frame.read(from, frame.loops)));
  const products = node.build.fold("f32", [B, G, R, S, T], {
    over: [d],
    init: () => [float(0)],
    step: ({ loops: [b, g, r, s, t], folds: [i], read }) => [
      fadd(state(), fmul(read(q, [b!, head(g!, r!), s!, i!]), read(k, [b!, g!, t!, i!]))),
    ],
    done: () => fmul(state(), float(scale)),
  });
  const cap: Unary = (x) => fmul(tanh(fdiv(x, float(softcap))), float(softcap));
  const capped = softcap === 0 ? products : stage(products, (_, x) => cap(x));
  const masked = mask
    ? stage(capped, (frame, x) => {
        const [b, g, r, s, t] = frame.loops as [Index, Index, Index, Index, Index];
        return mask(frame, { b, h: head(g, r), s, t }, x);
      })
    : capped;
  const through = (change: Modify | undefined, value: Value): Value =>
    change ? view(change(view(value, [B, H, S, T])), [B, G, R, S, T]) : value;
  const chances = softmax(node, through(modify?.scores, masked), 4, mask !== undefined);
  const probabilities = through(modify?.probabilities, chances);
  const y = node.build.fold("f32", [B, G, R, S, e], {
    over: [T],
    init: () => [float(0)],
    step: ({ loops: [b, g, r, s, i], folds: [t], read }) => [
      fadd(state(), fmul(read(probabilities, [b!, g!, r!, s!, t!]), read(v, [b!, g!, t!, i!]))),
    ],
    done: () => state(),
  });
  const heads = (value: Value, last: number): Value => view(value, [B, H, S, last]);
  return {
    y: heads(y, e),
    scores: [heads(products, T), heads(capped, T), heads(masked, T), heads(probabilities, T)],
  };
}

/** The element of a mask that broadcasts to [B, H, S, T] from the right; its last dimension may end early. */
export function readMask({ read }: Frame, mask: Value, { b, h, s, t }: At, elseWord: number): Expr {
  const index = [b, h, s, t].slice(4 - mask.dims.length);
  const last = index.length - 1;
  return read(
    mask,
    index.map((at, i) => (mask.dims[i] === 1 && i < last ? zero(at) : at)),
    elseWord,
  );
}
