import type { Expr } from "@opengradient/program";
import { elementwise } from "../broadcast.ts";
import { type Value, view } from "../builder.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { fadd, fdiv, float, flt, fmax, fmin, fmul, fneg, fsub, select } from "../scalar.ts";
import { expm1, timesSigmoid } from "../transcendental.ts";

/** Activations with parameters: `code` reads the attributes once. */
const activation = (operator: string, code: (node: Node) => (x: Expr) => Expr): void =>
  register(operator, (node): Value => {
    node.ignore("consumed_inputs");
    return elementwise(node, "f32", [node.typed(0, "f32")], code(node));
  });

/** x below 0 becomes `low(x)`; NaN stays. */
const below = (x: Expr, low: Expr): Expr => select(flt(x, float(0)), low, x);

activation("LeakyRelu", (node) => {
  const alpha = float(node.float("alpha", 0.01));
  return (x) => below(x, fmul(alpha, x));
});
activation("Elu", (node) => {
  const alpha = float(node.float("alpha", 1));
  return (x) => below(x, fmul(alpha, expm1(x)));
});
activation("Selu", (node) => {
  const alpha = float(node.float("alpha", 1.6732631921768188));
  const gamma = float(node.float("gamma", 1.0507010221481323));
  return (x) => fmul(gamma, below(x, fmul(alpha, expm1(x))));
});
activation("Celu", (node) => {
  const alpha = float(node.float("alpha", 1));
  return (x) => below(x, fmul(alpha, expm1(fdiv(x, alpha))));
});
activation("HardSigmoid", (node) => {
  const [alpha, beta] = [float(node.float("alpha", 0.2)), float(node.float("beta", 0.5))];
  return (x) => fmax(float(0), fmin(float(1), fadd(fmul(alpha, x), beta)));
});
activation("HardSwish", () => (x) => fmul(x, fmax(float(0), fmin(float(1), fadd(fmul(float(1 / 6), x), float(0.5))))));
activation("Swish", (node) => {
  const alpha = float(node.float("alpha", 1));
  return (x) => timesSigmoid(x, fmul(alpha, x));
});
activation("ThresholdedRelu", (node) => {
  const alpha = float(node.float("alpha", 1));
  return (x) => select(flt(alpha, x), x, float(0));
});
activation("Shrink", (node) => {
  const [bias, lambda] = [float(node.float("bias", 0)), float(node.float("lambd", 0.5))];
  return (x) => select(flt(x, fneg(lambda)), fadd(x, bias), select(flt(lambda, x), fsub(x, bias), float(0)));
});
/** Before operator set 7 a slope of one dimension belongs to the channels, axis 1. */
register("PRelu", (node): Value => {
  const [x, given] = [node.typed(0, "f32"), node.typed(1, "f32")];
  node.ignore("consumed_inputs");
  const perChannel = node.opset < 7 && given.dims.length === 1 && x.dims.length > 1;
  const slope = perChannel ? view(given, [...given.dims, ...x.dims.slice(2).map(() => 1)]) : given;
  const y = elementwise(node, "f32", [x, slope], (...[value, factor]) => below(value!, fmul(factor!, value!)));
  return String(y.dims) === String(x.dims) ? y : node.refuse(`slope [${given.dims}] does not broadcast to [${x.dims}]`);
});

register("SwiGLU", (node) => {
  const alpha = float(node.float("alpha", 1));
  const gate = (a: Expr, b: Expr): Expr => fmul(timesSigmoid(a, fmul(alpha, a)), b);
  return elementwise(node, "f32", [node.typed(0, "f32"), node.typed(1, "f32")], (a, b) => gate(a!, b!));
});
