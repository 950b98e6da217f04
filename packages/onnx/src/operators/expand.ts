import { broadcastDims, readBroadcast } from "../broadcast.ts";
import type { Value } from "../builder.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";

function expand(node: Node): Value {
  const x = node.input(0);
  const dims = broadcastDims([x.dims, node.integers(1, "shape")]);
  return node.build.map(x.type, dims, (frame) => readBroadcast(frame, x, frame.loops));
}

register("Expand", expand);
