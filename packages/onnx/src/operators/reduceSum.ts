import { reduceOperator } from "../reduce.ts";
import { register } from "../registry.ts";
import { fadd, fdiv, float, iadd, idiv, int, udiv } from "../scalar.ts";

const sum = { start: float(0), join: fadd, keepsOne: true };
const total = { start: int(0), join: iadd, keepsOne: true };

register("ReduceSum", reduceOperator(13, { float: sum, signed: total, unsigned: total }));
register(
  "ReduceMean",
  reduceOperator(18, {
    float: { ...sum, finish: (all, count) => fdiv(all, float(count)) },
    signed: { ...total, finish: (all, count) => idiv(all, int(count)) },
    unsigned: { ...total, finish: (all, count) => udiv(all, int(count)) },
  }),
);
