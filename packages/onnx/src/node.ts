/** What an operator sees of its node: attributes, inputs with shapes and constness, and the builder. */
import type { Expr } from "@opengradient/program";
import { type Builder, constant, type Value } from "./builder.ts";
import { type Constant, constantOf, dtypeOf, type ElementType, numbersOf } from "./elements.ts";
import { OnnxError } from "./errors.ts";
import type { AttributeProto, NodeProto } from "./model.ts";

export type Node = {
  readonly operator: string;
  /** version of the operator set that the model imports */
  readonly opset: number;
  readonly outputs: number;
  /** whether output i is used by anything */
  readonly wants: (i: number) => boolean;
  readonly build: Builder;
  /** @throws OnnxError always, with node and operator */
  readonly refuse: (reason: string) => never;

  /** @throws OnnxError when the input is absent */
  readonly input: (i: number) => Value;
  readonly optional: (i: number) => Value | undefined;
  readonly inputs: () => readonly Value[];
  /** The input's type must be one of these. */
  readonly typed: (i: number, ...types: ElementType[]) => Value;
  /** What is known of an input at import. @throws OnnxError when it depends on the model's inputs */
  readonly constant: (i: number, what: string) => Constant;
  /** A constant integer input as numbers, saturated beyond ±2^53. */
  readonly integers: (i: number, what: string) => readonly number[];

  readonly has: (attribute: string) => boolean;
  readonly int: (attribute: string, otherwise?: number) => number;
  readonly float: (attribute: string, otherwise?: number) => number;
  readonly text: (attribute: string, otherwise?: string) => string;
  readonly ints: (attribute: string) => readonly number[] | undefined;
  readonly floats: (attribute: string) => readonly number[] | undefined;
  readonly tensor: (attribute: string) => Value | undefined;
  /** Attributes that change nothing here. */
  readonly ignore: (...attributes: string[]) => void;
  /** `axis` of the given rank, counted from the end when negative. */
  readonly axis: (value: number, rank: number) => number;
  /** @throws OnnxError when an attribute has not been read */
  readonly checkAttributes: () => void;
};

export type NodeFacts = {
  readonly proto: NodeProto;
  /** its own, or one that tells where it stands */
  readonly name: string;
  readonly opset: number;
  readonly inputs: readonly (Value | undefined)[];
  readonly wanted: readonly boolean[];
};

export function nodeOf({ proto, name, opset, inputs, wanted }: NodeFacts, build: Builder): Node {
  const refuse = (reason: string): never => {
    throw new OnnxError(reason, { node: name, operator: proto.operator });
  };
  const read = new Set<string>();
  const attribute = (key: string): AttributeProto | undefined => {
    read.add(key);
    const found = proto.attributes.get(key);
    if (found && found.reference !== "") return refuse(`attribute ${key} refers to a function's attribute`);
    return found;
  };
  const required = <T>(key: string, value: T | undefined): T => value ?? refuse(`attribute ${key} is missing`);
  const input = (i: number): Value => inputs[i] ?? refuse(`input ${i} is missing`);
  const toNumber = (value: bigint): number => Number(value);
  const known = (i: number, what: string): Constant =>
    build.known(input(i)) ?? refuse(`${what} is computed from the model's inputs; bind it with --set or --shape`);
  return {
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
      if (!types.includes(value.type)) refuse(`input ${i} has type ${value.type}; supported: ${types.join(", ")}`);
      return value;
    },
    constant: known,
    integers: (i, what) => {
      const value = known(i, what);
      if (value.type !== "i64" && value.type !== "i32") refuse(`${what} has type ${value.type}, expected integers`);
      return numbersOf(value);
    },
    has: (key) => proto.attributes.has(key),
    int: (key, otherwise) => required(key, (attribute(key) && toNumber(attribute(key)!.i)) ?? otherwise),
    float: (key, otherwise) => required(key, attribute(key)?.f ?? otherwise),
    text: (key, otherwise) => {
      const found = attribute(key);
      return required(key, found ? new TextDecoder().decode(found.s) : otherwise);
    },
    ints: (key) => attribute(key)?.ints.map(toNumber),
    floats: (key) => attribute(key)?.floats,
    tensor: (key) => {
      const t = attribute(key)?.t;
      return t && constant(constantOf(t));
    },
    ignore: (...keys) => {
      for (const key of keys) read.add(key);
    },
    axis: (value, rank) => {
      if (!Number.isInteger(value) || value < -rank || value >= rank)
        refuse(`axis ${value} does not exist in rank ${rank}`);
      return value < 0 ? value + rank : value;
    },
    checkAttributes: () => {
      for (const key of proto.attributes.keys()) if (!read.has(key)) refuse(`attribute ${key} is not supported`);
    },
  };
}

/** Whether values of this type are added and compared as f32. */
export const isFloat = (type: ElementType): boolean => dtypeOf(type) === 0;

/** One scalar function for each kind of arithmetic that a type can have. */
export type ByKind<F> = { readonly float?: F; readonly signed?: F; readonly unsigned?: F; readonly bool?: F };
export type Unary = (x: Expr) => Expr;
export type Binary = (a: Expr, b: Expr) => Expr;

/** @throws OnnxError when the operator has no such function for the type */
export function kindOf<F>(node: Node, functions: ByKind<F>, type: ElementType): F {
  const kinds = { f32: "float", i32: "signed", i8: "signed", u8: "unsigned", bool: "bool", i64: "signed" } as const;
  const found = functions[kinds[type]];
  return found ?? node.refuse(`type ${type} is not supported`);
}
