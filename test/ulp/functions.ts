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
  /** f(−x) = −f(x), or f(x): what is asked of negative inputs instead of closeness to `exact` */
  readonly symmetry?: "odd" | "even";
};

const swept = (operator: string, most: number, exact: (x: number) => number): Swept => ({
  operator,
  name: operator,
  exact,
  most,
});

const oddly = (...facts: Parameters<typeof swept>): Swept => ({ ...swept(...facts), symmetry: "odd" });
const evenly = (...facts: Parameters<typeof swept>): Swept => ({ ...swept(...facts), symmetry: "even" });

const NEAR = 2 ** -12;

type Ends = {
  /** what it is for |x| < 2⁻¹², to 10⁻¹¹ of itself */
  readonly near: (x: number) => number;
  /** what it is for |x| > beyond */
  readonly far?: (x: number) => number;
  readonly beyond?: number;
};

/** Most floats are so small or so large that a function is simple there: that, and not Math, decides how long a sweep takes. */
const between =
  (exact: (x: number) => number, { near, far = exact, beyond = Number.POSITIVE_INFINITY }: Ends) =>
  (x: number): number => {
    const size = Math.abs(x);
    if (size < NEAR) return near(x);
    return size > beyond ? far(x) : exact(x);
  };
const odd = (cubic: number) => (x: number) => (x === 0 ? x : x + cubic * x * x * x);
const step =
  (low: number, high: number) =>
  (x: number): number =>
    x < 0 ? low : high;
/** x on the right, and on the left a zero below 0 */
const ramp = (x: number): number => (x < 0 ? -0 : x);

const SELU_ALPHA = Math.fround(1.6732631921768188);
const SELU_GAMMA = Math.fround(1.0507010221481323);
const selu = (x: number): number => SELU_GAMMA * (x < 0 ? SELU_ALPHA * Math.expm1(x) : x);
const elu = (x: number): number => (x < 0 ? Math.expm1(x) : x);
const { POSITIVE_INFINITY: INFINITY, NEGATIVE_INFINITY } = Number;
export const FUNCTIONS: readonly Swept[] = [
  swept("Exp", 2, between(Math.exp, { near: (x) => 1 + x + 0.5 * x * x, beyond: 105, far: step(0, INFINITY) })),
  oddly("Tanh", 2, between(Math.tanh, { near: odd(-1 / 3), beyond: 20, far: step(-1, 1) })),
  swept("Sigmoid", 2, between(oracle.sigmoid, { near: (x) => 0.5 + 0.25 * x, beyond: 105, far: step(0, 1) })),
  oddly("Erf", 2, between(oracle.erf, { near: oracle.erfNear0, beyond: 6, far: step(-1, 1) })),
  swept("Log", 2, (x) => (x < 0 ? Number.NaN : Math.log(x))),
  oddly("Sin", 2, between(Math.sin, { near: odd(-1 / 6) })),
  evenly("Cos", 2, between(Math.cos, { near: (x) => 1 - 0.5 * x * x })),
  oddly("Tan", 4, between(Math.tan, { near: odd(1 / 3) })),
  oddly("Asin", 4, between(Math.asin, { near: odd(1 / 6), beyond: 1, far: () => Number.NaN })),
  swept("Acos", 4, between(Math.acos, { near: (x) => Math.PI / 2 - x, beyond: 1, far: () => Number.NaN })),
  oddly("Atan", 4, between(Math.atan, { near: odd(-1 / 3), beyond: 2 ** 40, far: step(-Math.PI / 2, Math.PI / 2) })),
  oddly("Sinh", 4, between(Math.sinh, { near: odd(1 / 6), beyond: 90, far: step(NEGATIVE_INFINITY, INFINITY) })),
  evenly("Cosh", 4, between(Math.cosh, { near: (x) => 1 + 0.5 * x * x, beyond: 90, far: () => INFINITY })),
  oddly("Asinh", 4, between(Math.asinh, { near: odd(-1 / 6) })),
  swept("Acosh", 4, (x) => (x < 1 ? Number.NaN : Math.acosh(x))),
  oddly("Atanh", 4, between(Math.atanh, { near: odd(1 / 3), beyond: 1, far: () => Number.NaN })),
  swept("Softplus", 4, between(oracle.softplus, { near: oracle.softplusNear0, beyond: 105, far: oracle.softplusFar })),
  swept("Mish", 4, between(oracle.mish, { near: oracle.mish, beyond: 120, far: ramp })),
  swept(
    "Swish",
    4,
    between((x) => x * oracle.sigmoid(x), { near: oracle.swishNear0, beyond: 120, far: ramp }),
  ),
  { ...swept("Gelu", 4, between(oracle.gelu, { near: oracle.geluNear0, beyond: 15, far: ramp })), name: "Gelu (erf)" },
  {
    ...swept("Gelu", 4, between(oracle.geluTanh, { near: oracle.geluTanh, beyond: 15, far: ramp })),
    name: "Gelu (tanh)",
    attributes: { approximate: "tanh" },
  },
  swept("Elu", 4, between(elu, { near: elu, beyond: 40, far: (x) => (x < 0 ? -1 : x) })),
  swept("Selu", 4, between(selu, { near: selu, beyond: 40, far: selu })),
];
