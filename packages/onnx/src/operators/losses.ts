import type { Expr } from "@opengradient/program";
import { zero } from "../broadcast.ts";
import type { Value } from "../builder.ts";
import type { Node } from "../node.ts";
import { reduce } from "../reduce.ts";
import { register } from "../registry.ts";
import { fadd, fdiv, float, fmul, fneg, ieq, int, select } from "../scalar.ts";
import { logSoftmax } from "./logSoftmax.ts";

const sum = { start: float(0), join: fadd };

/** −weight[class]·log p[class] for each target; `mean` divides by the weights that were used. Ignored classes count 0. */
function likelihoodLoss(node: Node, logs: Value): Value {
  const [target, weights] = [node.typed(1, "i64", "i32"), node.optional(2)];
  const [, classes] = logs.dims;
  if (classes === undefined || String(logs.dims.toSpliced(1, 1)) !== String(target.dims))
    return node.refuse(`scores [${logs.dims}] and labels [${target.dims}] do not fit`);
  if (weights && (weights.type !== "f32" || String(weights.dims) !== String([classes])))
    return node.refuse(`weights are [${weights.dims}], expected [${classes}]`);
  const reduction = node.text("reduction", "mean");
  if (!["none", "sum", "mean"].includes(reduction)) return node.refuse(`reduction ${reduction}`);
  const ignored = node.has("ignore_index") ? node.int("ignore_index") : undefined;
  const { build } = node;
  const counts = (label: Expr, otherwise: Expr, value: Expr): Expr =>
    ignored === undefined ? value : select(ieq(label, int(ignored)), otherwise, value);
  const none = { base: 0, coef: target.dims.map(() => 0) };
  const weightOf = build.map("f32", target.dims, ({ loops, read, readAt }) => {
    const label = read(target, loops);
    return counts(label, float(0), weights ? readAt(weights, [none], 0, label) : float(1));
  });
  const losses = build.map("f32", target.dims, ({ loops, read, readAt }) => {
    const label = read(target, loops);
    const value = readAt(logs, [loops[0]!, zero(loops[0]!), ...loops.slice(1)], 1, label);
    return counts(label, float(0), fmul(fneg(value), read(weightOf, loops)));
  });
  if (reduction === "none") return losses;
  const axes = target.dims.map((_, i) => i);
  const total = reduce(node, losses, axes, false, sum);
  if (reduction === "sum") return total;
  const share = reduce(node, weightOf, axes, false, sum);
  return build.map("f32", [], ({ read }) => fdiv(read(total, []), read(share, [])));
}

register("NegativeLogLikelihoodLoss", (node) => likelihoodLoss(node, node.typed(0, "f32")));
register("SoftmaxCrossEntropyLoss", (node) => {
  const logs = logSoftmax(node, node.typed(0, "f32"), 1);
  return [likelihoodLoss(node, logs), logs];
});
