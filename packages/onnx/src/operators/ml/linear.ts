import type { Node } from "../../node.ts";
import { register } from "../../registry.ts";
import { affine, binaryColumns, greatest, labelled, labelsOf, positive, rowsOf, transformed } from "./rows.ts";

const coefficients = (node: Node): readonly number[] =>
  node.floats("coefficients") ?? node.refuse("attribute coefficients is missing");

register(
  "LinearRegressor",
  (node) => {
    const targets = node.int("targets", 1);
    const bias = node.floats("intercepts") ?? new Array<number>(targets).fill(0);
    if (bias.length !== targets) return node.refuse(`${bias.length} intercepts for ${targets} targets`);
    return transformed(node, affine(node, rowsOf(node), coefficients(node), bias), node.text("post_transform", "NONE"));
  },
  "ai.onnx.ml",
);

/** A single row of coefficients with two labels scores the second of them. */
register(
  "LinearClassifier",
  (node) => {
    const x = rowsOf(node);
    node.ignore("multi_class");
    const labels = labelsOf(node, "classlabels_ints", "classlabels_strings");
    const weights = coefficients(node);
    const bias = node.floats("intercepts") ?? new Array<number>(weights.length / x.dims[1]!).fill(0);
    const scores = affine(node, x, weights, bias);
    const transform = node.text("post_transform", "NONE");
    if (bias.length === 1 && labels.count === 2) {
      const probability = transform !== "LOGISTIC";
      return [
        labelled(node, positive(node, scores, 0), labels),
        binaryColumns(node, scores, { probability, transform }),
      ];
    }
    if (labels.count !== bias.length) return node.refuse(`${labels.count} labels for ${bias.length} scores`);
    return [labelled(node, greatest(node, scores), labels), transformed(node, scores, transform)];
  },
  "ai.onnx.ml",
);
