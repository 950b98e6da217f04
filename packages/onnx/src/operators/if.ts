import type { Value } from "../builder.ts";
import { choose } from "../choose.ts";
import { numbersOf } from "../elements.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";

/** The arm that a condition known at import takes; else both, and of each output the one that the condition says. */
function conditional(node: Node): readonly Value[] {
  const condition = node.typed(0, "bool");
  const known = node.build.known(condition);
  const arms = { yes: node.body("then_branch"), no: node.body("else_branch") };
  if (known) return (numbersOf(known)[0] === 0 ? arms.no : arms.yes).lower([]);
  const yes = arms.yes.lower([]);
  const no = arms.no.lower([]);
  return yes.map((value, i) => choose(node, condition, value, no[i]!));
}

register("If", conditional);
