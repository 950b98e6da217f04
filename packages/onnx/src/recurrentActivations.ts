/** The activations that RNN, GRU and LSTM name in their attributes. */
import type { Expr } from "@opengradient/program";
import type { Node, Unary } from "./node.ts";
import { fabs, fadd, fdiv, float, flt, fmax, fmin, fmul, fneg, select } from "./scalar.ts";
import { exp, expm1, log1p, sigmoid, tanh } from "./transcendental.ts";

type Parameters = { readonly alpha: Expr; readonly beta: Expr };
type Activation = {
  /** one for each parameter that it takes, alpha first; undefined: ONNX gives it no default */
  readonly defaults: readonly (number | undefined)[];
  readonly code: (x: Expr, p: Parameters) => Expr;
};

const below = (x: Expr, low: Expr): Expr => select(flt(x, float(0)), low, x);

const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  relu: { defaults: [], code: (x) => below(x, float(0)) },
  tanh: { defaults: [], code: tanh },
  sigmoid: { defaults: [], code: sigmoid },
  affine: { defaults: [undefined, undefined], code: (x, { alpha, beta }) => fadd(fmul(alpha, x), beta) },
  leakyrelu: { defaults: [0.01], code: (x, { alpha }) => below(x, fmul(alpha, x)) },
  thresholdedrelu: { defaults: [1], code: (x, { alpha }) => select(flt(alpha, x), x, float(0)) },
  scaledtanh: {
    defaults: [undefined, undefined],
    code: (x, { alpha, beta }) => fmul(alpha, tanh(fmul(beta, x))),
  },
  hardsigmoid: {
    defaults: [0.2, 0.5],
    code: (x, { alpha, beta }) => fmax(float(0), fmin(float(1), fadd(fmul(alpha, x), beta))),
  },
  elu: { defaults: [1], code: (x, { alpha }) => below(x, fmul(alpha, expm1(x))) },
  softsign: { defaults: [], code: (x) => fdiv(x, fadd(float(1), fabs(x))) },
  softplus: { defaults: [], code: (x) => fadd(fmax(x, float(0)), log1p(exp(fneg(fabs(x))))) },
};

/** `activations`, `activation_alpha` and `activation_beta`: the lists of parameters are used up by those that take any. */
export function activationsOf(node: Node, usual: readonly string[], directions: number): readonly (readonly Unary[])[] {
  const names = node.texts("activations") ?? Array.from({ length: directions }, () => usual).flat();
  const alphas = [...(node.floats("activation_alpha") ?? [])];
  const betas = [...(node.floats("activation_beta") ?? [])];
  if (names.length !== usual.length * directions)
    return node.refuse(`${names.length} activations, expected ${usual.length * directions}`);
  const all = names.map((name): Unary => {
    const found = ACTIVATIONS[name.toLowerCase()] ?? node.refuse(`activation ${name} is not supported`);
    const [alpha, beta] = found.defaults.map(
      (usual, i) => (i === 0 ? alphas : betas).shift() ?? usual ?? node.refuse(`activation ${name} without parameters`),
    );
    const p = { alpha: float(alpha ?? 0), beta: float(beta ?? 0) };
    return (x) => found.code(x, p);
  });
  return Array.from({ length: directions }, (_, d) => all.slice(d * usual.length, (d + 1) * usual.length));
}
