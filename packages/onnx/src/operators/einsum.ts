import type { Expr } from "@opengradient/program";
import { zero } from "../broadcast.ts";
import type { Frame, Index, Value } from "../builder.ts";
import { type Binary, kindOf, type Node } from "../node.ts";
import { register } from "../registry.ts";
import { fadd, float, fmul, iadd, imul, int, state } from "../scalar.ts";

/** A value whose dimensions carry labels; one that repeats is a diagonal. */
type Operand = { readonly value: Value; readonly labels: readonly string[] };

const KINDS = {
  float: { add: fadd, mul: fmul, none: float(0) },
  signed: { add: iadd, mul: imul, none: int(0) },
  unsigned: { add: iadd, mul: imul, none: int(0) },
};

/** Letters, and for the dimensions of an ellipsis numbers, counted from the last. */
function labelsOf(node: Node, term: string, rank: number): string[] {
  if (!/^[a-zA-Z]*(\.\.\.)?[a-zA-Z]*$/.test(term)) return node.refuse(`a term ${JSON.stringify(term)} in the equation`);
  const at = term.indexOf("...");
  if (at < 0) return [...term];
  const letters = term.length - 3;
  const hidden = Array.from({ length: Math.max(rank - letters, 0) }, (_, i, n = rank - letters) => String(n - 1 - i));
  return [...term.slice(0, at), ...hidden, ...term.slice(at + 3)];
}

function parse(node: Node, values: readonly Value[]): { operands: readonly Operand[]; out: readonly string[] } {
  const [left = "", right] = node.text("equation").replaceAll(" ", "").split("->");
  const terms = left.split(",");
  if (terms.length !== values.length) return node.refuse(`${terms.length} terms for ${values.length} inputs`);
  const operands = values.map((value, i) => ({ value, labels: labelsOf(node, terms[i]!, value.dims.length) }));
  for (const { value, labels } of operands)
    if (labels.length !== value.dims.length) node.refuse(`${labels.length} labels for [${value.dims}]`);
  const all = operands.flatMap(({ labels }) => labels);
  const hidden = [...new Set(all.filter((label) => /\d/.test(label)))].sort((a, b) => Number(b) - Number(a));
  if (right !== undefined) return { operands, out: labelsOf(node, right, right.length - 3 + hidden.length) };
  const once = all.filter((label) => !/\d/.test(label) && all.indexOf(label) === all.lastIndexOf(label)).sort();
  return { operands, out: [...hidden, ...once] };
}

/** Σ over labels that no one needs any more, two operands at a time from left to right. */
function einsum(node: Node): Value {
  const { operands, out } = parse(node, node.inputs());
  const sizes = sizesOf(node, operands);
  if (new Set(out).size !== out.length || out.some((label) => !sizes.has(label)))
    return node.refuse(`labels ${out} in the result`);
  let [current, ...rest] = operands as [Operand, ...Operand[]];
  if (rest.length === 0) return contracted(node, [current], sizes, out).value;
  for (;;) {
    const [next, ...later] = rest as [Operand, ...Operand[]];
    const needed = new Set([...out, ...later.flatMap(({ labels }) => labels)]);
    const both = [...new Set([...current.labels, ...next.labels])];
    const kept = later.length === 0 ? out : both.filter((label) => needed.has(label));
    current = contracted(node, [current, next], sizes, kept);
    rest = later;
    if (later.length === 0) return current.value;
  }
}

/** The extent of each label; dimensions of 1 broadcast. */
function sizesOf(node: Node, operands: readonly Operand[]): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const { value, labels } of operands)
    for (const [i, label] of labels.entries()) {
      const [d, known = 1] = [value.dims[i]!, sizes.get(label)];
      if (d !== 1 && known !== 1 && d !== known) node.refuse(`label ${label} is ${known} and ${d}`);
      sizes.set(label, d === 1 ? known : d);
    }
  return sizes;
}

function contracted(
  node: Node,
  operands: readonly Operand[],
  sizes: ReadonlyMap<string, number>,
  kept: readonly string[],
): Operand {
  const { type } = operands[0]!.value;
  for (const { value } of operands) if (value.type !== type) node.refuse(`inputs of types ${type} and ${value.type}`);
  const { add, mul, none } = kindOf<{ add: Binary; mul: Binary; none: Expr }>(node, KINDS, type);
  const summed = [...new Set(operands.flatMap(({ labels }) => labels))].filter((label) => !kept.includes(label));
  const read = ({ loops, folds, read: load }: Frame, { value, labels }: Operand) => {
    const index = (label: string): Index =>
      kept.includes(label) ? loops[kept.indexOf(label)]! : folds[summed.indexOf(label)]!;
    return load(
      value,
      labels.map((label, i) => (value.dims[i] === 1 ? zero(index(label)) : index(label))),
    );
  };
  const term = (frame: Frame) => operands.map((operand) => read(frame, operand)).reduce(mul);
  const dims = kept.map((label) => sizes.get(label)!);
  if (summed.length === 0) return { value: node.build.map(type, dims, term), labels: kept };
  const value = node.build.fold(type, dims, {
    over: summed.map((label) => sizes.get(label)!),
    init: () => [none],
    step: (frame) => [add(state(), term(frame))],
    done: () => state(),
  });
  return { value, labels: kept };
}
register("Einsum", einsum);
