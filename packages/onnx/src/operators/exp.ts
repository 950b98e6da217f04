import { unaryOperator } from "../broadcast.ts";
import { register } from "../registry.ts";
import { exp } from "../transcendental.ts";

register("Exp", unaryOperator({ float: exp }));
