import { unaryOperator } from "../broadcast.ts";
import { register } from "../registry.ts";
import { log } from "../transcendental.ts";

register("Log", unaryOperator({ float: log }));
