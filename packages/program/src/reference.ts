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

/** Evaluation of a kernel's elements: a register file, and where reads come from. */
export class Evaluation {
  readonly kernel: Kernel;
  readonly k: number;
  readonly read: Reader;
  readonly registers = new Int32Array(256);
  /** which segment runs */
  segment: Segment = "init";
  /** how much of each access's source is visible */
  private lengths: readonly number[] = [];
  private readonly next = new Int32Array(4);
  private readonly first: number;
  private readonly results: Readonly<Record<Segment, readonly number[]>>;

  constructor(kernel: Kernel, k: number, read: Reader) {
    this.kernel = kernel;
    this.k = k;
    this.read = read;
    this.first = firstInstructionRegister(kernel);
    this.results = {
      init: segmentResults(kernel, "init"),
      step: segmentResults(kernel, "step"),
      done: segmentResults(kernel, "done"),
    };
    this.registers.set(kernel.constants, REGISTER.constant);
  }

  /** The address that access `a` has now, −1 if outside; `b` and `c` are the registers of its dynamic coordinates. */
  address(a: number, b: number, c: number): number {
    const { kernel, registers } = this;
    const access = kernel.accesses[a]!;
    let address = 0;
    let register = b;
    for (let j = 0; j < access.coordinates.length; j++) {
      const coordinate = access.coordinates[j]!;
      let value = coordinateValue(coordinate, registers, kernel.loops.length);
      if (access.dynMask & (1 << j)) {
        value = (value + registers[register]!) >>> 0;
        register = c;
      }
      if (value >= coordinate.extent) return -1;
      address += value * coordinate.stride;
    }
    return address < this.lengths[a]! ? address : -1;
  }

  /** Fold indices of step f. */
  setFold(f: number): void {
    this.setDigits(f, this.kernel.folds, REGISTER.fold);
  }

  /** The word of element e before narrowing. `beforeRow` is told the first step of each pass of the last fold. */
  word(e: number, beforeRow?: (f: number) => void): number {
    const { kernel } = this;
    this.setDigits(e, kernel.loops, REGISTER.loop);
    const t = this.registers[REGISTER.loop]!;
    this.lengths = kernel.accesses.map((access) => visibleLength(kernel, this.k, access, t));
    if (kernel.folds.length > 0) this.fold(beforeRow);
    this.run("done");
    return this.registers[this.results.done[0]!]!;
  }

  private fold(beforeRow?: (f: number) => void): void {
    const row = this.kernel.folds.at(-1)!;
    const F = foldSteps(this.kernel);
    this.setFold(0);
    this.run("init");
    this.setState(this.results.init);
    for (let f = 0; f < F; f++) {
      if (f % row === 0) beforeRow?.(f);
      this.setFold(f);
      this.run("step");
      this.setState(this.results.step);
    }
    this.setFold(0);
  }

  private run(segment: Segment): void {
    const { kernel, registers } = this;
    this.segment = segment;
    const code = kernel[segment];
    for (let i = 0; i < code.length; i++) {
      const at = code[i]!;
      registers[this.first + i] =
        at[0] === OP.ld
          ? this.load(at[1], at[2], at[3])
          : this.apply(at[0], registers[at[1]]!, registers[at[2]]!, registers[at[3]]!);
    }
  }

  /** The word of an instruction. Tests that count operands override it. */
  protected apply(op: number, a: number, b: number, c: number): number {
    return SCALAR[op]!(a, b, c);
  }

  protected load(a: number, b: number, c: number): number {
    const address = this.address(a, b, c);
    return address < 0 ? this.kernel.accesses[a]!.elseWord : this.read(a, address);
  }

  /** All state words at once. */
  private setState(from: readonly number[]): void {
    for (let i = 0; i < from.length; i++) this.next[i] = this.registers[from[i]!]!;
    for (let i = 0; i < from.length; i++) this.registers[REGISTER.state + i] = this.next[i]!;
  }

  /** Row-major digits of `index`, into registers. */
  private setDigits(index: number, extents: readonly number[], register: number): void {
    let rest = index;
    for (let i = extents.length - 1; i >= 0; i--) {
      this.registers[register + i] = rest % extents[i]!;
      rest = Math.floor(rest / extents[i]!);
    }
  }
}

/** The tensor that an access reads. */
export function sourceData(tensors: Tensors, { space, index }: { space: number; index: number }): Uint8Array {
  const data = [tensors.inputs, tensors.weights, tensors.results][space]![index];
  if (!data) throw new TypeError(`tensor ${index} of space ${space} is needed and not given`);
  return data;
}

function evaluationOf(program: Program, k: number, tensors: Tensors): Evaluation {
  const kernel = program.kernels[k]!;
  const sources = kernel.accesses.map((access) => ({ data: sourceData(tensors, access), dtype: access.dtype }));
  return new Evaluation(kernel, k, (a, address) => readElement(sources[a]!.data, sources[a]!.dtype, address));
}

/** The word of element e of result k before it is narrowed to the kernel's outType. */
export const evaluateElement = (program: Program, k: number, e: number, tensors: Tensors): number =>
  evaluationOf(program, k, tensors).word(e);

function runGroup(program: Program, first: number, tensors: Tensors): void {
  const members = program.kernels.slice(first, first + program.kernels[first]!.groupSize);
  const evaluations = members.map((_, i) => evaluationOf(program, first + i, tensors));
  const T = members[0]!.loops[0] ?? 1;
  for (let t = 0; t < T; t++)
    for (const [i, kernel] of members.entries()) {
      const slice = resultElements(kernel) / T;
      const result = tensors.results[first + i]!;
      for (let e = t * slice; e < (t + 1) * slice; e++)
        writeElement(result, kernel.outType, e, evaluations[i]!.word(e));
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
