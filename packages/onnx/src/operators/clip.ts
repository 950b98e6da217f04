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

const GREATEST = 3.4028234663852886e38;

/** max first, then min: where the bounds cross, the upper one wins. Bounds that were attributes have defaults. */
function clip(node: Node): Value {
  const x = node.input(0);
  node.ignore("consumed_inputs");
  const bound = (i: number, name: string, otherwise: number): Value | undefined =>
    node.opset >= 11 ? node.optional(i) : constant(fromFloats([node.float(name, otherwise)], []));
  const [low, high] = [bound(1, "min", -GREATEST), bound(2, "max", GREATEST)];
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
