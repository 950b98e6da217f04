import { readBroadcast, zero } from "../broadcast.ts";
import type { Index, Value } from "../builder.ts";
import type { Node } from "../node.ts";
import { reduce } from "../reduce.ts";
import { register } from "../registry.ts";
import { fadd, fdiv, float, fmul, fsqrt, fsub } from "../scalar.ts";

const mean = { start: float(0), join: fadd, finish: (sum: ReturnType<typeof float>, n: number) => fdiv(sum, float(n)) };

type Normalized = { readonly x: Value; readonly axes: readonly number[]; readonly epsilon: number };

const along = (axes: readonly number[], index: readonly Index[]): Index[] =>
  index.map((at, i) => (axes.includes(i) ? zero(at) : at));

/** 1/√(mean of squares + ε), with the normalised axes kept as 1. */
function inverseDeviation(node: Node, { x, axes, epsilon }: Normalized): Value {
  return reduce(node, x, axes, true, {
    ...mean,
    each: (value) => fmul(value, value),
    finish: (sum, n) => fdiv(float(1), fsqrt(fadd(fdiv(sum, float(n)), float(epsilon)))),
  });
}

function parts(node: Node): Normalized {
  const x = node.typed(0, "f32");
  const first = node.axis(node.int("axis", -1), x.dims.length);
  const axes = x.dims.flatMap((_, i) => (i >= first ? [i] : []));
  if (node.int("stash_type", 1) !== 1) return node.refuse("stash_type other than 1 (float) is not supported");
  return { x, axes, epsilon: node.float("epsilon", 1e-5) };
}

register("LayerNormalization", (node) => {
  const { x, axes, epsilon } = parts(node);
  const [gamma, beta] = [node.typed(1, "f32"), node.optional(2)];
  const middle = reduce(node, x, axes, true, mean);
  const centered = node.build.map("f32", x.dims, ({ loops, read }) =>
    fsub(read(x, loops), read(middle, along(axes, loops))),
  );
  const inverse = inverseDeviation(node, { x: centered, axes, epsilon });
  const y = node.build.map("f32", x.dims, (frame) => {
    const { loops, read } = frame;
    const normal = fmul(read(centered, loops), read(inverse, along(axes, loops)));
    const scaled = fmul(normal, readBroadcast(frame, gamma, loops));
    return beta ? fadd(scaled, readBroadcast(frame, beta, loops)) : scaled;
  });
  return [y, middle, inverse];
});

register("RMSNormalization", (node) => {
  const { x, axes, epsilon } = parts(node);
  const gamma = node.typed(1, "f32");
  const inverse = inverseDeviation(node, { x, axes, epsilon });
  return node.build.map("f32", x.dims, (frame) => {
    const normal = fmul(frame.read(x, frame.loops), frame.read(inverse, along(axes, frame.loops)));
    return fmul(normal, readBroadcast(frame, gamma, frame.loops));
  });
});
