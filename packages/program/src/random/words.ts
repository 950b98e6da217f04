import { elementsOf } from "../kernel.ts";
import { wordOfFloat } from "../scalar.ts";
import { allocateTensor, writeElement } from "../tensors.ts";
import type { Program, Tensor, TensorInfo } from "../types.ts";
import type { Random } from "./source.ts";

/** Kinds of operands that tend to go wrong. */
export const OPERAND_CLASSES = ["unit", "normal", "zero", "denormal", "infinite", "nan", "extreme", "small"] as const;
export type OperandClass = (typeof OPERAND_CLASSES)[number];

const SIGN = 0x80000000;
const ONE = 0x3f800000;
const EXTREMES = [
  0x7fffffff, 0x80000000, 0x80000001, 0xffffffff, 0x7f7fffff, 0xff7fffff, 0x00800000, 0x4b000000, 0x4effffff,
];

const signed = (random: Random, word: number): number => (random.oneIn(2) ? word | SIGN : word);

/** A word of a class: bits of an f32 (the first six) or an integer. */
export function wordOfClass(random: Random, kind: OperandClass): number {
  const bits = (count: number): number => random.word() >>> (32 - count);
  switch (kind) {
    case "unit":
      // exponents −4 … 3, where sums and products stay ordinary; now and then half of an odd number below 16
      if (random.oneIn(4)) return signed(random, wordOfFloat(random.below(8) + 0.5));
      return signed(random, ONE + (random.between(-4, 3) << 23) + bits(23));
    case "normal":
      return signed(random, (random.between(1, 254) << 23) | bits(23));
    case "zero":
      return signed(random, 0);
    case "denormal":
      return signed(random, random.oneIn(3) ? random.between(1, 3) : bits(23) || 1);
    case "infinite":
      return signed(random, 0x7f800000);
    case "nan":
      return signed(random, 0x7f800000 | (bits(23) || 1));
    case "extreme":
      return random.pick(EXTREMES);
    case "small":
      return random.between(-8, 40);
  }
}

/** The class that a word falls in as an operand; "unit" and "normal" f32 first, integers by size. */
export function classOf(word: number): OperandClass {
  const size = word & 0x7fffffff;
  if (size === 0) return "zero";
  if (EXTREMES.some((extreme) => (extreme | 0) === (word | 0))) return "extreme";
  if ((word | 0) >= -8 && (word | 0) <= 40) return "small";
  if (size > 0x7f800000) return "nan";
  if (size === 0x7f800000) return "infinite";
  if (size < 0x00800000) return "denormal";
  const exponent = (size >>> 23) - 127;
  return exponent >= -4 && exponent <= 3 ? "unit" : "normal";
}

const MIXED: readonly OperandClass[] = ["unit", "unit", "unit", "small", ...OPERAND_CLASSES];

const EDGES: readonly OperandClass[] = ["zero", "zero", "extreme", "extreme", "infinite", "nan"];

/** A tensor of one class, of ordinary values, or of everything. */
export function randomTensor(random: Random, { dtype, dims }: TensorInfo): Tensor {
  const elements = elementsOf({ dtype, dims });
  const data = allocateTensor(dtype, elements);
  const ordinary: readonly OperandClass[] = dtype === 0 ? ["unit"] : ["small"];
  const kinds = random.pick([MIXED, MIXED, EDGES, ordinary, ordinary, [random.pick(OPERAND_CLASSES)]]);
  for (let i = 0; i < elements; i++) writeElement(data, dtype, i, wordOfClass(random, random.pick(kinds)));
  return { dtype, dims, data };
}

/** Tensors that a Program asks for. */
export const randomTensors = (
  random: Random,
  program: Pick<Program, "weights" | "inputs">,
): { weights: Tensor[]; inputs: Tensor[] } => ({
  weights: program.weights.map((info) => randomTensor(random, info)),
  inputs: program.inputs.map((info) => randomTensor(random, info)),
});
