import { unaryOperator } from "../broadcast.ts";
import { register } from "../registry.ts";
import { sigmoid } from "../transcendental.ts";

register("Sigmoid", unaryOperator({ float: sigmoid }));
