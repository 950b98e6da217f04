import { reduceOperator } from "../reduce.ts";
import { register } from "../registry.ts";
import { fabs, fadd, float, fmul, fsqrt } from "../scalar.ts";

const sum = { start: float(0), join: fadd };
const squares = { ...sum, each: (x: Parameters<typeof fabs>[0]) => fmul(x, x) };

register("ReduceL1", reduceOperator(18, { float: { ...sum, each: fabs } }));
register("ReduceL2", reduceOperator(18, { float: { ...squares, finish: fsqrt } }));
register("ReduceSumSquare", reduceOperator(18, { float: squares }));
