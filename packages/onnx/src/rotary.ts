/** Rotary position embedding, as ONNX and com.microsoft have it. */
import type { Expr } from "@opengradient/program";
import { shift } from "./broadcast.ts";
import { type Frame, type Index, type Value, view } from "./builder.ts";
import { concatenate } from "./join.ts";
import type { Node } from "./node.ts";
import { fadd, fmul, fneg, ieq, int, loop, select } from "./scalar.ts";

export type Rotation = {
  /** a table's entry i for position s of batch b */
  readonly entry: (frame: Frame, table: Value, at: { readonly b: Index; readonly s: Index; readonly i: Index }) => Expr;
  readonly cos: Value;
  readonly sin: Value;
  /** pairs are neighbours, else half a rotation apart */
  readonly interleaved: boolean;
};

/** x [B, heads, S, d]: the first 2·half entries of d are turned in pairs, the others stay. */
export function rotate(node: Node, x: Value, half: number, { entry, cos, sin, interleaved }: Rotation): Value {
  const [B, H, S, d] = x.dims as [number, number, number, number];
  const size = 2 * half;
  if (half < 1 || size > d) return node.refuse(`${size} of ${d} entries can not be rotated`);
  const pairs = interleaved ? [half, 2] : [2, half];
  const own = (part: Index, i: Index): Index => {
    const [p, h] = interleaved ? [1, 2] : [half, 1];
    return { base: p * part.base + h * i.base, coef: part.coef.map((c, n) => p * c + h * i.coef[n]! + 0) };
  };
  const turned = node.build.map("f32", [B, H, S, ...pairs], (frame) => {
    const [b, h, s] = frame.loops as [Index, Index, Index];
    const [at, part] = interleaved ? [3, 4] : [4, 3];
    const [i, p] = [frame.loops[at]!, frame.loops[part]!];
    const other = shift({ base: 0, coef: p.coef.map((c) => -c + 0) }, 1);
    const mine = frame.read(x, [b, h, s, own(p, i)]);
    const theirs = frame.read(x, [b, h, s, own(other, i)]);
    const [c, t] = [cos, sin].map((table) => entry(frame, table, { b, s, i })) as [Expr, Expr];
    const sine = fmul(t, theirs);
    return fadd(fmul(c, mine), select(ieq(loop(part), int(0)), fneg(sine), sine));
  });
  const front = view(turned, [B, H, S, size]);
  if (size === d) return front;
  const rest = node.build.map("f32", [B, H, S, d - size], ({ loops, read }) =>
    read(x, loops.with(3, shift(loops[3]!, size))),
  );
  return concatenate(node.build, [front, rest], 3);
}
