/** The rules of docs/spec/program.md. `header` stands for all of the header's. */
export type Rule = "header" | "V1" | "V2" | "V3" | "V4" | "V5" | "V6" | "V7" | "V8" | "V9";

export type RuleFacts = {
  readonly rule: Rule;
  readonly kernel?: number | undefined;
  /** number of the instruction, counted through init, step and done */
  readonly instruction?: number | undefined;
  /** what broke the rule */
  readonly value?: number | undefined;
};

/** A header or kernel that is not valid, with the rule that it breaks and where. */
export class ProgramError extends Error {
  override readonly name = "ProgramError";
  readonly rule: Rule;
  readonly kernel: number | undefined;
  readonly instruction: number | undefined;
  readonly value: number | undefined;

  constructor(message: string, facts: RuleFacts) {
    const kernel = facts.kernel === undefined ? "" : `, kernel ${facts.kernel}`;
    const instruction = facts.instruction === undefined ? "" : `, instruction ${facts.instruction}`;
    super(`${facts.rule}${kernel}${instruction}: ${message}`);
    this.rule = facts.rule;
    this.kernel = facts.kernel;
    this.instruction = facts.instruction;
    this.value = facts.value;
  }
}

/** A tensor that is not what the header says at its place. */
export class TensorError extends Error {
  override readonly name = "TensorError";
  /** as in "input 0" */
  readonly place: string;

  constructor(place: string, message: string) {
    super(`${place}: ${message}`);
    this.place = place;
  }
}
