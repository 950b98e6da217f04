/** The definition: evaluation as docs/spec/program.md says it, in plain loops. Every faster executor is compared with it. */
import { OP, REGISTER } from "./instructions.ts";
import { firstInstructionRegister, foldSteps, resultElements, type Segment, SPACE, segmentResults } from "./kernel.ts";
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

/** base + Σ coef·index modulo 2³², unsigned. */
function coordinateValue({ base, coef }: Coordinate, registers: Int32Array, r: number): number {
  let value = base;
  for (let i = 0; i < coef.length; i++)
    value += Math.imul(coef[i]!, registers[i < r ? REGISTER.loop + i : REGISTER.fold + i - r]!);
  return value >>> 0;
}

/** One element's evaluation: a register file, and where reads come from. */
export class Evaluation {
  readonly kernel: Kernel;
  readonly registers = new Int32Array(256);
  readonly read: Reader;
  /** how much of each access's source is visible */
  readonly lengths: readonly number[];
  segment: Segment = "init";

  constructor(kernel: Kernel, k: number, e: number, read: Reader) {
    this.kernel = kernel;
    this.read = read;
    const loops = digits(e, kernel.loops);
    this.registers.set(loops, REGISTER.loop);
    this.registers.set(kernel.constants, REGISTER.constant);
    this.lengths = kernel.accesses.map((access) => visibleLength(kernel, k, access, loops[0] ?? 0));
  }

  /** The address that access `a` has now, −1 if outside; `b` and `c` are the registers of its dynamic coordinates. */
  address(a: number, b: number, c: number): number {
    const { kernel, registers } = this;
    const access = kernel.accesses[a]!;
    const r = kernel.loops.length;
    let address = 0;
    let register = b;
    for (let j = 0; j < access.coordinates.length; j++) {
      const coordinate = access.coordinates[j]!;
      let value = coordinateValue(coordinate, registers, r);
      if (access.dynMask & (1 << j)) {
        value = (value + registers[register]!) >>> 0;
        register = c;
      }
      if (value >= coordinate.extent) return -1;
      address += value * coordinate.stride;
    }
    return address < this.lengths[a]! ? address : -1;
  }

  load(a: number, b: number, c: number): number {
    const address = this.address(a, b, c);
    return address < 0 ? this.kernel.accesses[a]!.elseWord : this.read(a, address);
  }

  /** Runs a segment and gives its result registers. */
  run(segment: Segment): readonly number[] {
    const { kernel, registers } = this;
    this.segment = segment;
    let target = firstInstructionRegister(kernel);
    for (const instruction of kernel[segment]) {
      const [op, a, b, c] = instruction;
      registers[target++] =
        op === OP.ld ? this.load(a, b, c) : SCALAR[op]!(registers[a]!, registers[b]!, registers[c]!);
    }
    return segmentResults(kernel, segment);
  }

  setFold(f: number): void {
    this.registers.set(digits(f, this.kernel.folds), REGISTER.fold);
  }

  /** All state words at once, from registers. */
  setState(from: readonly number[]): void {
    this.registers.set(
      from.map((register) => this.registers[register]!),
      REGISTER.state,
    );
  }

  /** The word before narrowing. `beforeRow` is told the first step of each pass of the last fold. */
  word(beforeRow?: (f: number) => void): number {
    const { folds } = this.kernel;
    if (folds.length > 0) {
      this.setState(this.run("init"));
      const row = folds.at(-1)!;
      const F = foldSteps(this.kernel);
      for (let f = 0; f < F; f++) {
        if (f % row === 0) beforeRow?.(f);
        this.setFold(f);
        this.setState(this.run("step"));
      }
      this.setFold(0);
    }
    return this.registers[this.run("done")[0]!]!;
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

/** Packed result of kernel k, which is alone in its group. */
export function runKernel(program: Program, k: number, tensors: Tensors): Uint8Array {
  const kernel = program.kernels[k]!;
  const result = allocateTensor(kernel.outType, resultElements(kernel));
  for (let e = 0; e < resultElements(kernel); e++)
    writeElement(result, kernel.outType, e, evaluateElement(program, k, e, tensors));
  return result;
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
