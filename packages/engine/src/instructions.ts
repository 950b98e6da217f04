/** One Program instruction (all but `ld`) as WebAssembly: scalar when no operand is a vector, else four lanes at once. */
import type { Instruction } from "@opengradient/program";
import { F32, type Fn, get, I32, i32, local, OP, op, release, SIMD, set, simd, truncSat, V128 } from "./emit.ts";
import {
  canonicalise,
  isVector,
  type Nan,
  nanOf,
  pop,
  pushF32,
  pushI32,
  pushLane,
  pushMask,
  pushVector,
  type Temps,
  take,
  type Use,
  type Value,
} from "./values.ts";

type Code = { readonly scalar: number; readonly vector: number };
const code = (scalar: number, vector: number): Code => ({ scalar, vector });

const FLOAT_BINARY: Readonly<Record<number, Code>> = {
  1: code(OP.f32Add, SIMD.f32x4Add),
  2: code(OP.f32Sub, SIMD.f32x4Sub),
  3: code(OP.f32Mul, SIMD.f32x4Mul),
  4: code(OP.f32Div, SIMD.f32x4Div),
  6: code(OP.f32Min, SIMD.f32x4Min),
  7: code(OP.f32Max, SIMD.f32x4Max),
};
const FLOAT_UNARY: Readonly<Record<number, Code>> = {
  5: code(OP.f32Sqrt, SIMD.f32x4Sqrt),
  8: code(OP.f32Neg, SIMD.f32x4Neg),
  9: code(OP.f32Abs, SIMD.f32x4Abs),
  10: code(OP.f32Floor, SIMD.f32x4Floor),
  11: code(OP.f32Nearest, SIMD.f32x4Nearest),
};
const FLOAT_COMPARE: Readonly<Record<number, Code>> = {
  12: code(OP.f32Lt, SIMD.f32x4Lt),
  13: code(OP.f32Le, SIMD.f32x4Le),
  14: code(OP.f32Eq, SIMD.f32x4Eq),
};
const INTEGER_BINARY: Readonly<Record<number, Code>> = {
  17: code(OP.i32Add, SIMD.i32x4Add),
  18: code(OP.i32Sub, SIMD.i32x4Sub),
  19: code(OP.i32Mul, SIMD.i32x4Mul),
  30: code(OP.i32And, SIMD.and),
  31: code(OP.i32Or, SIMD.or),
  32: code(OP.i32Xor, SIMD.xor),
};
const INTEGER_COMPARE: Readonly<Record<number, Code>> = {
  27: code(OP.i32LtS, SIMD.i32x4LtS),
  28: code(OP.i32LtU, SIMD.i32x4LtU),
  29: code(OP.i32Eq, SIMD.i32x4Eq),
};
const SHIFT: Readonly<Record<number, Code>> = {
  33: code(OP.i32Shl, SIMD.i32x4Shl),
  34: code(OP.i32ShrS, SIMD.i32x4ShrS),
  35: code(OP.i32ShrU, SIMD.i32x4ShrU),
};
const EXTREME: Readonly<Record<number, number>> = { 25: SIMD.i32x4MinS, 26: SIMD.i32x4MaxS };
const I2F = 15;
const F2I = 16;
const UMULH = 20;
const SELECT = 36;

/** Instructions whose result is an f32; `ld` and `select` follow what they move. */
export const yieldsFloat = (opcode: number): boolean => (opcode >= 1 && opcode <= 11) || opcode === I2F;

/** Instructions that read their operands as f32. */
export const readsFloat = (opcode: number): boolean => (opcode >= 1 && opcode <= 14) || opcode === F2I;

/** No vector form: done lane by lane when an operand is a vector. */
export const isLanewise = (opcode: number): boolean => opcode >= UMULH && opcode <= 24;

type Push = (f: Fn, which: 0 | 1) => void;

