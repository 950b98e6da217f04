import { broadcastDims, noteWide, zero } from "../broadcast.ts";
import { type Index, type Value, view } from "../builder.ts";
import { type Dot, dotOf } from "../dot.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { iadd, imul, int, state } from "../scalar.ts";

/** Operands of a product as matrices with leading dimensions: one-dimensional ones are a row and a column. */
export function matricesOf(node: Node, left: Value, right: Value): readonly [Value, Value] {
  if (left.dims.length === 0 || right.dims.length === 0) return node.refuse("a scalar operand");
  const a = left.dims.length === 1 ? view(left, [1, ...left.dims]) : left;
  const b = right.dims.length === 1 ? view(right, [...right.dims, 1]) : right;
  if (a.dims.at(-1) !== b.dims.at(-2)) return node.refuse(`[${left.dims}] and [${right.dims}] do not multiply`);
  return [a, b];
}

/** numpy.matmul of what `dot` reads, which has the dims of matricesOf; leading dimensions broadcast. */
export function multiply(node: Node, dot: Dot): Value {
  const { a, b } = dot;
  const [M, K] = a.dims.slice(-2) as [number, number];
  const batch = broadcastDims([a.dims.slice(0, -2), b.dims.slice(0, -2)]);
  const entry = (value: Value, at: readonly Index[], row: Index, column: Index): Index[] => {
    const own = value.dims.slice(0, -2);
    return [...at.slice(batch.length - own.length).map((i, j) => (own[j] === 1 ? zero(i) : i)), row, column];
  };
  return node.build.fold(dot.type, [...batch, M, b.dims.at(-1)!], {
    over: [K],
    init: (frame) => [dot.start(frame)],
    step: ({ loops, folds: [k], read }) => {
      const at = loops.slice(0, -2);
      const [m, n] = loops.slice(-2) as [Index, Index];
      return [dot.step(read(a, entry(a, at, m, k!)), read(b, entry(b, at, k!, n)))];
    },
    done: (frame) => {
      const [m, n] = frame.loops.slice(-2) as [Index, Index];
      return dot.done(frame, m, n);
    },
  });
}

/** Without the dimensions that vectors were given. */
export const withoutUnits = (result: Value, left: Value, right: Value): Value =>
  view(result, [
    ...result.dims.slice(0, -2),
    ...(left.dims.length === 1 ? [] : [result.dims.at(-2)!]),
    ...(right.dims.length === 1 ? [] : [result.dims.at(-1)!]),
  ]);

/** The axes of two matrices that their product keeps. */
export const keptAxes = (a: Value, b: Value) => ({ a: a.dims.length - 2, b: b.dims.length - 1 });

const wholeDot = (a: Value, b: Value): Dot => ({
  type: a.type,
  a,
  b,
  outside: 0,
  start: () => int(0),
  step: (x, y) => iadd(state(), imul(x, y)),
  done: () => state(),
});

/** numpy.matmul of f32, or of whole numbers modulo 2³². */
export function matmul(node: Node, left: Value, right: Value): Value {
  if (left.type !== right.type) return node.refuse(`inputs of types ${left.type} and ${right.type}`);
  noteWide(node, left.type);
  const [a, b] = matricesOf(node, left, right);
  const dot = left.type === "f32" ? dotOf(node, { a, b, kept: keptAxes(a, b) }) : wholeDot(a, b);
  return withoutUnits(multiply(node, dot), left, right);
}

const TYPES = ["f32", "i32", "u32", "i64", "u64"] as const;
register("MatMul", (node) => matmul(node, node.typed(0, ...TYPES), node.typed(1, ...TYPES)));
