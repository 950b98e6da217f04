import { type Value, view } from "../builder.ts";
import { checkDims, elementsOf } from "../elements.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";

/** 0 keeps the input's dimension (unless allowzero), one −1 takes what is left. */
function reshape(node: Node): Value {
  const x = node.input(0);
  node.ignore("consumed_inputs");
  const shape = node.opset < 5 ? (node.ints("shape") ?? []) : node.integers(1, "shape");
  const keepZero = node.int("allowzero", 0) !== 0;
  const dims = shape.map((d, i) =>
    d === 0 && !keepZero ? (x.dims[i] ?? node.refuse(`shape [${shape}] keeps dimension ${i} of [${x.dims}]`)) : d,
  );
  const open = dims.indexOf(-1);
  const rest = elementsOf(dims.filter((_, i) => i !== open));
  if (open >= 0) dims[open] = rest === 0 ? 0 : elementsOf(x.dims) / rest;
  checkDims(dims, "shape");
  if (elementsOf(dims) !== elementsOf(x.dims)) return node.refuse(`[${x.dims}] can not take the shape [${shape}]`);
  return view(x, dims);
}

register("Reshape", reshape);
