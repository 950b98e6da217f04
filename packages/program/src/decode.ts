import { ProgramError, type Rule } from "./errors.ts";
import { checkForm, checkHeaderForm } from "./form.ts";
import type { Access, Coordinate, Dtype, Instruction, Kernel, Output, Program, Space, TensorInfo } from "./types.ts";

/** A header's contents: a Program without its kernels. */
export type Header = Omit<Program, "kernels"> & { readonly kernelCount: number };

type Place = { readonly rule: Rule; readonly kernel?: number | undefined };

class ByteReader {
  at = 0;
  readonly bytes: Uint8Array;
  readonly place: Place;

  constructor(bytes: Uint8Array, place: Place) {
    this.bytes = bytes;
    this.place = place;
  }

  unsigned(width: 1 | 2 | 4): number {
    if (this.at + width > this.bytes.length) this.refuse(this.bytes.length, "the bytes end before the counts are met");
    let value = 0;
    for (let i = 0; i < width; i++) value = value * 256 + this.bytes[this.at++]!;
    return value;
  }

  signed(): number {
    return this.unsigned(4) | 0;
  }

  list<T>(count: number, item: () => T): T[] {
    const out: T[] = [];
    for (let i = 0; i < count; i++) out.push(item());
    return out;
  }

  expect(value: number, width: 1 | 2, what: string): void {
    const found = this.unsigned(width);
    if (found !== value) this.refuse(found, `${what} must be ${value} and is ${found}`);
  }

  end(): void {
    if (this.at !== this.bytes.length)
      this.refuse(this.bytes.length, `${this.bytes.length - this.at} bytes follow the end`);
  }

  refuse(value: number, message: string): never {
    throw new ProgramError(message, { ...this.place, value });
  }
}

function readAccess(from: ByteReader, dimensions: number): Access {
  const space = from.unsigned(1) as Space;
  const D = from.unsigned(1);
  const dynMask = from.unsigned(1);
  const dtype = from.unsigned(1) as Dtype;
  const [index, length, elseWord] = [from.unsigned(4), from.unsigned(4), from.unsigned(4)];
  const coordinates = from.list(D, (): Coordinate => {
    const [base, extent, stride] = [from.signed(), from.unsigned(4), from.unsigned(4)];
    return { base, extent, stride, coef: from.list(dimensions, () => from.signed()) };
  });
  return { space, index, dtype, length, elseWord, dynMask, coordinates };
}

const readInstruction = (from: ByteReader): Instruction => [
  from.unsigned(1),
  from.unsigned(1),
  from.unsigned(1),
  from.unsigned(1),
];

/** Reads a descriptor. @throws ProgramError V1 (V7 for an unknown space) unless it is the encoding of a kernel. */
export function decodeKernel(bytes: Uint8Array, k?: number): Kernel {
  const from = new ByteReader(bytes, { rule: "V1", kernel: k });
  if (bytes.length > 4096) from.refuse(bytes.length, `a descriptor has at most 4096 bytes, not ${bytes.length}`);
  from.expect(1, 1, "version");
  const outType = from.unsigned(1) as Dtype;
  const [r, s, state, A, nc] = [0, 0, 0, 0, 0].map(() => from.unsigned(1)) as [number, number, number, number, number];
  from.expect(0, 1, "reserved byte");
  const [nInit, nStep, nDone] = [0, 0, 0].map(() => from.unsigned(1)) as [number, number, number];
  from.expect(0, 1, "reserved byte");
  const [groupPos, groupSize] = [from.unsigned(2), from.unsigned(2)];
  const loops = from.list(r, () => from.unsigned(4));
  const folds = from.list(s, () => from.unsigned(4));
  const accesses = from.list(A, () => readAccess(from, r + s));
  const constants = from.list(nc, () => from.unsigned(4));
  const init = from.list(nInit, () => readInstruction(from));
  const step = from.list(nStep, () => readInstruction(from));
  const done = from.list(nDone, () => readInstruction(from));
  const results = from.list(2 * state + 1, () => from.unsigned(1));
  while (from.at % 4) from.expect(0, 1, "padding byte");
  from.end();
  const kernel = { outType, loops, folds, state, accesses, constants, init, step, done, results, groupPos, groupSize };
  checkForm(kernel, k);
  return kernel;
}

/** Reads a header. @throws ProgramError `header` unless it is well formed (but for what depends on the kernels). */
export function decodeHeader(bytes: Uint8Array): Header {
  const from = new ByteReader(bytes, { rule: "header" });
  from.expect(1, 1, "version");
  from.expect(0, 1, "profile");
  from.expect(0, 2, "reserved bytes");
  const [nInputs, nWeights, kernelCount, nOutputs] = [
    from.unsigned(4),
    from.unsigned(4),
    from.unsigned(4),
    from.unsigned(4),
  ];
  const outputKernels = from.list(nOutputs, () => from.unsigned(4));
  const dims = (): number[] => from.list(from.unsigned(1), () => from.unsigned(4));
  const tensor = (): TensorInfo => ({ dtype: from.unsigned(1) as Dtype, dims: dims() });
  const inputs = from.list(nInputs, tensor);
  const weights = from.list(nWeights, tensor);
  const outputs = outputKernels.map((kernel): Output => ({ kernel, dims: dims() }));
  from.end();
  const header = { inputs, weights, kernelCount, outputs };
  checkHeaderForm(header);
  return header;
}

/** Reads a whole Program; it is well formed but not yet valid. @throws ProgramError */
export function decodeProgram(header: Uint8Array, descriptors: readonly Uint8Array[]): Program {
  const { kernelCount, ...rest } = decodeHeader(header);
  if (descriptors.length !== kernelCount)
    throw new ProgramError(`the header counts ${kernelCount} kernels, there are ${descriptors.length}`, {
      rule: "header",
      value: descriptors.length,
    });
  return { ...rest, kernels: descriptors.map((bytes, k) => decodeKernel(bytes, k)) };
}
