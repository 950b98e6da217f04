import type { Expr } from "@opengradient/program";
import type { Value } from "../builder.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { fadd, fmul, fsub } from "../scalar.ts";

/** Largest matrix whose elements one kernel can name. */
const MAX_SIZE = 4;

/** Expanded along the rows; minors of the same columns are computed once. */
function det(node: Node): Value {
  const x = node.typed(0, "f32");
  const [rows, n] = x.dims.slice(-2);
  if (n === undefined || rows !== n || n > MAX_SIZE)
    return node.refuse(`[${x.dims}]: square matrices up to ${MAX_SIZE} are supported`);
  return node.build.map("f32", x.dims.slice(0, -2), ({ loops, read }) => {
    const at = (base: number) => ({ base, coef: loops.map(() => 0) });
    const element = (row: number, column: number) => read(x, [...loops, at(row), at(column)]);
    const minors = new Map<string, Expr>();
    const minor = (columns: readonly number[]): Expr => {
      const row = n - columns.length;
      if (columns.length === 1) return element(row, columns[0]!);
      const known = minors.get(columns.join());
      if (known !== undefined) return known;
      const terms = columns.map((column, i) => fmul(element(row, column), minor(columns.toSpliced(i, 1))));
      const sum = terms.reduce((all, term, i) => (i % 2 === 1 ? fsub(all, term) : fadd(all, term)));
      minors.set(columns.join(), sum);
      return sum;
    };
    return minor(Array.from({ length: n }, (_, i) => i));
  });
}

register("Det", det);
