/** The model file of a case: its operator, between casts where onnxruntime's interface lacks a type. */
import {
  chunk,
  modelBytes,
  type NodeFacts,
  type TensorFacts,
  TYPE,
  type TypeName,
} from "../../packages/onnx/test/onnxFile.ts";
import type { Case } from "./cases.ts";

type Named = TensorFacts & { readonly name: string };

const namedOf = ({ inputs, bound = [] }: Case, constants: boolean): Named[] =>
  inputs.flatMap((tensor, i) => (tensor && bound.includes(i) === constants ? [{ ...tensor, name: `x${i}` }] : []));

/** What a run is given: neither absent nor a constant of the file. */
export const givenTo = (one: Case): Named[] => namedOf(one, false);

const castNode = (from: string, to: string, type: number): NodeFacts => ({
  op: "Cast",
  inputs: [from],
  outputs: [to],
  attributes: { to: type },
});

function nodesOf({ op, domain, inputs, attributes = {}, types = ["f32"], casts = {}, back }: Case): NodeFacts[] {
  const isCast = (i: number): boolean => inputs[i] !== undefined && casts[i] !== undefined;
  const before = inputs.flatMap((_, i) => (isCast(i) ? [castNode(`x${i}`, `c${i}`, casts[i]!)] : []));
  const after = types.map((type, i) => castNode(`r${i}`, `y${i}`, TYPE[type]));
  const given = Object.entries(attributes).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const own: NodeFacts = {
    op,
    domain,
    inputs: inputs.map((tensor, i) => (tensor ? `${isCast(i) ? "c" : "x"}${i}` : "")),
    outputs: types.map((_, i) => `${back ? "r" : "y"}${i}`),
    attributes: Object.fromEntries(given),
  };
  return back ? [...before, own, ...after] : [...before, own];
}

const outputsOf = (types: readonly TypeName[] = ["f32"]) => types.map((type, i) => ({ name: `y${i}`, type }));

/** Field 8 of a model: an operator set that it imports. */
const imported = (domain: string, version: number): number[] =>
  chunk(8, [...chunk(1, new TextEncoder().encode(domain)), 2 << 3, version]);

export function fileOf(one: Case): Uint8Array {
  const { domain = "", opset } = one;
  const file = modelBytes({
    opset: domain === "" ? opset : 21,
    inputs: givenTo(one),
    weights: namedOf(one, true),
    nodes: nodesOf(one),
    outputs: outputsOf(one.types),
  });
  // messages that follow each other are one message
  return domain === "" ? file : Uint8Array.from([...file, ...imported(domain, opset)]);
}
