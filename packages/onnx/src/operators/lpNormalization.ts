import { along } from "../moments.ts";
import { reduce } from "../reduce.ts";
import { register } from "../registry.ts";
import { fabs, fadd, fdiv, feq, float, fmul, fsqrt, select } from "../scalar.ts";

/** x over its norm along one axis; a vector of zeros stays. */
register("LpNormalization", (node) => {
  const x = node.typed(0, "f32");
  const axes = [node.axis(node.int("axis", -1), x.dims.length)];
  const p = node.int("p", 2);
  if (p !== 1 && p !== 2) return node.refuse(`p = ${p} is not 1 or 2`);
  const norm = reduce(node, x, axes, true, {
    start: float(0),
    join: fadd,
    each: p === 1 ? fabs : (value) => fmul(value, value),
    finish: p === 1 ? (sum) => sum : fsqrt,
  });
  return node.build.map("f32", x.dims, ({ loops, read }) => {
    const by = read(norm, along(axes, loops));
    return fdiv(read(x, loops), select(feq(by, float(0)), float(1), by));
  });
});
