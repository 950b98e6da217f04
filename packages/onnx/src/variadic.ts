/** Operators that join any number of broadcasting inputs from left to right. */
import type { Expr } from "@opengradient/program";
import { elementwise } from "./broadcast.ts";
import type { Value } from "./builder.ts";
import { type Binary, type ByKind, kindOf, type Node, type Unary } from "./node.ts";

type Finish = (node: Node) => Unary;

export const variadicOperator =
  (functions: ByKind<Binary>, finish: Finish = () => (x) => x) =>
  (node: Node): Value => {
    node.ignore("consumed_inputs");
    const values = node.inputs();
    const [first] = values;
    if (first === undefined) return node.refuse("no inputs");
    for (const value of values)
      if (value.type !== first.type) node.refuse(`inputs of types ${first.type} and ${value.type}`);
    const join = kindOf(node, functions, first.type);
    const last = finish(node);
    return elementwise(node, first.type, values, (...x: Expr[]) => last(x.reduce(join)));
  };
