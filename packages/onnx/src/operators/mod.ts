import { binaryOperator } from "../broadcast.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { and, iadd, ieq, ilt, int, irem, select, urem, xor } from "../scalar.ts";

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

/** With fmod the remainder has the dividend's sign. Floats would need a loop of their own, and are refused. */
function mod(node: Node) {
  const fmod = node.int("fmod", 0) !== 0;
  return binaryOperator({ signed: fmod ? irem : floored, unsigned: urem }, exact(!fmod))(node);
}

register("Mod", mod);
