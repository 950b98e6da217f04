import { plus, scale, shift } from "../broadcast.ts";
import { type Value, view } from "../builder.ts";
import { elementsOf } from "../elements.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { fadd, float, state } from "../scalar.ts";
import { listOf } from "../windows.ts";
import { zeroStuffed } from "./convTranspose.ts";

/** Columns [N, C·block, windows] summed where their windows lay in the image. */
function col2Im(node: Node): Value {
  const x = node.typed(0, "f32");
  const [image, block] = [node.integers(1, "image_shape"), node.integers(2, "block_shape")];
  const n = image.length;
  const strides = listOf(node, "strides", { length: n, otherwise: 1, least: 1 });
  const dilations = listOf(node, "dilations", { length: n, otherwise: 1, least: 1 });
  const pads = listOf(node, "pads", { length: 2 * n, otherwise: 0, least: 0 });
  const windows = image.map(
    (d, i) => Math.floor((d + pads[i]! + pads[n + i]! - dilations[i]! * (block[i]! - 1) - 1) / strides[i]!) + 1,
  );
  const channels = x.dims[1]! / elementsOf(block);
  const fits = block.length === n && x.dims.length === 3 && Number.isInteger(channels);
  if (!fits || n > 4 || x.dims[2] !== elementsOf(windows))
    return node.refuse(`[${x.dims}] for image_shape [${image}] and block_shape [${block}]`);
  const columns = view(x, [x.dims[0]! * x.dims[1]!, 1, ...windows]);
  const stuffed = zeroStuffed(node.build, columns, strides);
  const apart = view(stuffed, [x.dims[0]!, channels, ...block, ...stuffed.dims.slice(2)]);
  return node.build.fold("f32", [x.dims[0]!, channels, ...image], {
    over: block,
    init: () => [float(0)],
    step: ({ loops: [sample, c, ...at], folds, read }) => {
      const from = at.map((place, i) => shift(plus(place, scale(folds[i]!, -dilations[i]!)), pads[i]!));
      return [fadd(state(), read(apart, [sample!, c!, ...folds, ...from]))];
    },
    done: () => state(),
  });
}

register("Col2Im", col2Im);
