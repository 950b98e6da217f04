import { shift } from "../broadcast.ts";
import type { Value } from "../builder.ts";
import { numbersOf } from "../elements.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { floatBits } from "../scalar.ts";

/** Mode `constant` alone: reads outside the input give the constant. Negative pads cut. */
function pad(node: Node): Value {
  const x = node.input(0);
  const mode = node.text("mode", "constant");
  if (mode !== "constant") return node.refuse(`mode ${mode} is not supported`);
  const old = node.opset < 11;
  const pads = old ? (node.ints(node.opset < 2 ? "paddings" : "pads") ?? []) : node.integers(1, "pads");
  const axes = (!old && node.optional(3) ? node.integers(3, "axes") : x.dims.map((_, i) => i)).map((a) =>
    node.axis(a, x.dims.length),
  );
  if (pads.length !== 2 * axes.length) return node.refuse(`${pads.length} pads for ${axes.length} axes`);
  const given = old ? [node.float("value", 0)] : node.optional(2) ? numbersOf(node.constant(2, "constant_value")) : [0];
  const value = given[0] ?? 0;
  if (x.type === "i64" && value !== (value | 0)) return node.refuse(`constant_value ${value} is beyond 32 bits`);
  const before = x.dims.map((_, i) => (axes.includes(i) ? pads[axes.indexOf(i)]! : 0));
  const after = x.dims.map((_, i) => (axes.includes(i) ? pads[axes.length + axes.indexOf(i)]! : 0));
  const dims = x.dims.map((d, i) => d + before[i]! + after[i]!);
  if (dims.some((d) => d < 1)) return node.refuse(`pads [${pads}] leave nothing of [${x.dims}]`);
  const word = x.type === "f32" ? floatBits(value) : value >>> 0;
  return node.build.map(x.type, dims, ({ loops, read }) =>
    read(
      x,
      loops.map((at, i) => shift(at, -before[i]!)),
      word,
    ),
  );
}

register("Pad", pad);
