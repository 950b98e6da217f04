import type { Expr } from "@opengradient/program";
import { elementwise } from "../broadcast.ts";
import { constant, type Value } from "../builder.ts";
import { type Constant, type ElementType, elementType, fromBigInts, numbersOf } from "../elements.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { f2i, feq, float, i2f, ieq, int, xor } from "../scalar.ts";

/** Between integers the low bits stay; f32 → integer truncates; anything → bool is "not 0". */
function convert(x: Expr, from: ElementType, to: ElementType): Expr {
  if (to === "bool") return from === "f32" ? xor(feq(x, float(0)), int(1)) : ieq(ieq(x, int(0)), int(0));
  if (from === "f32") return to === "f32" ? x : f2i(x);
  return to === "f32" ? i2f(x) : x;
}

/** i64 constants beyond 32 bits, and floats that become such. */
function castConstant(value: Constant, to: ElementType): Constant | undefined {
  if (to !== "i64") return undefined;
  const wide = value.wide ?? numbersOf(value).map((x) => (Number.isFinite(x) ? BigInt(Math.trunc(x)) : undefined));
  return wide.every((x) => x !== undefined) ? fromBigInts(wide, value.dims) : undefined;
}

function castTo(node: Node, to: ElementType): Value {
  const x = node.input(0);
  if (x.type === to) return x;
  const known = to === "i64" ? node.build.known(x) : undefined;
  const exact = known && castConstant(known, to);
  if (exact) return constant(exact);
  if (x.type === "f32" && to === "i64")
    return node.refuse("float to int64 could leave the range of 32 bits, which is not supported");
  return elementwise(node, to, [x], (value) => convert(value!, x.type, to));
}

register("Cast", (node) => {
  node.ignore("saturate", "round_mode");
  return castTo(node, elementType(node.int("to"), "the target"));
});
register("CastLike", (node) => {
  node.ignore("saturate", "round_mode");
  return castTo(node, node.input(1).type);
});
