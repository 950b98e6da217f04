/** The operators of one f32 that are swept, as ONNX defines them, and what each may err. */
import type { AttributeValue } from "../../packages/onnx/test/onnxFile.ts";
import * as oracle from "./oracles.ts";

export type Swept = {
  readonly operator: string;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly name: string;
  /** in double precision */
  readonly exact: (x: number) => number;
  /** units in the last place */
  readonly most: number;
};

const swept = (operator: string, most: number, exact: (x: number) => number): Swept => ({
  operator,
  name: operator,
  exact,
  most,
});

/** Near 0, where Math would be slow: odd functions as x + c·x³. */
const odd =
  (exact: (x: number) => number, cubic: number) =>
  (x: number): number =>
    Math.abs(x) < 2 ** -12 ? x + cubic * x * x * x : exact(x);

const SELU_ALPHA = Math.fround(1.6732631921768188);
const SELU_GAMMA = Math.fround(1.0507010221481323);

export const FUNCTIONS: readonly Swept[] = [
  swept("Exp", 2, (x) => (x > 89 ? Number.POSITIVE_INFINITY : x < -104.5 ? 0 : Math.exp(x))),
  swept("Log", 2, Math.log),
  swept("Tanh", 2, odd(Math.tanh, -1 / 3)),
  swept("Sigmoid", 2, oracle.sigmoid),
  swept("Erf", 2, oracle.erf),
  swept("Sin", 2, odd(Math.sin, -1 / 6)),
  swept("Cos", 2, Math.cos),
  swept("Tan", 4, odd(Math.tan, 1 / 3)),
  swept("Asin", 4, odd(Math.asin, 1 / 6)),
  swept("Acos", 4, Math.acos),
  swept("Atan", 4, odd(Math.atan, -1 / 3)),
  swept("Sinh", 4, odd(Math.sinh, 1 / 6)),
  swept("Cosh", 4, Math.cosh),
  swept("Asinh", 4, odd(Math.asinh, -1 / 6)),
  swept("Acosh", 4, Math.acosh),
  swept("Atanh", 4, odd(Math.atanh, 1 / 3)),
  swept("Softplus", 4, oracle.softplus),
  swept("Mish", 4, oracle.mish),
  swept("Swish", 4, (x) => (x === Number.NEGATIVE_INFINITY ? -0 : x * oracle.sigmoid(x))),
  { ...swept("Gelu", 4, oracle.gelu), name: "Gelu (erf)" },
  { ...swept("Gelu", 4, oracle.geluTanh), name: "Gelu (tanh)", attributes: { approximate: "tanh" } },
  swept("Elu", 4, (x) => (x < 0 ? Math.expm1(x) : x)),
  swept("Selu", 4, (x) => SELU_GAMMA * (x < 0 ? SELU_ALPHA * Math.expm1(x) : x)),
];
