import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { type Constant, constantFromNumbers, type ImportOptions, readModel, type ValueInfo } from "@opengradient/onnx";
import type { Hex } from "viem";
import { CommandError } from "../failure.ts";
import { readerBeside } from "./external.ts";
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
export function loadModel(path: string, words: ImportWords = {}): Model {
  const bytes = readBytes(path);
  return isModelFile(bytes) ? decodeModelFile(bytes, basename(path)) : importModel(bytes, importOptions(path, words));
}

/** A model's root, given as such or by the model's file. @throws CommandError */
export const modelRootOf = (text: string): Hex =>
  /^0x[0-9a-fA-F]*$/.test(text) ? hashOf("the model", text) : loadModel(text).roots.modelRoot;

/** @throws CommandError */
export function hashOf(what: string, text: string): Hex {
  if (!/^0x[0-9a-fA-F]{64}$/.test(text)) throw new CommandError(`${what} ${text}: 0x and 64 hex digits are needed`);
  return text.toLowerCase() as Hex;
}

/** How a file is to be imported, in the command line's words. */
export type ImportWords = { readonly shape?: readonly string[]; readonly set?: readonly string[] };

/** What `--shape` and `--set` say; files beside the model are read where it says so. */
export const importOptions = (path: string, { shape = [], set = [] }: ImportWords): ImportOptions => ({
  shapes: parseShapes(shape),
  set: set.length > 0 ? parseConstants(set, readBytes(path)) : {},
  external: readerBeside(path),
});

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
      if (info?.type === undefined)
        throw new CommandError(`--set ${text}: the file has no tensor input of that name that can be set`);
      return [name, constantFromNumbers(info.type, values, dimsOf(info, values.length))];
    }),
  );
}

/** The file's own dims where they hold as many values. */
function dimsOf({ dims = [] }: ValueInfo, values: number): readonly number[] {
  const known = dims.flatMap((d) => (typeof d === "number" ? [d] : []));
  return known.length === dims.length && known.reduce((all, d) => all * d, 1) === values ? known : [values];
}

function nameAndValue(text: string, option: string, example: string): [name: string, value: string] {
  // From the right: names of ONNX inputs may hold "=".
  const at = text.lastIndexOf("=");
  if (at < 1) throw new CommandError(`${option} ${text}: write ${option} ${example}`);
  return [text.slice(0, at), text.slice(at + 1)];
}
