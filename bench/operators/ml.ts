/** ai.onnx.ml, but its trees. */
import type { AttributeValue } from "../../packages/onnx/test/onnxFile.ts";
import { type Case, type Family, type Random, some } from "./cases.ts";
import { domain, floats, POST, rows, withNaN } from "./rows.ts";

function linearClassifier(r: Random): Case {
  const [features, classes] = [r.int(1, 4), r.int(1, 4)];
  const x = rows(r, features);
  const n = Math.max(classes, 1);
  const labels = Array.from({ length: n === 1 ? 2 : n }, (_, i) => 5 + i);
  return {
    op: "LinearClassifier",
    domain,
    opset: 1,
    inputs: [x],
    types: ["i64", "f32"],
    attributes: {
      coefficients: floats(r, n * features),
      intercepts: floats(r, n),
      classlabels_ints: labels,
      ...some(r, { post_transform: () => r.pick(POST), multi_class: () => r.int(0, 1) }),
    },
  };
}

function linearRegressor(r: Random): Case {
  const [features, targets] = [r.int(1, 4), r.int(1, 3)];
  return {
    op: "LinearRegressor",
    domain,
    opset: 1,
    inputs: [r.f32([r.int(1, 4), features])],
    attributes: {
      coefficients: floats(r, targets * features),
      targets,
      ...some(r, {
        intercepts: () => floats(r, targets),
        ...(targets > 1 && { post_transform: () => r.pick(POST) }),
      }),
    },
  };
}

function scaler(r: Random): Case {
  const n = r.int(1, 4);
  const x = rows(r, n);
  return {
    op: "Scaler",
    domain,
    opset: 1,
    inputs: [x],
    attributes: { offset: floats(r, r.pick([1, n])), scale: floats(r, r.pick([1, n])) },
  };
}

function normalizer(r: Random): Case {
  return {
    op: "Normalizer",
    domain,
    opset: 1,
    inputs: [r.chance(0.2) ? r.f32([r.int(1, 4)], "coarse") : rows(r, r.int(1, 4))],
    attributes: some(r, { norm: () => r.pick(["MAX", "L1", "L2"]) }, 0.8),
  };
}

function imputer(r: Random): Case {
  const n = r.int(1, 4);
  if (r.chance(0.3))
    return {
      op: "Imputer",
      domain,
      opset: 1,
      inputs: [r.ints("i64", [r.int(1, 3), n], 0, 3)],
      types: ["i64"],
      attributes: {
        imputed_value_int64s: Array.from({ length: r.pick([1, n]) }, () => r.int(5, 9)),
        replaced_value_int64: r.int(0, 3),
      },
    };
  const x = withNaN(r, n);
  return {
    op: "Imputer",
    domain,
    opset: 1,
    inputs: [x],
    attributes: {
      imputed_value_floats: floats(r, r.pick([1, n])),
      replaced_value_float: { float: r.pick([Number.NaN, 1, 0.5]) },
    },
  };
}

function binarizer(r: Random): Case {
  return {
    op: "Binarizer",
    domain,
    opset: 1,
    inputs: [r.f32(r.dims(r.int(1, 3)), "coarse")],
    attributes: some(r, { threshold: () => ({ float: r.pick([0, 0.5, -1]) }) }),
  };
}

function oneHotEncoder(r: Random): Case {
  const x = r.tensor("i64", r.dims(r.int(1, 2), 1, 4));
  const floatx = r.chance() ? { ...x, type: "f32" as const } : x;
  return {
    op: "OneHotEncoder",
    domain,
    opset: 1,
    inputs: [floatx],
    attributes: {
      cats_int64s: r.shuffled([0, 1, 2, 3, -4, 5, 6, -7, 8]).slice(0, r.int(1, 9)),
      ...some(r, { zeros: () => 1 }),
    },
  };
}

