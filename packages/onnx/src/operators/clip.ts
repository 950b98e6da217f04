import { elementwise } from "../broadcast.ts";
import { constant, type Value } from "../builder.ts";
import { fromFloats } from "../elements.ts";
import { type Binary, kindOf, type Node } from "../node.ts";
import { register } from "../registry.ts";
import { fmax, fmin, imax, imin, select, ult } from "../scalar.ts";

type Pair = { readonly max: Binary; readonly min: Binary };

const KINDS: Record<"float" | "signed" | "unsigned", Pair> = {
  float: { max: fmax, min: fmin },
  signed: { max: imax, min: imin },
  unsigned: { max: (a, b) => select(ult(a, b), b, a), min: (a, b) => select(ult(a, b), a, b) },
};

/** max first, then min: where the bounds cross, the upper one wins. */
function clip(node: Node): Value {
  const x = node.input(0);
  node.ignore("consumed_inputs");
  const bound = (i: number, name: string): Value | undefined => {
    if (node.opset >= 11) return node.optional(i);
    return node.has(name) ? constant(fromFloats([node.float(name)], [])) : undefined;
  };
  const [low, high] = [bound(1, "min"), bound(2, "max")];
  const { max, min } = kindOf(node, KINDS, x.type);
  const bounds = [low, high].filter((value) => value !== undefined);
  for (const value of bounds)
    if (value.type !== x.type || value.dims.length > 1) node.refuse("a bound of another type or rank");
  const y = elementwise(node, x.type, [x, ...bounds], (value, first, second) => {
    const raised = low ? max(value!, first!) : value!;
    const upper = low ? second : first;
    return high ? min(raised, upper!) : raised;
  });
  return { ...y, dims: x.dims };
}

register("Clip", clip);
