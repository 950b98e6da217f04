import type { Value } from "../builder.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";

/** In inference the input itself; the mask is refused where it is used. */
function dropout(node: Node): readonly Value[] {
  node.ignore("ratio", "seed", "consumed_inputs");
  if (node.opset < 7 && node.int("is_test", 0) === 0) return node.refuse("is_test = 0 (training) is not supported");
  if (node.optional(2)) {
    const training = node.constant(2, "training_mode");
    if (training.data.some((byte) => byte !== 0)) return node.refuse("training_mode is not supported");
  }
  return [node.input(0)];
}

register("Dropout", dropout);
