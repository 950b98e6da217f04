import { broadcastDims, zero } from "../broadcast.ts";
import { type Index, type Value, view } from "../builder.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { fadd, float, fmul, iadd, imul, int, state } from "../scalar.ts";

/** numpy.matmul: one-dimensional operands are a row and a column, leading dimensions broadcast. */
function matmul(node: Node): Value {
  const [left, right] = [node.typed(0, "f32", "i32"), node.typed(1, "f32", "i32")];
  if (left.type !== right.type) return node.refuse(`inputs of types ${left.type} and ${right.type}`);
  if (left.dims.length === 0 || right.dims.length === 0) return node.refuse("a scalar operand");
  const a = left.dims.length === 1 ? view(left, [1, ...left.dims]) : left;
  const b = right.dims.length === 1 ? view(right, [...right.dims, 1]) : right;
  const [M, K] = a.dims.slice(-2) as [number, number];
  const [inner, N] = b.dims.slice(-2) as [number, number];
  if (inner !== K) return node.refuse(`[${left.dims}] and [${right.dims}] do not multiply`);
  const batch = broadcastDims([a.dims.slice(0, -2), b.dims.slice(0, -2)]);
  const entry = (value: Value, at: readonly Index[], row: Index, column: Index): Index[] => {
    const own = value.dims.slice(0, -2);
    return [...at.slice(batch.length - own.length).map((i, j) => (own[j] === 1 ? zero(i) : i)), row, column];
  };
  const [add, mul, start] = left.type === "f32" ? [fadd, fmul, float(0)] : [iadd, imul, int(0)];
  const product = node.build.fold(left.type, [...batch, M, N], {
    over: [K],
    init: () => [start],
    step: ({ loops, folds: [k], read }) => {
      const at = loops.slice(0, -2);
      const [m, n] = loops.slice(-2) as [Index, Index];
      return [add(state(), mul(read(a, entry(a, at, m, k!)), read(b, entry(b, at, k!, n))))];
    },
    done: () => state(),
  });
  const dims = [...batch, ...(left.dims.length === 1 ? [] : [M]), ...(right.dims.length === 1 ? [] : [N])];
  return view(product, dims);
}

register("MatMul", matmul);
