/** Writes a forest as ONNX: whole numbers in, risk of default in basis points out. */
import { FEATURES } from "./book.ts";
import type { Forest, Tree } from "./boost.ts";

type Bytes = readonly number[];

/** Of a whole number from 0 to 2^31 − 1. */
const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >> 7)]);
const whole = (field: number, value: number): number[] => [...varint(8 * field), ...varint(value)];
const part = (field: number, bytes: Bytes): number[] => [...varint(8 * field + 2), ...varint(bytes.length), ...bytes];
const text = (field: number, value: string): number[] => part(field, [...new TextEncoder().encode(value)]);
const raw = (values: readonly number[]): number[] => [...new Uint8Array(Float32Array.from(values).buffer)];

/** TensorProto.DataType */
const [F32, I32] = [1, 6];

const port = (name: string, width: number): number[] => [
  ...text(1, name),
  ...part(
    2,
    part(1, [
      ...whole(1, I32),
      ...part(
        2,
        [1, width].flatMap((dim) => part(1, whole(1, dim))),
      ),
    ]),
  ),
];

const constant = (name: string, value: number): number[] => [
  ...whole(2, F32),
  ...text(8, name),
  ...part(9, raw([value])),
];

/** The content of an attribute, by its AttributeProto.type. */
const typed = {
  whole: (value: number): number[] => [...whole(3, value), ...whole(20, 2)],
  text: (value: string): number[] => [...text(4, value), ...whole(20, 3)],
  reals: (values: readonly number[]): number[] => [...part(7, raw(values)), ...whole(20, 6)],
  wholes: (values: readonly number[]): number[] => [...part(8, values.flatMap(varint)), ...whole(20, 7)],
  texts: (values: readonly string[]): number[] => [...values.flatMap((value) => text(9, value)), ...whole(20, 8)],
};

const attribute = (name: string, content: Bytes): number[] => part(5, [...text(1, name), ...content]);

type Step = { readonly op: string; readonly inputs: readonly string[]; readonly output: string };

const node = ({ op, inputs, output }: Step, attributes: Bytes = [], domain = ""): number[] =>
  part(1, [
    ...inputs.flatMap((name) => text(1, name)),
    ...text(2, output),
    ...text(4, op),
    ...attributes,
    ...text(7, domain),
  ]);

type Listed = { readonly tree: number; readonly id: number; readonly at: Tree; yes: number; no: number };

/** All nodes in the order of a walk; leaves lead nowhere. */
function listed(trees: readonly Tree[]): Listed[] {
  return trees.flatMap((root, tree) => {
    const nodes: Listed[] = [];
    const walk = (at: Tree): number => {
      const here: Listed = { tree, id: nodes.length, at, yes: 0, no: 0 };
      nodes.push(here);
      if (!("leaf" in at)) [here.yes, here.no] = [walk(at.yes), walk(at.no)];
      return here.id;
    };
    walk(root);
    return nodes;
  });
}

function treeAttributes({ base, trees }: Forest): number[] {
  const nodes = listed(trees);
  const leaves = nodes.flatMap(({ tree, id, at }) => ("leaf" in at ? [{ tree, id, weight: at.leaf }] : []));
  const branch = <T>(of: (at: Exclude<Tree, { leaf: number }>) => T, none: T): T[] =>
    nodes.map(({ at }) => ("leaf" in at ? none : of(at)));
  return [
    ...attribute("nodes_treeids", typed.wholes(nodes.map(({ tree }) => tree))),
    ...attribute("nodes_nodeids", typed.wholes(nodes.map(({ id }) => id))),
    ...attribute("nodes_featureids", typed.wholes(branch(({ feature }) => feature, 0))),
    ...attribute("nodes_modes", typed.texts(branch(() => "BRANCH_LEQ", "LEAF"))),
    ...attribute("nodes_values", typed.reals(branch(({ limit }) => limit, 0))),
    ...attribute("nodes_truenodeids", typed.wholes(nodes.map(({ yes }) => yes))),
    ...attribute("nodes_falsenodeids", typed.wholes(nodes.map(({ no }) => no))),
    ...attribute("target_treeids", typed.wholes(leaves.map(({ tree }) => tree))),
    ...attribute("target_nodeids", typed.wholes(leaves.map(({ id }) => id))),
    ...attribute("target_ids", typed.wholes(leaves.map(() => 0))),
    ...attribute("target_weights", typed.reals(leaves.map(({ weight }) => weight))),
    ...attribute("n_targets", typed.whole(1)),
    ...attribute("base_values", typed.reals([base])),
    ...attribute("post_transform", typed.text("LOGISTIC")),
  ];
}

/** The bytes of loans.onnx. */
export const onnxOf = (forest: Forest): Uint8Array =>
  Uint8Array.from([
    ...whole(1, 8),
    ...text(2, "opengradient-loans"),
    ...part(7, [
      ...node({ op: "Cast", inputs: ["application"], output: "row" }, attribute("to", typed.whole(F32))),
      ...node({ op: "TreeEnsembleRegressor", inputs: ["row"], output: "chance" }, treeAttributes(forest), "ai.onnx.ml"),
      ...node({ op: "Mul", inputs: ["chance", "points"], output: "exact" }),
      ...node({ op: "Round", inputs: ["exact"], output: "rounded" }),
      ...node({ op: "Cast", inputs: ["rounded"], output: "risk" }, attribute("to", typed.whole(I32))),
      ...text(2, "loans"),
      ...part(5, constant("points", 10_000)),
      ...part(11, port("application", FEATURES.length)),
      ...part(12, port("risk", 1)),
    ]),
    ...part(8, whole(2, 17)),
    ...part(8, [...text(1, "ai.onnx.ml"), ...whole(2, 3)]),
  ]);
