/** Folds whose steps may be taken in any order or in parts: state ⊕ something that does not depend on the state. */
import { type Draft, type Dtype, type Expr, OP, visit } from "@opengradient/program";

export type Reduction = {
  /** ⊕ */
  readonly op: number;
  /** what a part starts from: x ⊕ identity = x */
  readonly identity: number;
  /** of the state */
  readonly dtype: Dtype;
  /** what each step adds */
  readonly term: Expr;
};

const FLOAT: readonly (readonly [number, number])[] = [
  [OP.fadd, 0],
  [OP.fmul, 0x3f800000],
  [OP.fmin, 0x7f800000],
  [OP.fmax, 0xff800000],
];
const INTEGER: readonly (readonly [number, number])[] = [
  [OP.iadd, 0],
  [OP.imul, 1],
  [OP.imin, 0x7fffffff],
  [OP.imax, 0x80000000],
  [OP.and, 0xffffffff],
  [OP.or, 0],
  [OP.xor, 0],
];

export function reductionOf(d: Draft): Reduction | undefined {
  const [step] = d.step;
  if (d.step.length !== 1 || step?.kind !== "apply" || step.args[0]?.kind !== "state") return undefined;
  const integer = INTEGER.find(([op]) => op === step.op);
  const found = integer ?? FLOAT.find(([op]) => op === step.op);
  const term = step.args[1];
  if (found === undefined || term === undefined) return undefined;
  let usesState = false;
  visit([term], (e) => {
    if (e.kind === "state") usesState = true;
  });
  return usesState ? undefined : { op: found[0], identity: found[1], dtype: integer ? 1 : 0, term };
}

type Load = Extract<Expr, { kind: "load" }>;

/** The two reads of a sum of products, without their zero points. */
export function dotLoads({ op, term }: Reduction): readonly [Load, Load] | undefined {
  if (term.kind !== "apply" || (op !== OP.fadd && op !== OP.iadd)) return undefined;
  if (term.op !== (op === OP.fadd ? OP.fmul : OP.imul)) return undefined;
  const [a, b] = term.args.map((e) => (e.kind === "apply" && e.op === OP.isub ? e.args[0]! : e));
  return a?.kind === "load" && b?.kind === "load" ? [a, b] : undefined;
}
