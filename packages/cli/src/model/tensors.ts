import { constantOf, numbersOf, readTensor } from "@opengradient/onnx";
import { elementsOf, type Program, type Tensor, type TensorInfo, widthOf } from "@opengradient/program";
import { CommandError } from "../failure.ts";
import { readBytes } from "./load.ts";

const TYPES = ["f32", "i32", "i8", "u8"] as const;

/** A Program whose inputs have names for people. */
export type NamedInputs = {
  readonly program: Pick<Program, "inputs">;
  readonly inputs: readonly { readonly name: string; readonly type: string; readonly dims: readonly number[] }[];
};

/** The same for a Program alone: its inputs are called 0, 1, … */
export const numbered = (program: Program): NamedInputs => ({
  program,
  inputs: program.inputs.map(({ dtype, dims }, i) => ({ name: String(i), type: TYPES[dtype], dims })),
});

/**
 * The inputs of a run, in the Program's order, from `--input [name=]FILE`: JSON (numbers, nested or flat), an ONNX
 * tensor (.pb), or raw little-endian bytes (anything else).
 */
export function readInputs(model: NamedInputs, given: readonly string[]): Tensor[] {
  const named = new Map<string, string>();
  const unnamed: string[] = [];
  for (const text of given) {
    const port = model.inputs.find(({ name }) => text.startsWith(`${name}=`));
    if (port) named.set(port.name, text.slice(port.name.length + 1));
    else unnamed.push(text);
  }
  const tensors = model.inputs.map((port, i) => {
    const path = named.get(port.name) ?? unnamed.shift();
    if (path === undefined)
      throw new CommandError(`input ${JSON.stringify(port.name)} (${port.type} [${port.dims}]) is missing`, {
        todo: `give it with --input ${port.name}=FILE`,
      });
    return readTensorFile(path, { ...model.program.inputs[i]!, name: port.name });
  });
  if (unnamed.length > 0)
    throw new CommandError(`the model has ${model.inputs.length} inputs; ${unnamed[0]} is one too many`);
  return tensors;
}

type Wanted = TensorInfo & { readonly name: string };

/** The elements of a file, as many as it has. */
function readPacked(path: string, info: TensorInfo): Uint8Array {
  const bytes = readBytes(path);
  if (path.endsWith(".json")) return packNumbers(parseNumbers(bytes, path), info);
  return path.endsWith(".pb") ? constantOf(readTensor(bytes)).data : bytes;
}

function readTensorFile(path: string, { name, dtype, dims }: Wanted): Tensor {
  const info = { dtype, dims };
  const data = readPacked(path, info);
  const length = elementsOf(info) * widthOf(dtype);
  if (data.length !== length)
    throw new CommandError(
      `${path}: input ${JSON.stringify(name)} has shape [${dims}], that is ${length / widthOf(dtype)} values; the file has ${data.length / widthOf(dtype)}`,
    );
  return { ...info, data };
}

/** Many examples for the only input of a model: each file has one or more of them, one after the other. */
export function readExamples({ program, inputs }: NamedInputs, paths: readonly string[]): Tensor[] {
  const info = program.inputs[0]!;
  if (program.inputs.length !== 1)
    throw new CommandError(`examples are of models with one input; this one has ${inputs.length}`);
  const length = elementsOf(info) * widthOf(info.dtype);
  return paths.flatMap((path) => {
    const data = readPacked(path, info);
    if (data.length === 0 || data.length % length !== 0)
      throw new CommandError(
        `${path}: an example has shape [${info.dims}], that is ${length / widthOf(info.dtype)} values; the file has ${data.length / widthOf(info.dtype)}`,
      );
    return Array.from({ length: data.length / length }, (_, i): Tensor => {
      return { ...info, data: data.slice(i * length, (i + 1) * length) };
    });
  });
}

function parseNumbers(bytes: Uint8Array, path: string): number[] {
  const value: unknown = (() => {
    try {
      return JSON.parse(new TextDecoder().decode(bytes));
    } catch (cause) {
      throw new CommandError(`${path}: this is not JSON`, { cause });
    }
  })();
  // JSON has no words for these three.
  const special: Readonly<Record<string, number>> = { NaN: Number.NaN, Infinity: Infinity, "-Infinity": -Infinity };
  return [value].flat(Number.POSITIVE_INFINITY as 1).map((item: unknown) => {
    const number = typeof item === "string" ? special[item] : item;
    if (typeof number !== "number") throw new CommandError(`${path}: ${JSON.stringify(item)} is not a number`);
    return number;
  });
}

/** Numbers as packed elements: f32 rounded to nearest, integers must fit. */
export function packNumbers(values: readonly number[], { dtype }: TensorInfo): Uint8Array {
  const width = widthOf(dtype);
  const data = new Uint8Array(values.length * width);
  const view = new DataView(data.buffer);
  const [low, high] = [
    [0, 0],
    [-(2 ** 31), 2 ** 31 - 1],
    [-128, 127],
    [0, 255],
  ][dtype]! as [number, number];
  for (const [i, value] of values.entries()) {
    if (dtype === 0) view.setFloat32(4 * i, value, true);
    else if (!Number.isInteger(value) || value < low || value > high)
      throw new CommandError(`value ${i}, ${value}, is not a whole number from ${low} to ${high}`);
    else if (width === 4) view.setInt32(4 * i, value, true);
    else view.setUint8(i, value & 255);
  }
  return data;
}

export const numbers = ({ dtype, dims, data }: Tensor): number[] => numbersOf({ type: TYPES[dtype], dims, data });
