import type { Value } from "../builder.ts";
import { constant } from "../builder.ts";
import { fromFloats } from "../elements.ts";
import { register } from "../registry.ts";
import { fadd, float, fmul } from "../scalar.ts";

/** x·scale + a bias for each channel; never more than experimental in ONNX, and exported by CoreML's converter. */
register("ImageScaler", (node): Value => {
  const x = node.typed(0, "f32");
  const bias = node.floats("bias") ?? [];
  if (bias.length !== x.dims[1]) return node.refuse(`${bias.length} biases for [${x.dims}]`);
  const [scale, table] = [float(node.float("scale", 1)), constant(fromFloats(bias, [bias.length]))];
  return node.build.map("f32", x.dims, ({ loops, read }) =>
    fadd(fmul(read(x, loops), scale), read(table, [loops[1]!])),
  );
});
