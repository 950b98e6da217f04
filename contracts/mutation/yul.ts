// Faults in inline assembly.
import { childrenOf, type Node, type Source, textOf } from "./syntax.ts";

const OTHERS: Record<string, string> = {
  add: "sub",
  sub: "add",
  lt: "gt",
  gt: "lt",
  and: "or",
  or: "and",
  shl: "shr",
  shr: "shl",
};

export type YulFault = { readonly node: Node; readonly form: "yulExpression" | "yulWithout"; readonly text: string };

export function* yulFaults(source: Source, node: Node): Generator<YulFault> {
  if (node.nodeType === "YulExpressionStatement" || node.nodeType === "YulAssignment")
    yield { node, form: "yulWithout", text: "" };
  if (node.nodeType === "YulFunctionCall") {
    const name = String((node["functionName"] as Node)["name"]);
    const given = (node["arguments"] as Node[]).map((each) => textOf(source, each));
    if (OTHERS[name]) yield { node, form: "yulExpression", text: `${OTHERS[name]}(${given.join(", ")})` };
    if (name === "lt" || name === "gt")
      yield { node, form: "yulExpression", text: `iszero(${OTHERS[name]}(${given.join(", ")}))` };
  }
  if (node.nodeType === "YulLiteral" && node["kind"] === "number")
    yield { node, form: "yulExpression", text: String(BigInt(String(node["value"])) + 1n) };
  // A case's value must be a literal.
  for (const [field, child] of childrenOf(node))
    if (!(node.nodeType === "YulCase" && field === "value")) yield* yulFaults(source, child);
}
