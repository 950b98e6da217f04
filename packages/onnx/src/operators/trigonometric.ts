import { unaryOperator } from "../broadcast.ts";
import { register } from "../registry.ts";
import { acos, asin, atan, cos, sin, tan } from "../trigonometry.ts";

register("Sin", unaryOperator({ float: sin }));
register("Cos", unaryOperator({ float: cos }));
register("Tan", unaryOperator({ float: tan }));
register("Asin", unaryOperator({ float: asin }));
register("Acos", unaryOperator({ float: acos }));
register("Atan", unaryOperator({ float: atan }));
