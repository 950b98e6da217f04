import { shift } from "../broadcast.ts";
import { type Value, view } from "../builder.ts";
import { elementsOf } from "../elements.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { float, iadd, ieq, imul, int, loop, select, state } from "../scalar.ts";
import { overUpdates } from "../scatter.ts";
import { listOf } from "../windows.ts";

/** Zeros, but for the elements of x where MaxPool found them: each in its own plane, as row-major places in the whole tensor. */
function maxUnpool(node: Node): Value {
  const [x, indices] = [node.typed(0, "f32"), node.typed(1, "i64")];
  const spatial = x.dims.slice(2);
  const n = spatial.length;
  const kernel = node.ints("kernel_shape") ?? node.refuse("attribute kernel_shape is missing");
  const strides = listOf(node, "strides", { length: n, otherwise: 1, least: 1 });
  const pads = listOf(node, "pads", { length: 2 * n, otherwise: 0, least: 0 });
  if (n < 1 || kernel.length !== n || String(x.dims) !== String(indices.dims))
    return node.refuse(`X [${x.dims}], I [${indices.dims}] and kernel_shape [${kernel}] do not fit`);
  const planes = x.dims.slice(0, 2);
  const pooled = spatial.map((d, i) => (d - 1) * strides[i]! + kernel[i]! - pads[i]! - pads[n + i]!);
  const [count, size] = [elementsOf(spatial), elementsOf(pooled)];
  const [from, to] = [view(x, [...planes, count]), view(indices, [...planes, count])];
  const flat = overUpdates(node, { type: "f32", dims: [...planes, size] }, count, {
    first: () => float(0),
    step: ({ loops, folds, read }, start) => {
      const at = loops.with(2, shift(folds[0]!, start));
      const plane = iadd(imul(loop(0), int(planes[1]! * size)), imul(loop(1), int(size)));
      return select(ieq(read(to, at), iadd(plane, loop(2))), read(from, at), state());
    },
  });
  const y = view(flat, [...planes, ...pooled]);
  const shape = node.optional(2) ? node.integers(2, "output_shape") : y.dims;
  if (shape.length !== y.dims.length || shape.some((d, i) => d < y.dims[i]!))
    return node.refuse(`output_shape [${shape}] for [${y.dims}]`);
  return String(shape) === String(y.dims) ? y : node.build.map("f32", shape, ({ loops, read }) => read(y, loops));
}

register("MaxUnpool", maxUnpool);
