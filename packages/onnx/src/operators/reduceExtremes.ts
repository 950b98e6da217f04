import { reduceOperator } from "../reduce.ts";
import { register } from "../registry.ts";
import { and, float, fmax, fmin, imax, imin, int, or, select, ult } from "../scalar.ts";

register(
  "ReduceMax",
  reduceOperator(18, {
    float: { start: float(Number.NEGATIVE_INFINITY), join: fmax, keepsOne: true },
    signed: { start: int(-0x80000000), join: imax, keepsOne: true },
    unsigned: { start: int(0), join: (a, b) => select(ult(a, b), b, a), keepsOne: true },
    bool: { start: int(0), join: or, keepsOne: true },
  }),
);
register(
  "ReduceMin",
  reduceOperator(18, {
    float: { start: float(Number.POSITIVE_INFINITY), join: fmin, keepsOne: true },
    signed: { start: int(0x7fffffff), join: imin, keepsOne: true },
    unsigned: { start: int(-1), join: (a, b) => select(ult(a, b), a, b), keepsOne: true },
    bool: { start: int(1), join: and, keepsOne: true },
  }),
);
