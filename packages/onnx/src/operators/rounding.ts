import { unaryOperator } from "../broadcast.ts";
import { register } from "../registry.ts";
import { ffloor, fneg, frint } from "../scalar.ts";

register("Floor", unaryOperator({ float: ffloor }));
register("Ceil", unaryOperator({ float: (x) => fneg(ffloor(fneg(x))) }));
/** half to even */
register("Round", unaryOperator({ float: frint }));
