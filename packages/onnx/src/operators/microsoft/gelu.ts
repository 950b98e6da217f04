import { elementwise } from "../../broadcast.ts";
import { gelu, geluTanh } from "../../errorFunction.ts";
import type { Node, Unary } from "../../node.ts";
import { register } from "../../registry.ts";
import { fadd, float, fmul } from "../../scalar.ts";
import { sigmoid } from "../../transcendental.ts";

/** `code` of x, or of x + bias where there is one. */
const activation = (operator: string, code: (node: Node) => Unary): void =>
  register(
    operator,
    (node) => {
      const [x, bias, f] = [node.typed(0, "f32"), node.optional(1), code(node)];
      return elementwise(node, "f32", bias ? [x, bias] : [x], (...terms) => f(terms.reduce(fadd)));
    },
    "com.microsoft",
  );

activation("Gelu", () => gelu);
activation("BiasGelu", () => gelu);
activation("FastGelu", () => geluTanh);
activation("QuickGelu", (node) => {
  const alpha = float(node.float("alpha", 1.702));
  return (x) => fmul(x, sigmoid(fmul(alpha, x)));
});
