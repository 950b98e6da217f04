import { type Value, view } from "../builder.ts";
import { elementsOf } from "../elements.ts";
import { along, centre, meanSquare } from "../moments.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { fadd, fdiv, float, fmul, fsqrt } from "../scalar.ts";

/** Each group of channels of each sample is normalised; scale and bias are [channels], or [groups] with `shared`. */
function groupNorm(node: Node, groups: number, shared: boolean): Value {
  const [x, gamma, beta] = [node.typed(0, "f32"), node.typed(1, "f32"), node.typed(2, "f32")];
  const [N, C, ...space] = x.dims as [number, number, ...number[]];
  if (x.dims.length < 3) return node.refuse(`[${x.dims}] has no spatial axis`);
  if (groups < 1 || C % groups !== 0) return node.refuse(`${C} channels do not make ${groups} groups`);
  const count = shared ? groups : C;
  for (const p of [gamma, beta]) if (String(p.dims) !== String([count])) node.refuse(`parameters must be [${count}]`);
  const epsilon = float(node.float("epsilon", 1e-5));
  const perGroup = C / groups;
  const rows = view(x, [N, groups, perGroup * elementsOf(space)]);
  const { centered } = centre(node, rows, [2]);
  const deviation = meanSquare(node, centered, [2], (mean) => fsqrt(fadd(mean, epsilon)));
  const dims = [N, groups, perGroup, elementsOf(space)];
  const y = node.build.map("f32", dims, ({ loops, read }) => {
    const [n, g, c] = loops as [(typeof loops)[0], (typeof loops)[0], (typeof loops)[0]];
    const normal = fdiv(read(view(centered, dims), loops), read(deviation, along([2], [n, g, c])));
    const parameter = (p: Value) => (shared ? read(p, [g]) : read(view(p, [groups, perGroup]), [g, c]));
    return fadd(fmul(normal, parameter(gamma)), parameter(beta));
  });
  return view(y, x.dims);
}

register("InstanceNormalization", (node) => {
  node.ignore("consumed_inputs");
  return groupNorm(node, node.input(0).dims[1] ?? 0, false);
});
/** Before operator set 21 a group shares its scale and bias. */
register("GroupNormalization", (node) => {
  if (node.int("stash_type", 1) !== 1) return node.refuse("stash_type other than 1 (float) is not supported");
  return groupNorm(node, node.int("num_groups"), node.opset < 21);
});
