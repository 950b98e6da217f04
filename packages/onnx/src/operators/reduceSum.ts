import { reduceOperator } from "../reduce.ts";
import { register } from "../registry.ts";
import { fadd, fdiv, float, iadd, int } from "../scalar.ts";

const sum = { start: float(0), join: fadd };

register("ReduceSum", reduceOperator(13, { float: sum, integer: { start: int(0), join: iadd } }));
register("ReduceMean", reduceOperator(18, { float: { ...sum, finish: (total, count) => fdiv(total, float(count)) } }));
