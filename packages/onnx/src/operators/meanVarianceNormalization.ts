import { along, centre, meanSquare } from "../moments.ts";
import { register } from "../registry.ts";
import { fadd, fdiv, float, fsqrt } from "../scalar.ts";

/** (x − mean) / (deviation + 1e-9); before operator set 9 `across_channels` says whether channels are normalised together. */
register("MeanVarianceNormalization", (node) => {
  const x = node.typed(0, "f32");
  const given = node.opset < 9 ? (node.int("across_channels", 0) !== 0 ? [0, 1, 2, 3] : undefined) : node.ints("axes");
  if (node.opset < 9 && node.int("normalize_variance", 1) === 0)
    return node.refuse("normalize_variance = 0 is not supported");
  const axes = (given ?? [0, 2, 3]).map((axis) => node.axis(axis, x.dims.length));
  const { centered } = centre(node, x, axes);
  const deviation = meanSquare(node, centered, axes, (mean) => fadd(fsqrt(mean), float(1e-9)));
  return node.build.map("f32", x.dims, ({ loops, read }) =>
    fdiv(read(centered, loops), read(deviation, along(axes, loops))),
  );
});
