import type { Value } from "../builder.ts";
import { elementType } from "../formats.ts";
import { isFloat, type Node } from "../node.ts";
import { register } from "../registry.ts";
import { float, iadd, ieq, int, loop, select } from "../scalar.ts";

function eyeLike(node: Node): Value {
  const x = node.input(0);
  if (x.dims.length !== 2) return node.refuse(`[${x.dims}] is no matrix`);
  const type = node.has("dtype") ? elementType(node.int("dtype"), "the result") : x.type;
  const k = Math.min(Math.max(node.int("k", 0), -0x20000000), 0x20000000);
  const [one, none] = isFloat(type) ? [float(1), float(0)] : [int(1), int(0)];
  return node.build.map(type, x.dims, () => select(ieq(iadd(loop(0), int(k)), loop(1)), one, none));
}

register("EyeLike", eyeLike);
