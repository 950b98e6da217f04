import type { Expr } from "@opengradient/program";
import { shift, zero } from "../../broadcast.ts";
import { type Value, view } from "../../builder.ts";
import { elementsOf, numbersOf } from "../../elements.ts";
import type { Node } from "../../node.ts";
import { register } from "../../registry.ts";
import {
  fabs,
  fadd,
  fdiv,
  feq,
  float,
  flt,
  fmax,
  fmul,
  fsqrt,
  fsub,
  ieq,
  int,
  or,
  select,
  state,
} from "../../scalar.ts";
import { asFloats, floats, integers, origin, rowsOf } from "./rows.ts";

const DOMAIN = "ai.onnx.ml";

/** One parameter for all features, or one for each entry of the last dimension. */
function perFeature(node: Node, name: string, x: Value, values: readonly number[]): Value {
  const features = x.dims.at(-1) ?? 1;
  if (values.length !== 1 && values.length !== features)
    return node.refuse(`${name} has ${values.length} values for ${features} features`);
  return x.type === "f32" ? floats(values) : integers(values);
}

/** x of each feature with its parameters. */
const eachFeature = (
  { build }: Node,
  x: Value,
  parameters: readonly Value[],
  code: (x: Expr, ...p: Expr[]) => Expr,
): Value =>
  build.map(x.type, x.dims, (frame) => {
    const feature = frame.loops.at(-1) ?? origin(frame);
    const at = (p: Value): Expr => frame.read(p, [p.dims[0] === 1 ? zero(feature) : feature]);
    return code(frame.read(x, frame.loops), ...parameters.map(at));
  });

register(
  "Scaler",
  (node) => {
    const x = asFloats(node);
    const parameters = (["offset", "scale"] as const).map((name, i) =>
      perFeature(node, name, x, node.floats(name) ?? [i]),
    );
    return eachFeature(node, x, parameters, (value, offset, scale) => fmul(fsub(value, offset!), scale!));
  },
  DOMAIN,
);

register(
  "Imputer",
  (node) => {
    const given = node.typed(0, "f32", "i32", "i64");
    const whole = given.type !== "f32" && node.has("imputed_value_int64s");
    const x = whole ? given : asFloats(node);
    const name = whole ? "imputed_value_int64s" : "imputed_value_floats";
    const imputed = perFeature(node, name, x, (whole ? node.ints(name) : node.floats(name)) ?? [0]);
    const [real, integer] = [node.float("replaced_value_float", 0), node.int("replaced_value_int64", 0)];
    const missing = (value: Expr): Expr => {
      if (whole) return ieq(value, int(integer));
      return Number.isNaN(real) ? select(feq(value, value), int(0), int(1)) : feq(value, float(real));
    };
    return eachFeature(node, x, [imputed], (value, other) => select(missing(value), other!, value));
  },
  DOMAIN,
);

register(
  "Binarizer",
  (node) => {
    const threshold = float(node.float("threshold", 0));
    return eachFeature(node, asFloats(node), [], (value) => select(flt(threshold, value), float(1), float(0)));
  },
  DOMAIN,
);

/** x over its row's greatest value, sum of sizes, or root of the sum of squares; rows that give 0 stay. */
register(
  "Normalizer",
  (node) => {
    const x = rowsOf(node);
    const norm = node.text("norm", "MAX");
    const one = (value: Expr): Expr => (norm === "L2" ? fmul(value, value) : norm === "L1" ? fabs(value) : value);
    if (!["MAX", "L1", "L2"].includes(norm)) return node.refuse(`norm ${norm}`);
    const sizes = node.build.fold("f32", [x.dims[0]!], {
      over: [x.dims[1]!],
      init: () => [float(norm === "MAX" ? Number.NEGATIVE_INFINITY : 0)],
      step: ({ loops: [n], folds: [c], read }) => {
        const value = one(read(x, [n!, c!]));
        return [norm === "MAX" ? fmax(state(), value) : fadd(state(), value)];
      },
      done: () => (norm === "L2" ? fsqrt(state()) : state()),
    });
    const y = node.build.map("f32", x.dims, ({ loops, read }) => {
      const [value, size] = [read(x, loops), read(sizes, [loops[0]!])];
      return select(feq(size, float(0)), value, fdiv(value, size));
    });
    return view(y, node.input(0).dims);
  },
  DOMAIN,
);

/** Entries of the last dimension by their numbers. */
register(
  "ArrayFeatureExtractor",
  (node) => {
    const [x, indices] = [node.input(0), node.typed(1, "i64", "i32")];
    const from = x.dims.length === 1 ? view(x, [1, ...x.dims]) : x;
    const flat = view(indices, [elementsOf(indices.dims)]);
    const last = from.dims.length - 1;
    const made = node.build.map(x.type, from.dims.with(last, flat.dims[0]!), ({ loops, read, readAt }) =>
      readAt(from, loops.with(last, zero(loops[last]!)), last, read(flat, [loops[last]!])),
    );
    return x.names ? { ...made, names: x.names } : made;
  },
  DOMAIN,
);

