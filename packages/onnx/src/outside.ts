/** What ONNX has and a Program can not be: the rule, by operator and by type. */
import type { Model, NodeProto, ValueInfo } from "./model.ts";

export const OUTSIDE = {
  strings: "a Program computes on numbers",
  "complex numbers": "a Program has no such elements",
  "sequences, maps and optionals": "a Program's values are tensors whose shapes are known",
  "shapes that depend on data": "every kernel's extents are fixed when the Program is",
  "random numbers": "a Program has one result for its inputs",
  training: "a Program is inference: it has no state that goes on, and no gradients",
  "pictures in files": "decoding JPEG or PNG is no arithmetic on tensors",
  "empty outputs": "there is nothing to compute, nor to prove",
} as const;
export type Outside = keyof typeof OUTSIDE;

const OPERATORS: Readonly<Partial<Record<Outside, readonly string[]>>> = {
  strings: ["RegexFullMatch", "StringConcat", "StringNormalizer", "StringSplit", "ai.onnx.ml:CategoryMapper"],
  "sequences, maps and optionals": [
    "ConcatFromSequence",
    "Optional",
    "OptionalGetElement",
    "OptionalHasElement",
    "SequenceAt",
    "SequenceConstruct",
    "SequenceEmpty",
    "SequenceErase",
    "SequenceInsert",
    "SequenceLength",
    "SequenceMap",
    "SplitToSequence",
    "ai.onnx.ml:CastMap",
    "ai.onnx.ml:DictVectorizer",
  ],
  "shapes that depend on data": ["Compress", "NonMaxSuppression", "NonZero", "Unique"],
  "random numbers": [
    "Bernoulli",
    "Multinomial",
    "RandomNormal",
    "RandomNormalLike",
    "RandomUniform",
    "RandomUniformLike",
  ],
  training: [
    "ai.onnx.preview.training:Adagrad",
    "ai.onnx.preview.training:Adam",
    "ai.onnx.preview.training:Gradient",
    "ai.onnx.preview.training:Momentum",
  ],
  "pictures in files": ["ImageDecoder"],
};
const OUTSIDE_OF = new Map(
  Object.entries(OPERATORS).flatMap(([kind, operators]) => operators.map((name) => [name, kind as Outside] as const)),
);

export const operatorKey = (node: Pick<NodeProto, "domain" | "operator">): string =>
  node.domain === "" ? node.operator : `${node.domain}:${node.operator}`;

/** Operators that are outside whatever they are given, or unless what they are given is constant. */
export const outsideOperators = (): readonly (readonly [operator: string, kind: Outside])[] =>
  [...OUTSIDE_OF].sort(([a], [b]) => (a < b ? -1 : 1));

function ofNode(node: NodeProto): Outside | undefined {
  const isTrue = node.attributes.get("training_mode")?.i === 1n;
  if (isTrue || (node.operator === "Dropout" && node.inputs[2])) return "training";
  return OUTSIDE_OF.get(operatorKey(node));
}

const STRING = 8;
const COMPLEX = new Set([14, 15]);

function ofPort({ type }: ValueInfo): Outside | undefined {
  if (type === undefined) return "sequences, maps and optionals";
  if (type === STRING) return "strings";
  return COMPLEX.has(type) ? "complex numbers" : undefined;
}

/** Why a model that was refused is none for a Program; undefined when it could be one. */
export function outsideOf({ graph }: Model): Outside | undefined {
  const first = <T>(items: readonly T[], kind: (item: T) => Outside | undefined): Outside | undefined =>
    items.map(kind).find((found) => found !== undefined);
  const isEmpty = ({ dims }: ValueInfo): Outside | undefined => (dims?.includes(0) ? "empty outputs" : undefined);
  return (
    first(graph.nodes, ofNode) ?? first([...graph.inputs, ...graph.outputs], ofPort) ?? first(graph.outputs, isEmpty)
  );
}
