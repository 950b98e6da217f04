import { ProgramError, type Rule } from "./errors.ts";
import { SEGMENTS } from "./kernel.ts";
import type { Access, Kernel, Program, TensorInfo } from "./types.ts";

type Place = { readonly rule: Rule; readonly kernel?: number | undefined };

/** Big-endian bytes; a value that its field can not hold is refused. */
class ByteWriter {
  readonly bytes: number[] = [];
  readonly place: Place;

  constructor(place: Place) {
    this.place = place;
  }

  unsigned(value: number, width: 1 | 2 | 4, what: string): this {
    if (!Number.isInteger(value) || value < 0 || value >= 256 ** width) this.refuse(value, `u${8 * width}`, what);
    for (let shift = 8 * (width - 1); shift >= 0; shift -= 8) this.bytes.push((value >>> shift) & 0xff);
    return this;
  }

  signed(value: number, what: string): this {
    if (value !== (value | 0)) this.refuse(value, "i32", what);
    return this.unsigned(value >>> 0, 4, what);
  }

  refuse(value: number, type: string, what: string): never {
    throw new ProgramError(`${what} is ${value}, which is no ${type}`, { ...this.place, value });
  }
}

function writeAccess(out: ByteWriter, access: Access, dimensions: number): void {
  out.unsigned(access.space, 1, "space").unsigned(access.coordinates.length, 1, "number of coordinates");
  out.unsigned(access.dynMask, 1, "dynMask").unsigned(access.dtype, 1, "dtype of an access");
  out.unsigned(access.index, 4, "index of an access").unsigned(access.length, 4, "length of an access");
  out.unsigned(access.elseWord, 4, "elseWord");
  for (const at of access.coordinates) {
    out.signed(at.base, "base").unsigned(at.extent, 4, "box extent").unsigned(at.stride, 4, "stride");
    if (at.coef.length !== dimensions) out.refuse(at.coef.length, `r + s = ${dimensions}`, "number of coefficients");
    for (const coef of at.coef) out.signed(coef, "coefficient");
  }
}

/** The descriptor of a kernel. @throws ProgramError V1 if a field does not hold its value. */
export function encodeKernel(kernel: Kernel, k?: number): Uint8Array {
  const out = new ByteWriter({ rule: "V1", kernel: k });
  if (kernel.results.length !== 2 * kernel.state + 1)
    out.refuse(kernel.results.length, `2S + 1 = ${2 * kernel.state + 1}`, "number of result registers");
  out.unsigned(1, 1, "version").unsigned(kernel.outType, 1, "outType");
  for (const list of [kernel.loops, kernel.folds]) out.unsigned(list.length, 1, "number of loops or folds");
  out.unsigned(kernel.state, 1, "S").unsigned(kernel.accesses.length, 1, "number of accesses");
  out.unsigned(kernel.constants.length, 1, "number of constants").unsigned(0, 1, "reserved");
  for (const segment of SEGMENTS) out.unsigned(kernel[segment].length, 1, `instructions in ${segment}`);
  out.unsigned(0, 1, "reserved").unsigned(kernel.groupPos, 2, "groupPos").unsigned(kernel.groupSize, 2, "groupSize");
  for (const extent of [...kernel.loops, ...kernel.folds]) out.unsigned(extent, 4, "extent");
  for (const access of kernel.accesses) writeAccess(out, access, kernel.loops.length + kernel.folds.length);
  for (const constant of kernel.constants) out.unsigned(constant, 4, "constant");
  for (const segment of SEGMENTS)
    for (const instruction of kernel[segment]) for (const byte of instruction) out.unsigned(byte, 1, "operand");
  for (const register of kernel.results) out.unsigned(register, 1, "result register");
  while (out.bytes.length % 4) out.bytes.push(0);
  return Uint8Array.from(out.bytes);
}

function writeDims(out: ByteWriter, dims: readonly number[]): void {
  out.unsigned(dims.length, 1, "rank");
  for (const dim of dims) out.unsigned(dim, 4, "dim");
}

/** The header of a Program. @throws ProgramError `header` if a field does not hold its value. */
export function encodeHeader(program: Program): Uint8Array {
  const out = new ByteWriter({ rule: "header" });
  out.unsigned(1, 1, "version").unsigned(0, 1, "profile").unsigned(0, 2, "reserved");
  for (const list of [program.inputs, program.weights, program.kernels, program.outputs])
    out.unsigned(list.length, 4, "count");
  for (const output of program.outputs) out.unsigned(output.kernel, 4, "output kernel");
  const tensors: readonly TensorInfo[] = [...program.inputs, ...program.weights];
  for (const tensor of tensors) writeDims(out.unsigned(tensor.dtype, 1, "dtype"), tensor.dims);
  for (const output of program.outputs) writeDims(out, output.dims);
  return Uint8Array.from(out.bytes);
}
