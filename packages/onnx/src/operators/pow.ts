import type { Expr } from "@opengradient/program";
import { elementwise } from "../broadcast.ts";
import type { Value } from "../builder.ts";
import { numbersOf } from "../elements.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { fdiv, float, fmul } from "../scalar.ts";

/** Each product rounds: within 3.5 ULP. */
const MOST = 8;

/** By squaring. */
function integerPower(x: Expr, n: number): Expr {
  if (n === 0) return float(1);
  if (n === 1) return x;
  const half = integerPower(x, Math.floor(n / 2));
  return n % 2 === 0 ? fmul(half, half) : fmul(fmul(half, half), x);
}

/** One constant exponent: −1, or an integer from 0 to 8. */
function pow(node: Node): Value {
  const [x, y] = [node.typed(0, "f32"), node.constant(1, "the exponent")];
  const exponents = [...new Set(numbersOf(y))];
  const [n] = exponents;
  const supported = exponents.length === 1 && n !== undefined && Number.isInteger(n) && n >= -1 && n <= MOST;
  if (!supported || y.dims.length > x.dims.length)
    return node.refuse(`exponents [${exponents.slice(0, 4)}] are not supported: one constant −1, or 0 to ${MOST}, is`);
  return elementwise(node, "f32", [x], (base) => (n < 0 ? fdiv(float(1), base!) : integerPower(base!, n)));
}

register("Pow", pow);
