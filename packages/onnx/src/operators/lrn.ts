import type { Expr } from "@opengradient/program";
import { plus, shift } from "../broadcast.ts";
import { register } from "../registry.ts";
import { fadd, fdiv, float, fmul, fsqrt, state } from "../scalar.ts";
import { exp, log } from "../transcendental.ts";

/** x^beta of x > 0: roots where beta is a multiple of ¼ up to 1, as it usually is. */
function power(x: Expr, beta: number): Expr {
  if (beta === 0.25) return fsqrt(fsqrt(x));
  if (beta === 0.5) return fsqrt(x);
  if (beta === 0.75) return fmul(fsqrt(x), fsqrt(fsqrt(x)));
  return beta === 1 ? x : exp(fmul(float(beta), log(x)));
}

/** x / (bias + alpha/size · Σ x²)^beta, the sum over `size` neighbouring channels. */
register("LRN", (node) => {
  const x = node.typed(0, "f32");
  if (x.dims.length < 2) return node.refuse(`[${x.dims}] has no channels`);
  const size = node.int("size");
  if (size < 1) return node.refuse(`size ${size}`);
  const [alpha, beta] = [node.float("alpha", 1e-4), node.float("beta", 0.75)];
  const bias = float(node.float("bias", 1));
  const before = (size - 1) >> 1;
  return node.build.fold("f32", x.dims, {
    over: [size],
    init: () => [float(0)],
    step: ({ loops, folds, read }) => {
      const value = read(x, loops.with(1, shift(plus(loops[1]!, folds[0]!), -before)));
      return [fadd(state(), fmul(value, value))];
    },
    done: ({ loops, read }) => {
      const scale = fadd(bias, fmul(float(alpha / size), state()));
      return fdiv(read(x, loops), power(scale, beta));
    },
  });
});
