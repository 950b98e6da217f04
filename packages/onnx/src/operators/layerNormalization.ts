import type { Expr } from "@opengradient/program";
import { readBroadcast } from "../broadcast.ts";
import type { Value } from "../builder.ts";
import { along, centre, meanSquare } from "../moments.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { fadd, fdiv, float, fmul, fsqrt } from "../scalar.ts";

export type Normalized = { readonly x: Value; readonly axes: readonly number[]; readonly epsilon: number };
/** Factor and summand, which broadcast to x. */
type Affine = { readonly gamma: Value; readonly beta: Value | undefined };

const inverseRoot =
  (epsilon: number) =>
  (mean: Expr): Expr =>
    fdiv(float(1), fsqrt(fadd(mean, float(epsilon))));

/** The normalised tensor, the means, and 1/√(variance + ε). */
export function layerNorm(
  node: Node,
  { x, axes, epsilon }: Normalized,
  affine: Affine,
): readonly [Value, Value, Value] {
  const { mean, centered } = centre(node, x, axes);
  const inverse = meanSquare(node, centered, axes, inverseRoot(epsilon));
  return [scaled(node, { x: centered, axes, inverse }, affine), mean, inverse];
}

/** The same without centering. */
export function rmsNorm(node: Node, { x, axes, epsilon }: Normalized, affine: Affine): readonly [Value, Value] {
  const inverse = meanSquare(node, x, axes, inverseRoot(epsilon));
  return [scaled(node, { x, axes, inverse }, affine), inverse];
}

type Spread = { readonly x: Value; readonly axes: readonly number[]; readonly inverse: Value };

const scaled = (node: Node, { x, axes, inverse }: Spread, { gamma, beta }: Affine): Value =>
  node.build.map("f32", x.dims, (frame) => {
    const { loops, read } = frame;
    const factor = fmul(fmul(read(x, loops), read(inverse, along(axes, loops))), readBroadcast(frame, gamma, loops));
    return beta ? fadd(factor, readBroadcast(frame, beta, loops)) : factor;
  });

function parts(node: Node): Normalized {
  const x = node.typed(0, "f32");
  const first = node.axis(node.int("axis", -1), x.dims.length);
  const axes = x.dims.flatMap((_, i) => (i >= first ? [i] : []));
  if (node.int("stash_type", 1) !== 1) return node.refuse("stash_type other than 1 (float) is not supported");
  return { x, axes, epsilon: node.float("epsilon", 1e-5) };
}

register("LayerNormalization", (node) =>
  layerNorm(node, parts(node), { gamma: node.typed(1, "f32"), beta: node.optional(2) }),
);
register("RMSNormalization", (node) => rmsNorm(node, parts(node), { gamma: node.typed(1, "f32"), beta: undefined })[0]);
