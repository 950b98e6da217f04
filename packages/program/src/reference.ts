/** The definition: evaluation as docs/spec/program.md says it, in plain loops. Every faster executor is compared with it. */
import { OP, REGISTER } from "./instructions.ts";
import { firstInstructionRegister, resultElements, type Segment, SPACE, segmentResults } from "./kernel.ts";
import { SCALAR } from "./scalar.ts";
import { allocateTensor, checkTensors, readElement, writeElement } from "./tensors.ts";
import type { Access, Coordinate, Kernel, Program, Tensor } from "./types.ts";
import { inGroup } from "./validate.ts";

/** Packed data of all tensors; results that no one reads may be missing. */
export type Tensors = {
  readonly inputs: readonly Uint8Array[];
  readonly weights: readonly Uint8Array[];
  readonly results: readonly (Uint8Array | undefined)[];
};

/** Gives the widened word at an address of access `a` that is inside. */
export type Reader = (a: number, address: number) => number;

/** Row-major digits of `index` over `extents`. */
export function digits(index: number, extents: readonly number[]): number[] {
  const out = new Array<number>(extents.length);
  let rest = index;
  for (let i = extents.length - 1; i >= 0; i--) {
    out[i] = rest % extents[i]!;
    rest = Math.floor(rest / extents[i]!);
  }
  return out;
}

/** How many addresses of access's source kernel k may see at first loop index t. */
export function visibleLength(kernel: Kernel, k: number, access: Access, t: number): number {
  if (access.space !== SPACE.result || !inGroup(kernel, k, access.index)) return access.length;
  const slice = access.length / kernel.loops[0]!;
  return access.index < k ? (t + 1) * slice : t * slice;
}

function coordinateValue({ base, coef }: Coordinate, registers: Int32Array, r: number): number {
  let value = base;
  for (let i = 0; i < coef.length; i++) {
    const index = i < r ? REGISTER.loop + i : REGISTER.fold + i - r;
    value = (value + Math.imul(coef[i]!, registers[index]!)) | 0;
  }
  return value;
}

/** The address of a read, or −1 if it is outside the box or the first `length` elements. `added`: words of dynamic coordinates. */
function addressOf(access: Access, registers: Int32Array, r: number, added: readonly number[], length: number): number {
  let address = 0;
  let used = 0;
  for (const [j, coordinate] of access.coordinates.entries()) {
    let value = coordinateValue(coordinate, registers, r);
    if (access.dynMask & (1 << j)) value = (value + added[used++]!) | 0;
    if (value >>> 0 >= coordinate.extent) return -1;
    address += (value >>> 0) * coordinate.stride;
  }
  return address < length ? address : -1;
}

/** One element's evaluation: a kernel, its number, the element's loop indices in the register file, and where reads come from. */
export class Evaluation {
  readonly kernel: Kernel;
  readonly k: number;
  readonly read: Reader;
  readonly registers = new Int32Array(256);
  readonly lengths: readonly number[];

  constructor(kernel: Kernel, k: number, e: number, read: Reader) {
    this.kernel = kernel;
    this.k = k;
    this.read = read;
    const loops = digits(e, kernel.loops);
    this.registers.set(loops, REGISTER.loop);
    this.registers.set(kernel.constants, REGISTER.constant);
    this.lengths = kernel.accesses.map((access) => visibleLength(kernel, k, access, loops[0] ?? 0));
  }

  /** The address that access `a` has now, or −1 when it is outside. */
  address(a: number, b: number, c: number): number {
    const { kernel, registers } = this;
    const added = [registers[b]!, registers[c]!];
    return addressOf(kernel.accesses[a]!, registers, kernel.loops.length, added, this.lengths[a]!);
  }

  load(a: number, b: number, c: number): number {
    const address = this.address(a, b, c);
    return address < 0 ? this.kernel.accesses[a]!.elseWord : this.read(a, address);
  }

  /** Runs a segment; its results. */
  run(segment: Segment): number[] {
    const { kernel, registers } = this;
    let target = firstInstructionRegister(kernel);
    for (const [op, a, b, c] of kernel[segment])
      registers[target++] =
        op === OP.ld ? this.load(a, b, c) : SCALAR[op]!(registers[a]!, registers[b]!, registers[c]!);
    return segmentResults(kernel, segment).map((register) => registers[register]!);
  }

  setFold(indices: readonly number[]): void {
    this.registers.set(indices, REGISTER.fold);
  }

  setState(state: readonly number[]): void {
    this.registers.set(state, REGISTER.state);
  }

  /** The word before narrowing. */
  word(): number {
    const { folds } = this.kernel;
    if (folds.length === 0) return this.run("done")[0]!;
    this.setState(this.run("init"));
    const steps = folds.reduce((all, extent) => all * extent, 1);
    for (let f = 0; f < steps; f++) {
      this.setFold(digits(f, folds));
      this.setState(this.run("step"));
    }
    this.setFold(folds.map(() => 0));
    return this.run("done")[0]!;
  }
}

/** The tensor that an access reads. */
export function sourceData(tensors: Tensors, { space, index }: { space: number; index: number }): Uint8Array {
  const data = [tensors.inputs, tensors.weights, tensors.results][space]![index];
  if (!data) throw new TypeError(`tensor ${index} of space ${space} is needed and not given`);
  return data;
}

/** The word of element e of result k before it is narrowed to the kernel's outType. */
export function evaluateElement(program: Program, k: number, e: number, tensors: Tensors): number {
  const kernel = program.kernels[k]!;
  const sources = kernel.accesses.map((access) => ({ data: sourceData(tensors, access), dtype: access.dtype }));
  const read: Reader = (a, address) => readElement(sources[a]!.data, sources[a]!.dtype, address);
  return new Evaluation(kernel, k, e, read).word();
}

function runGroup(program: Program, first: number, tensors: Tensors): void {
  const members = program.kernels.slice(first, first + program.kernels[first]!.groupSize);
  const T = members[0]!.loops[0] ?? 1;
  for (let t = 0; t < T; t++)
    for (const [i, kernel] of members.entries()) {
      const slice = resultElements(kernel) / T;
      const result = tensors.results[first + i]!;
      for (let e = t * slice; e < (t + 1) * slice; e++)
        writeElement(result, kernel.outType, e, evaluateElement(program, first + i, e, tensors));
    }
}

/** Packed results of all kernels of a valid Program. @throws TensorError if an input or weight is not what the header says. */
export function runReference(program: Program, weights: readonly Tensor[], inputs: readonly Tensor[]): Uint8Array[] {
  checkTensors("weight", program.weights, weights);
  checkTensors("input", program.inputs, inputs);
  const results = program.kernels.map((kernel) => allocateTensor(kernel.outType, resultElements(kernel)));
  const tensors = { inputs: inputs.map(({ data }) => data), weights: weights.map(({ data }) => data), results };
  for (let k = 0; k < program.kernels.length; k += program.kernels[k]!.groupSize) runGroup(program, k, tensors);
  return results;
}

/** The outputs among the results, with the header's dims. */
export const outputsOf = (program: Program, results: readonly Uint8Array[]): Tensor[] =>
  program.outputs.map(({ kernel, dims }) => ({
    dtype: program.kernels[kernel]!.outType,
    dims,
    data: results[kernel]!,
  }));
