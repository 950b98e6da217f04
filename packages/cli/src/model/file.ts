/** A compiled model as one file (.og): "OGM1", the length of a JSON record, the record, header, descriptors, weights. */
import { concatBytes } from "@opengradient/commitments";
import { decodeProgram, elementsOf, type Tensor, validateProgram, widthOf } from "@opengradient/program";
import type { Hex } from "viem";
import { z } from "zod";
import { CommandError } from "../failure.ts";
import { encodeModel, type Model } from "./import.ts";

const MAGIC = new TextEncoder().encode("OGM1");

const hash = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/)
  .transform((value) => value as Hex);
const port = z.object({
  name: z.string(),
  type: z.enum(["f32", "i32", "u32", "i16", "u16", "i8", "u8", "bool", "i64", "u64"]),
  dims: z.array(z.int().nonnegative()),
});
const record = z.object({
  inputs: z.array(port),
  outputs: z.array(port),
  labels: z.array(z.string()),
  notes: z.array(z.string()),
  /** byte lengths of what follows */
  header: z.int().positive(),
  descriptors: z.array(z.int().positive()),
  sourceHash: hash,
  compilerHash: hash,
  modelRoot: hash,
});

export function encodeModelFile(model: Model): Uint8Array {
  const { inputs, outputs, labels, notes, header, descriptors, weights, roots } = model;
  const { sourceHash, compilerHash, modelRoot } = roots;
  const lengths = { header: header.length, descriptors: descriptors.map((bytes) => bytes.length) };
  const text = JSON.stringify({ inputs, outputs, labels, notes, ...lengths, sourceHash, compilerHash, modelRoot });
  const json = new TextEncoder().encode(text);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, json.length);
  return concatBytes([MAGIC, length, json, header, ...descriptors, ...weights.map(({ data }) => data)]);
}

export const isModelFile = (bytes: Uint8Array): boolean => MAGIC.every((byte, i) => bytes[i] === byte);

/** @throws CommandError unless the bytes are whole and give the root that the file names; ProgramError if the Program is not valid */
export function decodeModelFile(bytes: Uint8Array, name: string): Model {
  let at = MAGIC.length;
  const take = (length: number, what: string): Uint8Array => {
    if (at + length > bytes.length)
      throw new CommandError(
        `${name}: the file ends within ${what}: ${length} bytes needed, ${bytes.length - at} left`,
        { todo: "the file was cut off: copy it again, or import it from its ONNX file" },
      );
    at += length;
    return bytes.subarray(at - length, at);
  };
  const size = take(4, "its length");
  const json = take(new DataView(size.buffer, size.byteOffset).getUint32(0), "its record");
  const about = readRecord(json, name);
  const header = take(about.header, "the header");
  const descriptors = about.descriptors.map((length, k) => take(length, `kernel ${k}`));
  const program = decodeProgram(header, descriptors);
  const weights = program.weights.map((info, i): Tensor => {
    const data = take(elementsOf(info) * widthOf(info.dtype), `weight ${i} of ${program.weights.length}`);
    return { ...info, data: data.slice() };
  });
  if (at !== bytes.length) throw new CommandError(`${name}: ${bytes.length - at} bytes follow the last weight`);
  validateProgram(program);
  const { inputs, outputs, labels, notes } = about;
  const model = { program, weights, inputs, outputs, labels, notes, ...encodeModel(program, weights, about) };
  if (model.roots.modelRoot !== about.modelRoot)
    throw new CommandError(`${name}: the bytes give model ${model.roots.modelRoot}, the file says ${about.modelRoot}`, {
      todo: "the file was damaged or changed: import it again from its ONNX file",
    });
  return model;
}

function readRecord(json: Uint8Array, name: string): z.infer<typeof record> {
  try {
    return record.parse(JSON.parse(new TextDecoder().decode(json)));
  } catch (cause) {
    throw new CommandError(`${name}: the record at its beginning can not be read`, {
      cause,
      todo: "the file was damaged: import it again from its ONNX file",
    });
  }
}
