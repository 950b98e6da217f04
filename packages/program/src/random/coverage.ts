/** Which instruction has met which kind of operand: a fuzz run that never met one has not tested it. */
import { INSTRUCTIONS, OP } from "../instructions.ts";
import { Evaluation, sourceData, type Tensors } from "../reference.ts";
import { readElement } from "../tensors.ts";
import type { Program } from "../types.ts";
import { classOf, OPERAND_CLASSES, type OperandClass } from "./words.ts";

/** Counts by op, then by class. */
export type OperandTable = readonly Record<OperandClass, number>[];

export const emptyOperandTable = (): OperandTable =>
  INSTRUCTIONS.map(() => Object.fromEntries(OPERAND_CLASSES.map((kind) => [kind, 0])) as Record<OperandClass, number>);

class CountingEvaluation extends Evaluation {
  table: OperandTable = [];

  protected override apply(op: number, a: number, b: number, c: number): number {
    const words = [a, b, c].slice(0, INSTRUCTIONS[op]!.operands.length);
    for (const word of words) this.table[op]![classOf(word)]++;
    return super.apply(op, a, b, c);
  }

  protected override load(a: number, b: number, c: number): number {
    const word = super.load(a, b, c);
    this.table[OP.ld]![classOf(word)]++;
    return word;
  }
}

/** Adds the operands that the reference meets in element e of kernel k; of `ld` the word that it gives. */
export function countOperands(
  table: OperandTable,
  program: Program,
  tensors: Tensors,
  place: { k: number; e: number },
): void {
  const kernel = program.kernels[place.k]!;
  const evaluation = new CountingEvaluation(kernel, place.k, (a, address) => {
    const access = kernel.accesses[a]!;
    return readElement(sourceData(tensors, access), access.dtype, address);
  });
  evaluation.table = table;
  evaluation.word(place.e);
}

/** The table as text, an instruction a line. */
export function printOperandTable(table: OperandTable): string {
  const row = (name: string, cells: readonly (string | number)[]): string =>
    name.padEnd(8) + cells.map((cell) => String(cell).padStart(10)).join("");
  const lines = INSTRUCTIONS.map(({ op, name }) =>
    row(
      name,
      OPERAND_CLASSES.map((kind) => table[op]![kind]),
    ),
  );
  return [row("", OPERAND_CLASSES), ...lines].join("\n");
}
