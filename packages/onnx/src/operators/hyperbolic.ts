import { unaryOperator } from "../broadcast.ts";
import { acosh, asinh, atanh, cosh, sinh } from "../hyperbolic.ts";
import { register } from "../registry.ts";

register("Sinh", unaryOperator({ float: sinh }));
register("Cosh", unaryOperator({ float: cosh }));
register("Asinh", unaryOperator({ float: asinh }));
register("Acosh", unaryOperator({ float: acosh }));
register("Atanh", unaryOperator({ float: atanh }));
