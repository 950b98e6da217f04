import type { Expr } from "@opengradient/program";
import { shift, zero } from "../broadcast.ts";
import type { Frame, Index, Value } from "../builder.ts";
import { elementsOf, numbersOf } from "../elements.ts";
import type { Node } from "../node.ts";
import { clamped, mirrored, wrapped } from "../places.ts";
import { register } from "../registry.ts";
import { floatBits, iadd, int, loop } from "../scalar.ts";

/** Elements added before and after each axis; negative ones are cut. */
type Pads = { readonly before: readonly number[]; readonly dims: readonly number[] };

/** Which element of an axis stands at a place beside it, by mode. */
const BESIDE: Readonly<Record<string, (at: Expr, length: number) => Expr>> = {
  reflect: (at, length) => mirrored(at, length, "element"),
  edge: clamped,
  wrap: wrapped,
};

function padsOf(node: Node, x: Value): Pads {
  const old = node.opset < 11;
  const pads = old ? (node.ints(node.opset < 2 ? "paddings" : "pads") ?? []) : node.integers(1, "pads");
  const axes = (!old && node.optional(3) ? node.integers(3, "axes") : x.dims.map((_, i) => i)).map((a) =>
    node.axis(a, x.dims.length),
  );
  if (pads.length !== 2 * axes.length) return node.refuse(`${pads.length} pads for ${axes.length} axes`);
  const before = x.dims.map((_, i) => (axes.includes(i) ? pads[axes.indexOf(i)]! : 0));
  const after = x.dims.map((_, i) => (axes.includes(i) ? pads[axes.length + axes.indexOf(i)]! : 0));
  const dims = x.dims.map((d, i) => d + before[i]! + after[i]!);
  if (dims.some((d) => d < 0)) return node.refuse(`pads [${pads}] leave nothing of [${x.dims}]`);
  return { before, dims };
}

function pad(node: Node): Value {
  const x = node.input(0);
  const mode = node.text("mode", "constant");
  const pads = padsOf(node, x);
  const word = valueWord(node, x);
  if (mode === "constant") return padded(node, x, pads, word);
  const beside = BESIDE[mode];
  if (beside === undefined) return node.refuse(`mode ${mode} is not supported`);
  if (elementsOf(x.dims) === 0) return node.refuse(`mode ${mode} of an empty [${x.dims}]`);
  const axes = x.dims.flatMap((d, i) => (d === pads.dims[i] && pads.before[i] === 0 ? [] : [i]));
  let y = x;
  // a read has two places for registers
  for (let i = 0; i < axes.length; i += 2) y = continued(node, y, pads, { axes: axes.slice(i, i + 2), beside });
  return y;
}

/** What is read outside in mode `constant`. */
function valueWord(node: Node, x: Value): number {
  const old = node.opset < 11;
  const given = old ? [node.float("value", 0)] : node.optional(2) ? numbersOf(node.constant(2, "constant_value")) : [0];
  const value = given[0] ?? 0;
  if (x.type === "i64" && value !== (value | 0)) return node.refuse(`constant_value ${value} is beyond 32 bits`);
  return x.type === "f32" ? floatBits(value) : value >>> 0;
}

const padded = (node: Node, x: Value, { before, dims }: Pads, word: number): Value =>
  node.build.map(x.type, dims, ({ loops, read }) =>
    read(
      x,
      loops.map((at, i) => shift(at, -before[i]!)),
      word,
    ),
  );

type Continued = { readonly axes: readonly number[]; readonly beside: (at: Expr, length: number) => Expr };

/** x, grown along one or two axes by what `beside` says stands there. */
function continued(node: Node, x: Value, { before, dims }: Pads, { axes, beside }: Continued): Value {
  const grown = x.dims.map((d, i) => (axes.includes(i) ? dims[i]! : d));
  return node.build.map(x.type, grown, ({ loops, readMoved }: Frame) => {
    const own: Index[] = loops.map((at, i) => (axes.includes(i) ? zero(at) : at));
    const moves = axes.map((dim) => ({ dim, by: beside(iadd(loop(dim), int(-before[dim]!)), x.dims[dim]!) }));
    return readMoved(x, own, moves);
  });
}

register("Pad", pad);
