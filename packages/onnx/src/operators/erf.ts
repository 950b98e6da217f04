import { unaryOperator } from "../broadcast.ts";
import { erf, gelu, geluTanh } from "../errorFunction.ts";
import { register } from "../registry.ts";

register("Erf", unaryOperator({ float: erf }));
register("Gelu", (node) => {
  const approximate = node.text("approximate", "none");
  if (approximate !== "none" && approximate !== "tanh") return node.refuse(`approximate ${approximate}`);
  return unaryOperator({ float: approximate === "tanh" ? geluTanh : gelu })(node);
});
