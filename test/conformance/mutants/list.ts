/** Twenty bugs, each a change of one place in the sources. A text that is no longer there, or there twice, fails the test. */

export type Mutant = {
  readonly room: "program" | "engine" | "contracts";
  /** below the room's src/ */
  readonly file: string;
  readonly bug: string;
  readonly find: string;
  readonly replace: string;
};

const inReference = (bug: string, find: string, replace: string, file = "scalar.ts"): Mutant => ({
  room: "program",
  file,
  bug,
  find,
  replace,
});
const inEngine = (bug: string, file: string, find: string, replace: string): Mutant => ({
  room: "engine",
  file,
  bug,
  find,
  replace,
});
const inArbiter = (bug: string, file: string, find: string, replace: string): Mutant => ({
  room: "contracts",
  file,
  bug,
  find,
  replace,
});

export const MUTANTS: readonly Mutant[] = [
  inReference("fmin takes +0 for less than −0", "if (x === y) return a | b;", "if (x === y) return a;"),
  inReference(
    "f2i gives the least integer for NaN",
    "if (isNaNWord(a)) return 0;",
    "if (isNaNWord(a)) return 1 << 31;",
  ),
  inReference("frint rounds halves up", "(rest === 0.5 && below % 2 === 1)", "rest === 0.5"),
  inReference("fneg of a NaN keeps its payload", "isNaNWord(a) ? CANONICAL_NAN : a ^ 0x80000000", "a ^ 0x80000000"),
  inReference(
    "irem has the divisor's sign",
    "irem: (a, b) => (b === 0 ? 0 : (a % b) | 0)",
    "irem: (a, b) => (b === 0 ? 0 : (((a % b) + b) % b) | 0)",
  ),
  inReference(
    "the second dynamic coordinate takes the first one's word",
    "        register = c;\n",
    "",
    "reference.ts",
  ),
  inReference(
    "a member of a group sees its own present slice",
    "access.index < k ? (t + 1) * slice",
    "access.index <= k ? (t + 1) * slice",
    "reference.ts",
  ),

  inEngine(
    "lanes compare unsigned words as signed",
    "instructions.ts",
    "28: code(OP.i32LtU, SIMD.i32x4LtU)",
    "28: code(OP.i32LtU, SIMD.i32x4LtS)",
  ),
  inEngine(
    "lanes shift right without the sign",
    "instructions.ts",
    "34: code(OP.i32ShrS, SIMD.i32x4ShrS)",
    "34: code(OP.i32ShrS, SIMD.i32x4ShrU)",
  ),
  inEngine(
    "umulh drops a bit too few",
    "instructions.ts",
    "OP.i64Mul, 0x42, 32, OP.i64ShrU",
    "OP.i64Mul, 0x42, 31, OP.i64ShrU",
  ),
  inEngine(
    "a scalar NaN keeps the bits that the machine gave it",
    "values.ts",
    'if (v.kind !== "local" || v.nan !== "dirty") return;',
    'if (v.kind !== "local" || v.nan !== "dirty" || v.type !== V128) return;',
  ),
  inEngine(
    "imin takes the larger word",
    "instructions.ts",
    "get(f, opcode === 25 ? a : b);\n  get(f, opcode === 25 ? b : a);",
    "get(f, opcode === 25 ? b : a);\n  get(f, opcode === 25 ? a : b);",
  ),
  inEngine(
    "four bytes are widened without their sign",
    "reads.ts",
    "simd(f, dtype === 2 ? SIMD.i16x8ExtendLowS : SIMD.i16x8ExtendLowU);",
    "simd(f, SIMD.i16x8ExtendLowU);",
  ),
  inEngine(
    "neighbours outside the box are read as one with the first",
    "reads.ts",
    "  if (checked && varies) {\n    pushInside({ ...job, lane: 3 });\n    op(f, OP.i32And);\n  }\n",
    "",
  ),

  inArbiter("shr does not count modulo 32", "arbiter/Scalar.sol", "return a >> (b & 31);", "return a >> b;"),
  inArbiter(
    "idiv divides unsigned words",
    "arbiter/Scalar.sol",
    "sdiv(signextend(3, a), signextend(3, b))",
    "div(a, b)",
  ),
  inArbiter(
    "imax takes the smaller word",
    "arbiter/Scalar.sol",
    "return ilt(a, b, 0) == 1 ? b : a;",
    "return ilt(a, b, 0) == 1 ? a : b;",
  ),
  inArbiter(
    "sums that overflow stop at the largest number",
    "libraries/F32.sol",
    "if gt(r, 0x7f7fffff) { r := 0x7f800000 }",
    "if gt(r, 0x7f7fffff) { r := 0x7f7fffff }",
  ),
  inArbiter(
    "a narrow result keeps its high bytes",
    "arbiter/Arbiter.sol",
    "if (code.outType >= KernelCode.I8_TYPE) right &= 0xff;",
    "",
  ),
  inArbiter(
    "an i8 is read without its sign",
    "arbiter/Scalar.sol",
    "value := and(signextend(0, value), 0xffffffff)",
    "",
  ),
];
