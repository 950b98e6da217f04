import type { Value } from "../builder.ts";
import { type Format, formatOf, plainFormat } from "../formats.ts";
import type { Node } from "../node.ts";
import { dequantise, formatOfValue, quantise, scalingOf } from "../quantise.ts";
import { register } from "../registry.ts";
import { i2f } from "../scalar.ts";

const FLOAT = 1;

/** That of the zero point, else output_dtype, else u8. */
function outputFormat(node: Node): Format {
  const declared = node.int("output_dtype", 0);
  const zero = node.optional(2);
  if (zero !== undefined) return formatOfValue(zero);
  return declared === 0 ? plainFormat("u8") : formatOf(declared, "output_dtype");
}

function quantizeLinear(node: Node): Value {
  const x = node.typed(0, "f32", "i32");
  const saturate = node.int("saturate", 1) !== 0;
  if (node.int("precision", FLOAT) !== FLOAT) return node.refuse("precision other than float is not supported");
  const real = x.type === "i32" ? node.build.map("f32", x.dims, ({ loops, read }) => i2f(read(x, loops))) : x;
  const format = outputFormat(node);
  return quantise(node, real, scalingOf(node, x), { format, overflow: saturate ? "saturate" : "infinity" });
}

function dequantizeLinear(node: Node): Value {
  const q = node.typed(0, "i8", "u8", "i16", "u16", "i32", "f32");
  const { format } = node.typed(1, "f32");
  const declared = node.int("output_dtype", 0);
  if (declared !== 0 && formatOf(declared, "output_dtype").type !== "f32")
    return node.refuse("output_dtype is no float");
  const scaling = scalingOf(node, q);
  if (scaling.zero !== undefined && scaling.zero.type !== q.type)
    return node.refuse(`zero point of type ${scaling.zero.type} for ${q.type}`);
  return { ...dequantise(node, q, scaling), ...(format && { format }) };
}

for (const domain of ["", "com.microsoft"]) {
  register("QuantizeLinear", quantizeLinear, domain);
  register("DequantizeLinear", dequantizeLinear, domain);
}
