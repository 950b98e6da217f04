import { zero } from "../broadcast.ts";
import type { Index, Value } from "../builder.ts";
import type { Node } from "../node.ts";
import { reduce } from "../reduce.ts";
import { register } from "../registry.ts";
import { fadd, fdiv, float, fmul, fsqrt, fsub } from "../scalar.ts";

/** Each channel of each sample is normalised over its spatial axes. */
function instanceNormalization(node: Node): Value {
  const [x, gamma, beta] = [node.typed(0, "f32"), node.typed(1, "f32"), node.typed(2, "f32")];
  node.ignore("consumed_inputs");
  const epsilon = float(node.float("epsilon", 1e-5));
  const axes = x.dims.flatMap((_, i) => (i >= 2 ? [i] : []));
  for (const p of [gamma, beta])
    if (String(p.dims) !== String([x.dims[1]])) node.refuse(`parameters must be [${x.dims[1]}]`);
  if (axes.length === 0) return node.refuse(`[${x.dims}] has no spatial axis`);
  const kept = (index: readonly Index[]): Index[] => index.map((at, i) => (i >= 2 ? zero(at) : at));
  const sum = { start: float(0), join: fadd };
  const mean = reduce(node, x, axes, true, { ...sum, finish: (total, n) => fdiv(total, float(n)) });
  const centered = node.build.map("f32", x.dims, ({ loops, read }) => fsub(read(x, loops), read(mean, kept(loops))));
  const deviation = reduce(node, centered, axes, true, {
    ...sum,
    each: (value) => fmul(value, value),
    finish: (total, n) => fsqrt(fadd(fdiv(total, float(n)), epsilon)),
  });
  return node.build.map("f32", x.dims, ({ loops, read }) => {
    const normal = fdiv(read(centered, loops), read(deviation, kept(loops)));
    return fadd(fmul(normal, read(gamma, [loops[1]!])), read(beta, [loops[1]!]));
  });
}

register("InstanceNormalization", instanceNormalization);
