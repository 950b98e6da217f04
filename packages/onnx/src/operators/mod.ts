import type { Expr } from "@opengradient/program";
import { binaryOperator, broadcastDims, readBroadcast } from "../broadcast.ts";
import type { Value } from "../builder.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import {
  and,
  fabs,
  float,
  flt,
  fmul,
  fold,
  i2f,
  iadd,
  ieq,
  ilt,
  imax,
  imin,
  imul,
  int,
  irem,
  isub,
  or,
  sar,
  select,
  shl,
  shr,
  state,
  ult,
  urem,
  word,
  xor,
} from "../scalar.ts";

type Binary = typeof irem;

/** The remainder with the divisor's sign, as Python has it. */
const floored: Binary = (a, b) => {
  const rest = irem(a, b);
  const differs = and(xor(ieq(rest, int(0)), int(1)), xor(ilt(rest, int(0)), ilt(b, int(0))));
  return select(differs, iadd(rest, b), rest);
};
const exact = (floor: boolean) => (a: bigint, b: bigint) => {
  if (b === 0n) return undefined;
  const rest = a % b;
  return floor && rest !== 0n && rest < 0n !== b < 0n ? rest + b : rest;
};

const EXPONENT = int(23);
/** bits of the dividend that one division takes */
const STEP = 8;

/** A float's significand and exponent: |x| = m·2^(e − 150). */
function parts(x: Expr): { m: Expr; e: Expr } {
  const size = and(x, int(0x7fffffff));
  const biased = shr(size, EXPONENT);
  const isNormal = ult(int(0), biased);
  const fraction = and(size, int(0x7fffff));
  return { m: select(isNormal, or(fraction, int(0x800000)), fraction), e: imax(biased, int(1)) };
}

/** The exact remainder of floats, with the dividend's sign: long division of the significands, eight bits at a time. */
function floatRemainder(node: Node, a: Value, b: Value): Value {
  const dims = broadcastDims([a.dims, b.dims]);
  return node.build.fold("f32", dims, {
    over: [Math.ceil(253 / STEP)],
    init: (frame) => {
      const divisor = parts(readBroadcast(frame, b, frame.loops));
      return [urem(parts(readBroadcast(frame, a, frame.loops)).m, divisor.m)];
    },
    step: (frame) => {
      const [x, y] = [parts(readBroadcast(frame, a, frame.loops)), parts(readBroadcast(frame, b, frame.loops))];
      const left = isub(isub(x.e, y.e), imul(int(STEP), fold(0)));
      return [urem(shl(state(), imin(imax(left, int(0)), int(STEP))), y.m)];
    },
    done: (frame) => {
      const [x, y] = [readBroadcast(frame, a, frame.loops), readBroadcast(frame, b, frame.loops)];
      const exponent = isub(parts(y).e, int(150));
      const half = sar(exponent, int(1));
      const scale = (n: Expr): Expr => shl(iadd(n, int(127)), EXPONENT);
      const rest = fmul(fmul(i2f(state()), scale(half)), scale(isub(exponent, half)));
      const value = or(select(flt(fabs(x), fabs(y)), fabs(x), rest), and(x, int(-0x80000000)));
      const isDefined = and(flt(fabs(x), word(0x7f800000)), flt(float(0), fabs(y)));
      return select(isDefined, value, float(Number.NaN));
    },
  });
}

/** With fmod the remainder has the dividend's sign; ONNX has floats with fmod alone. */
function mod(node: Node): Value {
  const fmod = node.int("fmod", 0) !== 0;
  const [a, b] = [node.input(0), node.input(1)];
  if (a.type === "f32" && b.type === "f32" && fmod) return floatRemainder(node, a, b);
  return binaryOperator({ signed: fmod ? irem : floored, unsigned: urem }, exact(!fmod))(node);
}

register("Mod", mod);
