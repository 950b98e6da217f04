import type { Value } from "../builder.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { fadd, fdiv, float, fmul, fsqrt, fsub } from "../scalar.ts";

/** x·scale + shift, with scale = gamma/√(variance + ε) and shift = beta − mean·scale, each a kernel of its own (foldable). */
function batchNormalization(node: Node): readonly Value[] {
  const x = node.typed(0, "f32");
  const parameters = [1, 2, 3, 4].map((i) => node.typed(i, "f32"));
  const [gamma, beta, mean, variance] = parameters as [Value, Value, Value, Value];
  const C = x.dims[1] ?? 1;
  for (const p of parameters)
    if (String(p.dims) !== String([C])) return node.refuse(`parameters must be [${C}], one is [${p.dims}]`);
  if (node.int("training_mode", 0) !== 0) return node.refuse("training_mode is not supported");
  if (node.opset < 7 && node.int("is_test", 0) === 0) return node.refuse("is_test = 0 (training) is not supported");
  if (node.opset < 9 && node.int("spatial", 1) === 0) return node.refuse("spatial = 0 is not supported");
  if ([1, 2, 3, 4].some((o) => node.wants(o))) return node.refuse("only the first output exists in inference");
  node.ignore("momentum", "consumed_inputs");
  const epsilon = float(node.float("epsilon", 1e-5));
  const scale = node.build.map("f32", [C], ({ loops, read }) =>
    fdiv(read(gamma, loops), fsqrt(fadd(read(variance, loops), epsilon))),
  );
  const shift = node.build.map("f32", [C], ({ loops, read }) =>
    fsub(read(beta, loops), fmul(read(mean, loops), read(scale, loops))),
  );
  const y = node.build.map("f32", x.dims, ({ loops, read }) => {
    const channel = x.dims.length > 1 ? [loops[1]!] : [{ base: 0, coef: loops[0]!.coef.map(() => 0) }];
    return fadd(fmul(read(x, loops), read(scale, channel)), read(shift, channel));
  });
  return [y];
}

register("BatchNormalization", batchNormalization);
