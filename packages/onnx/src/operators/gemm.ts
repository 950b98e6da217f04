import { readBroadcast } from "../broadcast.ts";
import type { Frame, Value } from "../builder.ts";
import { dotOf } from "../dot.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { fadd, float, fmul } from "../scalar.ts";

/** alpha·A'·B' + beta·C. With both factors 1 the sum starts from C. */
function gemm(node: Node): Value {
  const [a, b, c] = [node.typed(0, "f32"), node.typed(1, "f32"), node.optional(2)];
  if (a.dims.length !== 2 || b.dims.length !== 2)
    return node.refuse(`A [${a.dims}] and B [${b.dims}] must be matrices`);
  const [transA, transB] = [node.int("transA", 0) !== 0, node.int("transB", 0) !== 0];
  const [alpha, beta] = [node.float("alpha", 1), node.float("beta", 1)];
  const [M, K] = transA ? [a.dims[1]!, a.dims[0]!] : [a.dims[0]!, a.dims[1]!];
  const [inner, N] = transB ? [b.dims[1]!, b.dims[0]!] : [b.dims[0]!, b.dims[1]!];
  if (inner !== K) return node.refuse(`A [${a.dims}] and B [${b.dims}] do not multiply`);
  if (c && c.type !== "f32") return node.refuse(`C has type ${c.type}`);
  const fitsC =
    c === undefined || (c.dims.length <= 2 && [...c.dims].reverse().every((d, i) => d === 1 || d === [N, M][i]));
  if (!fitsC) return node.refuse(`C [${c.dims}] does not broadcast to [${M},${N}]`);
  if (node.opset < 7) node.ignore("broadcast");
  const plain = alpha === 1 && beta === 1;
  const addend = (frame: Frame, value: Value) => readBroadcast(frame, value, frame.loops);
  const axes = { a: transA ? 1 : 0, b: transB ? 0 : 1 };
  const dot = dotOf(node, { a, b, kept: axes, bias: plain ? c : undefined, readBias: addend });
  return node.build.fold("f32", [M, N], {
    over: [K],
    init: (frame) => [dot.start(frame)],
    step: ({ loops: [m, n], folds: [k], read }) => [
      dot.step(read(dot.a, transA ? [k!, m!] : [m!, k!]), read(dot.b, transB ? [n!, k!] : [k!, n!])),
    ],
    done: (frame) => {
      const sum = dot.done(frame, frame.loops[0]!, frame.loops[1]!);
      const scaled = alpha === 1 ? sum : fmul(float(alpha), sum);
      if (c === undefined || plain) return scaled;
      return fadd(scaled, beta === 1 ? addend(frame, c) : fmul(float(beta), addend(frame, c)));
    },
  });
}

register("Gemm", gemm);