/** Division as the Program has it: WebAssembly traps on a zero divisor and on MIN/−1. */
function divide(f: Fn, opcode: number, push: Push): void {
  const a = local(f, I32);
  const b = local(f, I32);
  push(f, 0);
  set(f, a);
  push(f, 1);
  set(f, b);
  const isSigned = opcode <= 22;
  get(f, b);
  if (isSigned) {
    i32(f, 1);
    op(f, OP.i32Add);
    i32(f, 2);
    op(f, OP.i32LtU);
  } else {
    op(f, OP.i32Eqz);
  }
  op(f, OP.if, I32);
  if (opcode === 21) {
    i32(f, 0);
    get(f, a);
    op(f, OP.i32Sub);
    get(f, b);
    op(f, OP.i32And);
  } else {
    i32(f, 0);
  }
  op(f, OP.else);
  get(f, a);
  get(f, b);
  op(f, [OP.i32DivS, OP.i32RemS, OP.i32DivU, OP.i32RemU][opcode - 21]!, OP.end);
  release(f, I32, a);
  release(f, I32, b);
}

function highProduct(f: Fn, push: Push): void {
  push(f, 0);
  op(f, OP.i64ExtendI32U);
  push(f, 1);
  op(f, OP.i64ExtendI32U, OP.i64Mul, 0x42, 32, OP.i64ShrU, OP.i32WrapI64);
}

function extreme(f: Fn, opcode: number, push: Push): void {
  const a = local(f, I32);
  const b = local(f, I32);
  push(f, 0);
  set(f, a);
  push(f, 1);
  set(f, b);
  get(f, opcode === 25 ? a : b);
  get(f, opcode === 25 ? b : a);
  get(f, a);
  get(f, b);
  op(f, OP.i32LtS, OP.select);
  release(f, I32, a);
  release(f, I32, b);
}

/** Pushes the i32 result of an integer instruction of two operands. */
function integer(f: Fn, opcode: number, push: Push): void {
  const plain = INTEGER_BINARY[opcode] ?? INTEGER_COMPARE[opcode] ?? SHIFT[opcode];
  if (plain) {
    push(f, 0);
    push(f, 1);
    op(f, plain.scalar);
  } else if (opcode === UMULH) {
    highProduct(f, push);
  } else if (opcode in EXTREME) {
    extreme(f, opcode, push);
  } else {
    divide(f, opcode, push);
  }
}

/** Status of a choice between two words; makes raw NaNs canonical first where only one arm may still hold them. */
function joinArms(f: Fn, b: Value, c: Value): Nan {
  const arms = [nanOf(b), nanOf(c)];
  if (!arms.includes("raw")) return arms.includes("dirty") ? "dirty" : "clean";
  canonicalise(f, b);
  canonicalise(f, c);
  return "raw";
}

const isFloat = (v: Value): boolean => v.kind === "local" && v.type === F32;

function scalarSelect(t: Temps, [a, b, c]: readonly [Value, Value, Value]): Value {
  const { f } = t;
  const nan = joinArms(f, b, c);
  const float = isFloat(b) || isFloat(c);
  if (float) {
    pushF32(f, b);
    pushF32(f, c);
  } else {
    pushI32(f, b);
    pushI32(f, c);
  }
  pushI32(f, a);
  op(f, OP.select);
  return pop(t, float ? F32 : I32, nan);
}

function vectorSelect(t: Temps, [a, b, c]: readonly [Value, Value, Value]): Value {
  const { f } = t;
  const nan = joinArms(f, b, c);
  // the arms' NaNs are settled: "float" only keeps them from being made canonical here
  const arm = (v: Value): void => pushVector(f, v, "float");
  if (isVector(a) && b.kind === "constant" && b.bits === 0) {
    arm(c);
    pushMask(f, a);
    simd(f, SIMD.andnot);
  } else if (isVector(a)) {
    arm(b);
    arm(c);
    pushMask(f, a);
    simd(f, SIMD.bitselect);
  } else {
    pushI32(f, a);
    op(f, OP.if, V128);
    arm(b);
    op(f, OP.else);
    arm(c);
    op(f, OP.end);
  }
  return pop(t, V128, nan);
}

