/** What an operator sees of its node: attributes, inputs with shapes and constness, and the builder. */
import type { Expr } from "@opengradient/program";
import type { Builder, Value } from "./builder.ts";
import { type Constant, dtypeOf, type ElementType, numbersOf } from "./elements.ts";
import { OnnxError } from "./errors.ts";
import type { AttributeProto, GraphProto, NodeProto } from "./model.ts";
import { stored } from "./stored.ts";

/** A node's attributes. What is not read is refused in the end. */
export type Attributes = {
  readonly has: (attribute: string) => boolean;
  /** @throws OnnxError when the attribute is absent and there is no `otherwise`; so do `float` and `text` */
  readonly int: (attribute: string, otherwise?: number) => number;
  readonly float: (attribute: string, otherwise?: number) => number;
  readonly text: (attribute: string, otherwise?: string) => string;
  readonly ints: (attribute: string) => readonly number[] | undefined;
  readonly floats: (attribute: string) => readonly number[] | undefined;
  readonly texts: (attribute: string) => readonly string[] | undefined;
  readonly tensor: (attribute: string) => Value | undefined;
  /** A graph inside the node. @throws OnnxError when it is absent */
  readonly body: (attribute: string) => Body;
  /** Attributes that change nothing here. */
  readonly ignore: (...attributes: string[]) => void;
  /** @throws OnnxError when an attribute has not been read */
  readonly checkAttributes: () => void;
};

/** A graph inside a node. */
export type Body = {
  /** how many it has */
  readonly inputs: number;
  readonly outputs: number;
  /** Writes its kernels for these inputs, anew each time; its outputs. */
  readonly lower: (values: readonly Value[]) => readonly Value[];
};

export type Node = Attributes & {
  readonly operator: string;
  /** version of the operator set that the model imports */
  readonly opset: number;
  /** how many outputs the node names, used or not */
  readonly outputs: number;
  /** whether output i is used by anything */
  readonly wants: (i: number) => boolean;
  readonly build: Builder;
  /** @throws OnnxError always, with node and operator */
  readonly refuse: (reason: string) => never;

  /** @throws OnnxError when the input is absent */
  readonly input: (i: number) => Value;
  readonly optional: (i: number) => Value | undefined;
  /** All inputs, none of them absent. */
  readonly inputs: () => readonly Value[];
  /** An input of one of these types. */
  readonly typed: (i: number, ...types: ElementType[]) => Value;
  /** What is known of an input at import. @throws OnnxError when it depends on the model's inputs */
  readonly constant: (i: number, what: string) => Constant;
  /** A constant integer input as numbers. */
  readonly integers: (i: number, what: string) => readonly number[];
  /** `axis` of the given rank, counted from the end when negative. */
  readonly axis: (value: number, rank: number) => number;
};

export type NodeFacts = {
  readonly proto: NodeProto;
  /** its own, or one that tells where it stands */
  readonly name: string;
  readonly opset: number;
  readonly inputs: readonly (Value | undefined)[];
  readonly wanted: readonly boolean[];
  readonly body: (graph: GraphProto) => Body;
};

type Refuse = (reason: string) => never;

function attributesOf({ proto: { attributes }, body }: NodeFacts, refuse: Refuse): Attributes {
  const read = new Set<string>();
  const find = (key: string): AttributeProto | undefined => {
    read.add(key);
    return attributes.get(key);
  };
  const required = <T>(key: string, value: T | undefined): T => value ?? refuse(`attribute ${key} is missing`);
  const integer = (found: AttributeProto | undefined): number | undefined => found && Number(found.i);
  const text = (found: AttributeProto | undefined): string | undefined => found && new TextDecoder().decode(found.s);
  return {
    has: (key) => attributes.has(key),
    int: (key, otherwise) => required(key, integer(find(key)) ?? otherwise),
    float: (key, otherwise) => required(key, find(key)?.f ?? otherwise),
    text: (key, otherwise) => required(key, text(find(key)) ?? otherwise),
    ints: (key) => find(key)?.ints.map(Number),
    floats: (key) => find(key)?.floats,
    texts: (key) => find(key)?.strings.map((bytes) => new TextDecoder().decode(bytes)),
    tensor: (key) => {
      const tensor = find(key)?.t;
      return tensor && stored(tensor);
    },
    body: (key) => body(required(key, find(key)?.g)),
    ignore: (...keys) => {
      for (const key of keys) read.add(key);
    },
    checkAttributes: () => {
      for (const key of attributes.keys()) if (!read.has(key)) refuse(`attribute ${key} is not supported`);
    },
  };
}

export function nodeOf(facts: NodeFacts, build: Builder): Node {
  const { proto, name, opset, inputs, wanted } = facts;
  const refuse: Refuse = (reason) => {
    throw new OnnxError(reason, { node: name, operator: proto.operator });
  };
  const input = (i: number): Value => inputs[i] ?? refuse(`input ${i} is missing`);
  const known = (i: number, what: string): Constant =>
    build.known(input(i)) ?? refuse(`${what} is computed from the model's inputs; bind it with --set or --shape`);
  return {
    ...attributesOf(facts, refuse),
    operator: proto.operator,
    opset,
    outputs: wanted.length,
    wants: (i) => wanted[i] === true,
    build,
    refuse,
    input,
    optional: (i) => inputs[i],
    inputs: () => inputs.map((_, i) => input(i)),
    typed: (i, ...types) => {
      const value = input(i);
      return types.includes(value.type)
        ? value
        : refuse(`input ${i} has type ${value.type}, which is not supported; supported: ${types.join(", ")}`);
    },
    constant: known,
    integers: (i, what) => {
      const value = known(i, what);
      return isFloat(value.type) ? refuse(`${what} has type ${value.type}, expected integers`) : numbersOf(value);
    },
    axis: (value, rank) =>
      Number.isInteger(value) && value >= -rank && value < rank
        ? (value + rank) % rank
        : refuse(`axis ${value} does not exist in rank ${rank}`),
  };
}

/** Whether values of this type are added and compared as f32. */
export const isFloat = (type: ElementType): boolean => dtypeOf(type) === 0;

/** One scalar function for each kind of arithmetic that a type can have; `unsigned` on zero-extended words. */
export type ByKind<F> = { readonly float?: F; readonly signed?: F; readonly unsigned?: F; readonly bool?: F };
export type Unary = (x: Expr) => Expr;
export type Binary = (a: Expr, b: Expr) => Expr;

const KINDS = {
  f32: "float",
  i8: "signed",
  i16: "signed",
  i32: "signed",
  i64: "signed",
  u8: "unsigned",
  u16: "unsigned",
  u32: "unsigned",
  u64: "unsigned",
  bool: "bool",
} as const satisfies Record<ElementType, string>;
export const kindOfType = (type: ElementType): "float" | "signed" | "unsigned" | "bool" => KINDS[type];

/** @throws OnnxError when the operator has no such function for the type */
export function kindOf<F>(node: Node, functions: ByKind<F>, type: ElementType): F {
  const found = functions[KINDS[type]];
  return found ?? node.refuse(`type ${type} is not supported`);
}
