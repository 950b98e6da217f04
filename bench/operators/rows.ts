/** What operators of ai.onnx.ml are given. */
import type { AttributeValue, TensorFacts } from "../../packages/onnx/test/onnxFile.ts";
import type { Random } from "./cases.ts";

export const domain = "ai.onnx.ml";

/** post_transform */
export const POST = ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO"];

export const floats = (r: Random, n: number): AttributeValue => ({
  floats: Array.from({ length: n }, () => r.int(-8, 8) / 4),
});

export function rows(r: Random, features: number): TensorFacts {
  const type = r.pick(["f32", "f32", "f32", "i64", "i32", "f64"] as const);
  const dims = [r.int(1, 4), features];
  return type === "i64" || type === "i32" ? r.ints(type, dims, -9, 9) : r.tensor(type, dims);
}

/** Rows in which features may be missing. */
export function withNaN(r: Random, features: number): TensorFacts {
  const x = r.f32([r.int(1, 5), features], "coarse");
  return r.chance(0.3) ? { ...x, values: x.values.map((v) => (r.chance(0.2) ? Number.NaN : v)) } : x;
}
