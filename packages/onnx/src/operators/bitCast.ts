import type { Expr } from "@opengradient/program";
import type { Value } from "../builder.ts";
import { isWide } from "../elements.ts";
import { type Format, formatOf, plainFormat } from "../formats.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { int, or } from "../scalar.ts";

/** Whether the words that a Program holds are the bits of the type. */
const heldAsBits = ({ name, type }: Format): boolean =>
  type === "f32" ? name === "float" : type !== "bool" && !isWide(type);

/** The same bits under another type of the same width. */
function bitCast(node: Node): Value {
  const x = node.input(0);
  const from = x.format ?? plainFormat(x.type);
  const to = formatOf(node.int("to"), "the target");
  if (from.bits !== to.bits || from.bits < 8 || !heldAsBits(from) || !heldAsBits(to))
    return node.refuse(`from ${from.name} to ${to.name} is not supported`);
  // 16 bits lie in 32, signed or not: storing them anew makes them so, where a copy would not
  const bits = from.bits === 16 ? (value: Expr) => or(value, int(0)) : (value: Expr) => value;
  return node.build.map(to.type, x.dims, ({ loops, read }) => bits(read(x, loops)));
}

register("BitCast", bitCast);