function scalarInstruction(t: Temps, opcode: number, v: readonly [Value, Value, Value]): Value {
  const { f } = t;
  const float = FLOAT_BINARY[opcode] ?? FLOAT_COMPARE[opcode] ?? FLOAT_UNARY[opcode];
  if (float) {
    pushF32(f, v[0]);
    if (!(opcode in FLOAT_UNARY)) pushF32(f, v[1]);
    op(f, float.scalar);
    return opcode in FLOAT_COMPARE ? pop(t, I32, "clean") : pop(t, F32, "dirty");
  }
  if (opcode === I2F) {
    pushI32(f, v[0]);
    op(f, OP.f32ConvertI32S);
    return pop(t, F32, "clean");
  }
  if (opcode === F2I) {
    pushF32(f, v[0]);
    truncSat(f);
    return pop(t, I32, "raw");
  }
  if (opcode === SELECT) return scalarSelect(t, v);
  integer(f, opcode, (_, which) => pushI32(f, v[which]));
  return pop(t, I32, opcode in INTEGER_COMPARE ? "clean" : "raw");
}

function lanewise(t: Temps, opcode: number, v: readonly [Value, Value, Value]): Value {
  const { f } = t;
  canonicalise(f, v[0]);
  canonicalise(f, v[1]);
  const index = take(t, V128);
  for (let lane = 0; lane < 4; lane++) {
    get(f, index);
    integer(f, opcode, (_, which) => pushLane(f, v[which], lane));
    simd(f, SIMD.i32x4Replace);
    op(f, lane);
    set(f, index);
  }
  return { kind: "local", type: V128, index, nan: "raw", mask: false };
}

function vectorInstruction(t: Temps, opcode: number, v: readonly [Value, Value, Value]): Value {
  const { f } = t;
  const binary = (use: Use, instruction: number): void => {
    pushVector(f, v[0], use);
    pushVector(f, v[1], use);
    simd(f, instruction);
  };
  if (opcode in FLOAT_BINARY) {
    binary("float", FLOAT_BINARY[opcode]!.vector);
    return pop(t, V128, "dirty");
  }
  if (opcode in FLOAT_COMPARE) {
    binary("float", FLOAT_COMPARE[opcode]!.vector);
    return pop(t, V128, "clean", true);
  }
  if (opcode in INTEGER_COMPARE) {
    binary("bits", INTEGER_COMPARE[opcode]!.vector);
    return pop(t, V128, "clean", true);
  }
  if (opcode in INTEGER_BINARY || opcode in EXTREME) {
    binary("bits", INTEGER_BINARY[opcode]?.vector ?? EXTREME[opcode]!);
    return pop(t, V128, "raw");
  }
  if (opcode in FLOAT_UNARY || opcode === F2I) {
    pushVector(f, v[0], "float");
    simd(f, FLOAT_UNARY[opcode]?.vector ?? SIMD.i32x4TruncSatF32S);
    return pop(t, V128, opcode === F2I ? "raw" : "dirty");
  }
  if (opcode === I2F) {
    pushVector(f, v[0], "bits");
    simd(f, SIMD.f32x4ConvertI32S);
    return pop(t, V128, "clean");
  }
  if (opcode === SELECT) return vectorSelect(t, v);
  if (opcode in SHIFT && !isVector(v[1])) {
    pushVector(f, v[0], "bits");
    pushI32(f, v[1]);
    simd(f, SHIFT[opcode]!.vector);
    return pop(t, V128, "raw");
  }
  return lanewise(t, opcode, v);
}

export function instruction(t: Temps, [opcode]: Instruction, operands: readonly [Value, Value, Value]): Value {
  return operands.some(isVector) ? vectorInstruction(t, opcode, operands) : scalarInstruction(t, opcode, operands);
}
