/** com.microsoft's operators on quantised tensors that are dequantise, operate, quantise: one rounding to integers at the end. */
import type { Expr } from "@opengradient/program";
import { elementwise } from "../broadcast.ts";
import type { Value } from "../builder.ts";
import type { Node } from "../node.ts";
import { immediate, less, oneScaling, rounded } from "../quantise.ts";
import { register } from "../registry.ts";
import { fadd, fdiv, float, flt, fmul, i2f, select } from "../scalar.ts";
import { sigmoid } from "../transcendental.ts";

type Operand = { readonly value: Value; readonly real: (q: Expr) => Expr };

/** Input i with its scale and zero point after it. */
function operand(node: Node, i: number): Operand {
  const value = node.typed(i, "i8", "u8");
  const scale = immediate(node, node.typed(i + 1, "f32"));
  const zero = immediate(node, node.optional(i + 2));
  if (scale === undefined || zero === undefined)
    return node.refuse("a scale and zero point that are not known at import, or more than one of them");
  return { value, real: (q) => fmul(i2f(less(q, zero)), scale) };
}

function unary(operator: string, code: (node: Node) => (x: Expr) => Expr): void {
  const lower = (node: Node): Value => {
    const [x, y] = [operand(node, 0), oneScaling(node, 3, 4)];
    const apply = code(node);
    return elementwise(node, y.format.type, [x.value], (q) => rounded(fdiv(apply(x.real(q!)), y.scale), y));
  };
  register(operator, lower, "com.microsoft");
}

function binary(operator: string, join: (a: Expr, b: Expr) => Expr): void {
  const lower = (node: Node): Value => {
    const [a, b, y] = [operand(node, 0), operand(node, 3), oneScaling(node, 6, 7)];
    return elementwise(node, y.format.type, [a.value, b.value], (...[p, q]) =>
      rounded(fdiv(join(a.real(p!), b.real(q!)), y.scale), y),
    );
  };
  register(operator, lower, "com.microsoft");
}

binary("QLinearAdd", fadd);
binary("QLinearMul", fmul);
unary("QLinearSigmoid", () => sigmoid);
unary("QLinearLeakyRelu", (node) => {
  const alpha = float(node.float("alpha", 0.01));
  return (x) => select(flt(x, float(0)), fmul(alpha, x), x);
});
