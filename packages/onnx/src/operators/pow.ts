import type { Expr } from "@opengradient/program";
import { elementwise, noteWide } from "../broadcast.ts";
import type { Value } from "../builder.ts";
import { numbersOf } from "../elements.ts";
import { isFloat, type Node } from "../node.ts";
import { integerPow, pow } from "../power.ts";
import { register } from "../registry.ts";
import { f2i, fdiv, feq, ffloor, float, fmul, i2f, select } from "../scalar.ts";

/** Each product rounds: within 3.5 ULP. */
const MOST = 8;

/** By squaring. */
function integerPower(x: Expr, n: number): Expr {
  if (n === 0) return float(1);
  if (n === 1) return x;
  const half = integerPower(x, Math.floor(n / 2));
  return n % 2 === 0 ? fmul(half, half) : fmul(fmul(half, half), x);
}

/** A constant exponent that products serve better: −1, or an integer from 0 to 8. */
function smallExponent(node: Node, x: Value, y: Value): number | undefined {
  const known = x.type === "f32" ? node.build.known(y) : undefined;
  if (known === undefined || y.dims.length > x.dims.length) return undefined;
  const exponents = new Set(numbersOf(known));
  const [n] = exponents;
  return exponents.size === 1 && n !== undefined && Number.isInteger(n) && n >= -1 && n <= MOST ? n : undefined;
}

/** Integers to a power that is no integer go through f32 and are truncated. */
function integerBase(x: Expr, y: Expr, exponentIsFloat: boolean): Expr {
  if (!exponentIsFloat) return integerPow(x, y);
  return select(feq(y, ffloor(y)), integerPow(x, f2i(y)), f2i(pow(i2f(x), y)));
}

/** The result has the type of the base. */
function powOperator(node: Node): Value {
  const [x, y] = [node.input(0), node.input(1)];
  if (x.type === "bool" || y.type === "bool") return node.refuse("type bool is not supported");
  const n = smallExponent(node, x, y);
  if (n !== undefined)
    return elementwise(node, "f32", [x], (base) => (n < 0 ? fdiv(float(1), base!) : integerPower(base!, n)));
  noteWide(node, x.type);
  const exponentIsFloat = isFloat(y.type);
  return elementwise(node, x.type, [x, y], (base, exponent) => {
    if (!isFloat(x.type)) return integerBase(base!, exponent!, exponentIsFloat);
    return pow(base!, exponentIsFloat ? exponent! : i2f(exponent!));
  });
}

register("Pow", powOperator);
