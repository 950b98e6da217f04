import { unaryOperator } from "../broadcast.ts";
import { register } from "../registry.ts";
import { tanh } from "../transcendental.ts";

register("Tanh", unaryOperator({ float: tanh }));
