import type { Node } from "../node.ts";
import { register } from "../registry.ts";

register("Identity", (node: Node) => node.input(0));
