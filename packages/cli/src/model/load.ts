import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { type Constant, fromBigInts, type ImportOptions, readModel } from "@opengradient/onnx";
import { CommandError } from "../failure.ts";
import { decodeModelFile, isModelFile } from "./file.ts";
import { importModel, type Model } from "./import.ts";

/** Bytes of a file. @throws CommandError in words */
export function readBytes(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const why = code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "this is a folder" : String(code);
    throw new CommandError(`${path}: ${why}`, { cause });
  }
}

/** A model from a compiled file (.og) or an ONNX file. */
export function loadModel(path: string, options: ImportOptions = {}): Model {
  const bytes = readBytes(path);
  return isModelFile(bytes) ? decodeModelFile(bytes, basename(path)) : importModel(bytes, options);
}

/** `name=1,3,28,28` */
export function parseShapes(texts: readonly string[]): Record<string, number[]> {
  const shapes: Record<string, number[]> = {};
  for (const text of texts) {
    const [name, dims] = nameAndValue(text, "--shape", "name=1,3,224,224");
    shapes[name] = dims.split(",").map((dim) => {
      if (!/^[1-9]\d{0,9}$/.test(dim.trim()))
        throw new CommandError(`--shape ${text}: ${JSON.stringify(dim)} is not a positive whole number`);
      return Number(dim);
    });
  }
  return shapes;
}

/** `name=value` or `name=v,v,…` for inputs of an ONNX file that become constants; typed as the file declares them. */
export function parseConstants(texts: readonly string[], file: Uint8Array): Record<string, Constant> {
  if (texts.length === 0) return {};
  const { graph } = readModel(file);
  return Object.fromEntries(
    texts.map((text): [string, Constant] => {
      const [name, list] = nameAndValue(text, "--set", "name=1");
      const info = graph.inputs.find((input) => input.name === name);
      const values = list.split(",").map((value) => {
        if (value.trim() === "" || Number.isNaN(Number(value)))
          throw new CommandError(`--set ${text}: ${JSON.stringify(value)} is not a number`);
        return Number(value);
      });
      const dims = info?.dims?.length === 0 ? [] : [values.length];
      return [name, constant(info?.type, values, { dims, text })];
    }),
  );
}

type Where = { readonly dims: readonly number[]; readonly text: string };

/** @param type TensorProto.DataType of the input */
function constant(type: number | undefined, values: readonly number[], { dims, text }: Where): Constant {
  const whole = () => {
    if (values.some((value) => !Number.isInteger(value)))
      throw new CommandError(`--set ${text}: this input takes whole numbers`);
  };
  const data = new Uint8Array(4 * values.length);
  const view = new DataView(data.buffer);
  switch (type) {
    case 1:
      for (const [i, value] of values.entries()) view.setFloat32(4 * i, value, true);
      return { type: "f32", dims, data };
    case 6:
      whole();
      for (const [i, value] of values.entries()) view.setInt32(4 * i, value, true);
      return { type: "i32", dims, data };
    case 7:
      whole();
      return fromBigInts(values.map(BigInt), dims);
    case 2:
    case 3:
    case 9:
      whole();
      return { type: ({ 2: "u8", 3: "i8", 9: "bool" } as const)[type], dims, data: Uint8Array.from(values) };
    default:
      throw new CommandError(`--set ${text}: the file has no tensor input of that name that can be set`);
  }
}

function nameAndValue(text: string, option: string, example: string): [name: string, value: string] {
  // From the right: names of ONNX inputs may hold "=".
  const at = text.lastIndexOf("=");
  if (at < 1) throw new CommandError(`${option} ${text}: write ${option} ${example}`);
  return [text.slice(0, at), text.slice(at + 1)];
}