/** The first entries of each input's rows, side by side. */
register(
  "FeatureVectorizer",
  (node) => {
    const inputs = node.inputs();
    const widths = node.ints("inputdimensions") ?? node.refuse("attribute inputdimensions is missing");
    if (widths.length !== inputs.length) return node.refuse(`${inputs.length} inputs, ${widths.length} dimensions`);
    const rows = inputs.map((x) => {
      const N = x.dims.length < 2 ? 1 : x.dims[0]!;
      return view(x, [N, elementsOf(x.dims) / N]);
    });
    const [first] = rows;
    for (const [i, x] of rows.entries())
      if (x.type !== "f32" || x.dims[0] !== first!.dims[0] || x.dims[1] !== widths[i])
        return node.refuse(`input ${i} is ${x.type} [${inputs[i]!.dims}], expected f32 rows of ${widths[i]}`);
    const starts = widths.map((_, i) => widths.slice(0, i).reduce((sum, w) => sum + w, 0));
    const width = widths.reduce((sum, w) => sum + w, 0);
    return node.build.map("f32", [first!.dims[0]!, width], ({ loops: [n, c], read }) =>
      rows.map((x, i) => read(x, [n!, shift(c!, -starts[i]!)])).reduce(or),
    );
  },
  DOMAIN,
);

/** 1 in the place of the category that x is; zeros for one that is not known, which ONNX allows with `zeros`. */
register(
  "OneHotEncoder",
  (node) => {
    const categories = node.ints("cats_int64s");
    if (!categories?.length) return node.refuse("cats_strings is not supported: strings");
    if (node.int("zeros", 1) === 0) node.build.note("OneHotEncoder gives zeros for categories that it does not know");
    const x = node.typed(0, "i64", "i32", "f32");
    const table = x.type === "f32" ? floats(categories) : integers(categories);
    const equal = x.type === "f32" ? feq : ieq;
    return node.build.map("f32", [...x.dims, categories.length], ({ loops, read }) =>
      select(equal(read(x, loops.slice(0, -1)), read(table, [loops.at(-1)!])), float(1), float(0)),
    );
  },
  DOMAIN,
);

type Lookup = { readonly keys: Value; readonly values: Value; readonly otherwise: Expr; readonly names?: string[] };

/** A list of a LabelEncoder that may be a tensor of numbers. */
function listed(node: Node, name: string, type: "f32" | "i64"): readonly number[] | undefined {
  const tensor = node.tensor(`${name}_tensor`);
  if (tensor?.type === type && !tensor.names) return numbersOf(node.build.known(tensor)!);
  return type === "f32" ? node.floats(`${name}_floats`) : node.ints(`${name}_int64s`);
}

/** Keys and values of a LabelEncoder of numbers; string values become their place among the values. */
function lookupOf(node: Node, x: Value): Lookup {
  const table =
    listed(node, "keys", x.type === "f32" ? "f32" : "i64") ??
    node.refuse(`no keys for inputs of ${x.type}; strings are not supported`);
  const [ints, reals, names] = [
    listed(node, "values", "i64"),
    listed(node, "values", "f32"),
    node.texts("values_strings"),
  ];
  const given = node.tensor("default_tensor");
  if (given?.names) node.refuse("default_tensor is of strings");
  const otherwise = given && numbersOf(node.build.known(given)!)[0];
  const [real, whole, word] = [
    otherwise ?? node.float("default_float", 0),
    otherwise ?? node.int("default_int64", -1),
    node.text("default_string", "_Unused"),
  ];
  const values = ints ?? reals ?? names ?? node.refuse("values that are neither f32, i64 nor strings");
  if (values.length !== table.length) node.refuse(`${table.length} keys and ${values.length} values`);
  const found = { keys: x.type === "f32" ? floats(table) : integers(table) };
  if (reals) return { ...found, values: floats(reals), otherwise: float(real) };
  if (ints) return { ...found, values: integers(ints), otherwise: int(whole) };
  return {
    ...found,
    values: integers(names!.map((_, i) => i)),
    otherwise: int(names!.length),
    names: [...names!, word],
  };
}

/** The value of the key that x equals, the last of equal ones; NaN equals NaN. */
register(
  "LabelEncoder",
  (node) => {
    const x = node.typed(0, "f32", "i64");
    const { keys, values, otherwise, names } = lookupOf(node, x);
    const made = node.build.fold(values.type, x.dims, {
      over: keys.dims,
      init: () => [otherwise],
      step: ({ loops, folds: [k], read }) => {
        const [value, key] = [read(x, loops), read(keys, [k!])];
        const bothNaN = or(feq(value, value), feq(key, key));
        const equal = x.type === "f32" ? select(bothNaN, feq(value, key), int(1)) : ieq(value, key);
        return [select(equal, read(values, [k!]), state())];
      },
      done: () => state(),
    });
    return names ? { ...made, names } : made;
  },
  DOMAIN,
);

/** The columns go on as they are; what a map would call them is said in a note. */
register(
  "ZipMap",
  (node) => {
    const x = node.typed(0, "f32");
    const names = node.texts("classlabels_strings") ?? node.ints("classlabels_int64s")?.map(String);
    if (!names?.length) return node.refuse("neither classlabels_strings nor classlabels_int64s is given");
    if (names.length !== x.dims.at(-1)) return node.refuse(`${names.length} names for the columns of [${x.dims}]`);
    return { ...x, names };
  },
  DOMAIN,
);
