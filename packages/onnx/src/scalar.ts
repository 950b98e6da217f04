/** Scalar code: one function for each instruction that operators use, on expressions. */
import { type Expr, OP } from "@opengradient/program";

const word32 = new DataView(new ArrayBuffer(4));

export const word = (bits: number): Expr => ({ kind: "word", word: bits >>> 0 });
/** an i32 constant */
export const int = (value: number): Expr => word(value | 0);
/** an f32 constant, rounded to nearest even */
export const float = (value: number): Expr => word(floatBits(value));
export function floatBits(value: number): number {
  word32.setFloat32(0, value);
  return word32.getUint32(0);
}
export const loop = (at: number): Expr => ({ kind: "loop", at });
export const fold = (at: number): Expr => ({ kind: "fold", at });
export const state = (at = 0): Expr => ({ kind: "state", at });

const unary =
  (op: number) =>
  (a: Expr): Expr => ({ kind: "apply", op, args: [a] });
const binary =
  (op: number) =>
  (a: Expr, b: Expr): Expr => ({ kind: "apply", op, args: [a, b] });

export const fadd = binary(OP.fadd);
export const fsub = binary(OP.fsub);
export const fmul = binary(OP.fmul);
export const fdiv = binary(OP.fdiv);
export const fsqrt = unary(OP.fsqrt);
export const fmin = binary(OP.fmin);
export const fmax = binary(OP.fmax);
export const fneg = unary(OP.fneg);
export const fabs = unary(OP.fabs);
export const ffloor = unary(OP.ffloor);
export const frint = unary(OP.frint);
export const flt = binary(OP.flt);
export const fle = binary(OP.fle);
export const feq = binary(OP.feq);
export const i2f = unary(OP.i2f);
export const f2i = unary(OP.f2i);
export const iadd = binary(OP.iadd);
export const isub = binary(OP.isub);
export const imul = binary(OP.imul);
export const idiv = binary(OP.idiv);
export const irem = binary(OP.irem);
export const udiv = binary(OP.udiv);
export const urem = binary(OP.urem);
/** the high word of the unsigned product */
export const umulh = binary(OP.umulh);
export const imin = binary(OP.imin);
export const imax = binary(OP.imax);
export const ilt = binary(OP.ilt);
export const ult = binary(OP.ult);
export const ieq = binary(OP.ieq);
export const and = binary(OP.and);
export const or = binary(OP.or);
export const xor = binary(OP.xor);
export const shl = binary(OP.shl);
export const sar = binary(OP.sar);
export const shr = binary(OP.shr);
/** condition ≠ 0 ? yes : no */
export const select = (condition: Expr, yes: Expr, no: Expr): Expr => ({
  kind: "apply",
  op: OP.select,
  args: [condition, yes, no],
});
