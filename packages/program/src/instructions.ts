/** The instruction table: the one source for encoding, validity, cost, the reference and every other executor. */

export type OperandKind = "access" | "register";

export type InstructionInfo = {
  readonly op: number;
  readonly name: OpName;
  readonly operands: readonly OperandKind[];
  /** worst-case gas on chain, but for `ld`, which pays by its access (cost.ts) */
  readonly gas: number;
};

const INTEGER = 350;
const COMPARE = 500;
const CONVERT = 550;
const PRODUCT = 850;
const ARITHMETIC = 950;

const TABLE = [
  ["ld", 3, 0],
  ["fadd", 2, ARITHMETIC],
  ["fsub", 2, ARITHMETIC],
  ["fmul", 2, PRODUCT],
  ["fdiv", 2, ARITHMETIC],
  ["fsqrt", 1, ARITHMETIC],
  ["fmin", 2, COMPARE],
  ["fmax", 2, COMPARE],
  ["fneg", 1, INTEGER],
  ["fabs", 1, INTEGER],
  ["ffloor", 1, CONVERT],
  ["frint", 1, CONVERT],
  ["flt", 2, COMPARE],
  ["fle", 2, COMPARE],
  ["feq", 2, COMPARE],
  ["i2f", 1, CONVERT],
  ["f2i", 1, CONVERT],
  ["iadd", 2, INTEGER],
  ["isub", 2, INTEGER],
  ["imul", 2, INTEGER],
  ["umulh", 2, INTEGER],
  ["idiv", 2, INTEGER],
  ["irem", 2, INTEGER],
  ["udiv", 2, INTEGER],
  ["urem", 2, INTEGER],
  ["imin", 2, INTEGER],
  ["imax", 2, INTEGER],
  ["ilt", 2, INTEGER],
  ["ult", 2, INTEGER],
  ["ieq", 2, INTEGER],
  ["and", 2, INTEGER],
  ["or", 2, INTEGER],
  ["xor", 2, INTEGER],
  ["shl", 2, INTEGER],
  ["sar", 2, INTEGER],
  ["shr", 2, INTEGER],
  ["select", 3, INTEGER],
] as const;

export type OpName = (typeof TABLE)[number][0];

/** Indexed by op. */
export const INSTRUCTIONS: readonly InstructionInfo[] = TABLE.map(([name, arity, gas], op) => ({
  op,
  name,
  operands: Array.from({ length: arity }, (_, i) => (op === 0 && i === 0 ? "access" : "register")),
  gas,
}));

/** Numbers of the instructions by name. */
export const OP = Object.fromEntries(TABLE.map(([name], op) => [name, op])) as Readonly<Record<OpName, number>>;

/** First registers of each part of the register file. */
export const REGISTER = { state: 0, loop: 4, fold: 12, constant: 16 } as const;

export const CANONICAL_NAN = 0x7fc00000;
