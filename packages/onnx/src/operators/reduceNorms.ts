import type { Expr } from "@opengradient/program";
import { reduceOperator } from "../reduce.ts";
import { register } from "../registry.ts";
import { fabs, fadd, float, fmul, fsqrt, iadd, ilt, imul, int, isub, select } from "../scalar.ts";

const sum = { start: float(0), join: fadd };
const total = { start: int(0), join: iadd };
const squares = { ...sum, each: (x: Expr) => fmul(x, x) };
const squared = { ...total, each: (x: Expr) => imul(x, x) };
const size = (x: Expr): Expr => select(ilt(x, int(0)), isub(int(0), x), x);

register(
  "ReduceL1",
  reduceOperator(18, { float: { ...sum, each: fabs }, signed: { ...total, each: size }, unsigned: total }),
);
register("ReduceL2", reduceOperator(18, { float: { ...squares, finish: fsqrt } }));
register("ReduceSumSquare", reduceOperator(18, { float: squares, signed: squared, unsigned: squared }));
