import type { Expr } from "@opengradient/program";
import type { Value } from "../builder.ts";
import { formatOf } from "../formats.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { fadd, fdiv, float, fmul, fsub, i2f, loop } from "../scalar.ts";
import { cos, sin } from "../trigonometry.ts";

/** `code` of the place within the window, 0 to π; a constant, as its size is. */
const signalWindow =
  (code: (half: Expr) => Expr) =>
  (node: Node): Value => {
    const [size] = node.integers(0, "size");
    const format = formatOf(node.int("output_datatype", 1), "the window");
    if (format.type !== "f32") return node.refuse(`output_datatype ${format.name} is not supported`);
    const length = node.int("periodic", 1) === 0 ? size! - 1 : size!;
    if (!(length >= 1)) return node.refuse(`a window of ${size} elements`);
    const window = node.build.map("f32", [size!], () => code(fmul(fdiv(i2f(loop(0)), float(length)), float(Math.PI))));
    return { ...window, format };
  };
const twice = (x: Expr): Expr => fadd(x, x);

register(
  "HannWindow",
  signalWindow((half) => fmul(sin(half), sin(half))),
);
register(
  "HammingWindow",
  signalWindow((half) => fsub(float(25 / 46), fmul(float(21 / 46), cos(twice(half))))),
);
/** cos 2a = 2·cos² a − 1 */
register(
  "BlackmanWindow",
  signalWindow((half) => {
    const wave = cos(twice(half));
    const second = fsub(fmul(twice(wave), wave), float(1));
    return fadd(fsub(float(0.42), fmul(float(0.5), wave)), fmul(float(0.08), second));
  }),
);
