import { joinPast } from "../attention.ts";
import { plus, shift, zero } from "../broadcast.ts";
import type { Value } from "../builder.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { fadd, float, fmul, state } from "../scalar.ts";
import { sigmoid } from "../transcendental.ts";

/** A depthwise convolution along the last axis that looks back only; the state is what it looks back on. */
function causalConv(node: Node): readonly Value[] {
  const [x, w] = [node.typed(0, "f32"), node.typed(1, "f32")];
  const [bias, past] = [node.optional(2), node.optional(3)];
  const activation = node.text("activation", "none");
  if (!["none", "silu", "swish"].includes(activation)) return node.refuse(`activation ${activation} is not known`);
  const [B, C, L] = x.dims as [number, number, number];
  const K = w.dims[2] ?? 0;
  if (String(w.dims) !== String([C, 1, K])) return node.refuse(`X [${x.dims}] and W [${w.dims}] do not fit`);
  // without a past, what is before the start reads 0
  const all = joinPast(node, past, x);
  const before = past ? 0 : K - 1;
  const y = node.build.fold("f32", [B, C, L], {
    over: [K],
    init: ({ loops: [, c], read }) => [bias ? read(bias, [c!]) : float(0)],
    step: ({ loops: [b, c, l], folds: [k], read }) => [
      fadd(state(), fmul(read(all, [b!, c!, shift(plus(l!, k!), -before)]), read(w, [c!, zero(c!), k!]))),
    ],
    done: () => (activation === "none" ? state() : fmul(state(), sigmoid(state()))),
  });
  if (K === 1) return [y];
  const present = node.build.map("f32", [B, C, K - 1], ({ loops, read }) =>
    read(all, loops.with(2, shift(loops[2]!, L - before))),
  );
  return [y, present];
}

register("CausalConvWithState", causalConv);