function labelEncoder(r: Random): Case {
  const [k, v] = [r.pick(["i64", "f32"] as const), r.pick(["i64", "f32"] as const)];
  const n = r.int(1, 5);
  const keys = r.shuffled([0, 1, 2, 3, 4, 5, -1, -2]).slice(0, n);
  const values = Array.from({ length: n }, () => r.int(-20, 20));
  const x = k === "i64" ? r.ints("i64", r.dims(r.int(1, 2)), -3, 6) : r.ints("i64", r.dims(r.int(1, 2)), -3, 6);
  const tensors = r.chance(0.4);
  const attributes: Record<string, AttributeValue> = tensors
    ? {
        keys_tensor: { type: k, dims: [n], values: keys },
        values_tensor: { type: v, dims: [n], values },
        ...some(r, { default_tensor: () => ({ type: v, dims: [1], values: [42] }) }),
      }
    : {
        ...(k === "i64" ? { keys_int64s: keys } : { keys_floats: { floats: keys } }),
        ...(v === "i64"
          ? { values_int64s: values, ...some(r, { default_int64: () => 7 }) }
          : { values_floats: { floats: values }, ...some(r, { default_float: () => ({ float: 7.5 }) }) }),
      };
  return {
    op: "LabelEncoder",
    domain,
    opset: tensors ? 4 : r.pick([2, 4]),
    inputs: [{ ...x, type: k }],
    types: [v],
    attributes,
  };
}

function arrayFeatureExtractor(r: Random): Case {
  const x = r.tensor(r.pick(["f32", "i64"]), r.dims(r.int(1, 3)));
  return {
    op: "ArrayFeatureExtractor",
    domain,
    opset: 1,
    inputs: [x, r.ints("i64", [r.int(1, 4)], 0, x.dims.at(-1)! - 1)],
    types: [x.type ?? "f32"],
  };
}

function featureVectorizer(r: Random): Case {
  const n = r.int(1, 3);
  const inputs = Array.from({ length: r.int(1, 3) }, () => r.f32([n, r.int(1, 3)]));
  return {
    op: "FeatureVectorizer",
    domain,
    opset: 1,
    inputs,
    attributes: { inputdimensions: inputs.map(({ dims }) => dims[1]!) },
  };
}

const kernel = (r: Random): Record<string, AttributeValue> => ({
  kernel_type: r.pick(["LINEAR", "POLY", "RBF", "SIGMOID"]),
  kernel_params: { floats: [r.pick([0.5, 0.2]), r.pick([0, 1]), r.int(1, 3)] },
});

function svmRegressor(r: Random): Case {
  const [features, n] = [r.int(1, 3), r.int(1, 4)];
  const linear = r.chance(0.3);
  return {
    op: "SVMRegressor",
    domain,
    opset: 1,
    inputs: [r.f32([r.int(1, 4), features], "unit")],
    attributes: {
      ...kernel(r),
      ...(linear && { kernel_type: "LINEAR" }),
      coefficients: floats(r, linear ? features : n),
      rho: floats(r, 1),
      n_supports: linear ? 0 : n,
      ...(!linear && { support_vectors: floats(r, n * features) }),
      ...some(r, { one_class: () => r.int(0, 1) }, 0.3),
    },
  };
}

function svmClassifier(r: Random): Case {
  const [features, classes] = [r.int(1, 3), r.int(2, 3)];
  const per = r.dims(classes, 1, 3);
  const n = per.reduce((a, b) => a + b, 0);
  const pairs = (classes * (classes - 1)) / 2;
  const prob = r.chance(0.4) ? { prob_a: floats(r, pairs), prob_b: floats(r, pairs) } : {};
  return {
    op: "SVMClassifier",
    // onnxruntime finds probabilities by iteration and stops early
    ...("prob_a" in prob && { atol: 5e-3 }),
    domain,
    opset: 1,
    inputs: [r.f32([r.int(1, 4), features], "unit")],
    types: ["i64", "f32"],
    attributes: {
      ...kernel(r),
      classlabels_ints: Array.from({ length: classes }, (_, i) => i + 3),
      vectors_per_class: per,
      support_vectors: floats(r, n * features),
      coefficients: floats(r, n * (classes - 1)),
      rho: floats(r, pairs),
      ...prob,
      ...some(r, { post_transform: () => r.pick(POST) }, 0.3),
    },
  };
}

export const ML: Readonly<Record<string, Family>> = {
  "ml.LinearClassifier": linearClassifier,
  "ml.LinearRegressor": linearRegressor,
  "ml.Scaler": scaler,
  "ml.Normalizer": normalizer,
  "ml.Imputer": imputer,
  "ml.Binarizer": binarizer,
  "ml.OneHotEncoder": oneHotEncoder,
  "ml.LabelEncoder": labelEncoder,
  "ml.ArrayFeatureExtractor": arrayFeatureExtractor,
  "ml.FeatureVectorizer": featureVectorizer,
  "ml.SVMRegressor": svmRegressor,
  "ml.SVMClassifier": svmClassifier,
};
