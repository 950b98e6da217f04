import type { Value } from "../builder.ts";
import { type ElementType, elementType } from "../elements.ts";
import type { Node } from "../node.ts";
import { dequantise, quantise, scalingOf } from "../quantise.ts";
import { register } from "../registry.ts";

/** The type of the zero point, else output_dtype, else u8. */
function outputType(node: Node): ElementType {
  const declared = node.int("output_dtype", 0);
  const zero = node.optional(2);
  return zero?.type ?? (declared === 0 ? "u8" : elementType(declared, "output_dtype"));
}

function quantizeLinear(node: Node): Value {
  node.ignore("saturate");
  const x = node.typed(0, "f32");
  if (node.int("precision", 1) > 1) return node.refuse("precision other than float is not supported");
  return quantise(node, x, scalingOf(node, x), outputType(node));
}

function dequantizeLinear(node: Node): Value {
  const q = node.typed(0, "i8", "u8", "i32");
  if (node.int("output_dtype", 1) > 1) return node.refuse("output_dtype other than float is not supported");
  const scaling = scalingOf(node, q);
  return scaling.zero !== undefined && scaling.zero.type !== q.type
    ? node.refuse(`zero point of type ${scaling.zero.type} for ${q.type}`)
    : dequantise(node, q, scaling);
}

for (const domain of ["", "com.microsoft"]) {
  register("QuantizeLinear", quantizeLinear, domain);
  register("DequantizeLinear", dequantizeLinear, domain);
}
