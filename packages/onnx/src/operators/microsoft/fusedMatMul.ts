import { elementwise } from "../../broadcast.ts";
import type { Value } from "../../builder.ts";
import type { Node } from "../../node.ts";
import { register } from "../../registry.ts";
import { float, fmul } from "../../scalar.ts";
import { matmul } from "../matmul.ts";

/** With the last two dimensions exchanged. */
function transposed({ build }: Node, x: Value): Value {
  const last = x.dims.length - 1;
  const dims = [...x.dims.slice(0, -2), x.dims[last]!, x.dims[last - 1]!];
  return build.map(x.type, dims, ({ loops, read }) => read(x, [...loops.slice(0, -2), loops[last]!, loops[last - 1]!]));
}

register(
  "FusedMatMul",
  (node) => {
    for (const batch of ["transBatchA", "transBatchB"])
      if (node.int(batch, 0) !== 0) return node.refuse(`${batch} is not supported`);
    const [a, b] = [0, 1].map((i) => {
      const x = node.typed(i, "f32");
      return node.int(i === 0 ? "transA" : "transB", 0) !== 0 && x.dims.length > 1 ? transposed(node, x) : x;
    }) as [Value, Value];
    const alpha = node.float("alpha", 1);
    const product = matmul(node, a, b);
    return alpha === 1 ? product : elementwise(node, "f32", [product], (x) => fmul(x!, float(alpha)));
  },
  "com.microsoft",
);
