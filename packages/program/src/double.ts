/**
 * A Program's kernels with reals in double precision: what its results would be if f32 arithmetic did not round.
 * Not an executor: only how far rounding takes a Program is measured with it. A word that integer code makes or looks at is
 * 32 bits, as in the definition, so that exponents built from bits stay exact.
 */
import { OP, REGISTER } from "./instructions.ts";
import {
  DTYPE,
  firstInstructionRegister,
  foldSteps,
  product,
  resultElements,
  SEGMENTS,
  segmentResults,
} from "./kernel.ts";
import { visibleLength } from "./reference.ts";
import { SCALAR } from "./scalar.ts";
import { narrow, readElement } from "./tensors.ts";
import type { Access, Instruction, Kernel, Program, Tensor } from "./types.ts";

/** An exact word, or a real. */
type Cells = { readonly words: Int32Array; readonly reals: Float64Array; readonly isReal: Uint8Array };

const cells = (count: number): Cells => ({
  words: new Int32Array(count),
  reals: new Float64Array(count),
  isReal: new Uint8Array(count),
});

const word32 = new DataView(new ArrayBuffer(4));
const floatOf = (word: number): number => {
  word32.setInt32(0, word);
  return word32.getFloat32(0);
};
const wordOf = (real: number): number => {
  word32.setFloat32(0, real);
  return word32.getInt32(0);
};

const halfEven = (x: number): number => {
  const low = Math.floor(x);
  const off = x - low;
  if (off !== 0.5) return off < 0.5 ? low : low + 1;
  return low % 2 === 0 ? low : low + 1;
};

const REAL: Readonly<Record<number, (a: number, b: number) => number>> = {
  [OP.fadd]: (a, b) => a + b,
  [OP.fsub]: (a, b) => a - b,
  [OP.fmul]: (a, b) => a * b,
  [OP.fdiv]: (a, b) => a / b,
  [OP.fsqrt]: (a) => Math.sqrt(a),
  [OP.fmin]: (a, b) => Math.min(a, b),
  [OP.fmax]: (a, b) => Math.max(a, b),
  [OP.fneg]: (a) => -a,
  [OP.fabs]: (a) => Math.abs(a),
  [OP.ffloor]: (a) => Math.floor(a),
  [OP.frint]: halfEven,
};
const COMPARED: Readonly<Record<number, (a: number, b: number) => boolean>> = {
  [OP.flt]: (a, b) => a < b,
  [OP.fle]: (a, b) => a <= b,
  [OP.feq]: (a, b) => a === b,
};

/** Results of all kernels as numbers, in the order of the reference. */
export function runDouble(program: Program, weights: readonly Tensor[], inputs: readonly Tensor[]): Float64Array[] {
  const results = program.kernels.map((kernel) => cells(resultElements(kernel)));
  const given = [inputs.map(cellsOf), weights.map(cellsOf)];
  const source = ({ space, index }: Access): Cells => (space === 2 ? results[index]! : given[space]![index]!);
  for (let first = 0; first < program.kernels.length; first += program.kernels[first]!.groupSize) {
    const members = program.kernels.slice(first, first + program.kernels[first]!.groupSize);
    const evaluations = members.map((kernel, i) => evaluationOf(kernel, first + i, source));
    const T = members[0]!.loops[0] ?? 1;
    for (let t = 0; t < T; t++)
      for (const [i, kernel] of members.entries()) {
        const slice = resultElements(kernel) / T;
        for (let e = t * slice; e < (t + 1) * slice; e++) evaluations[i]!(e, results[first + i]!);
      }
  }
  return results.map((from) =>
    Float64Array.from(from.reals, (_, e) => (from.isReal[e] ? from.reals[e]! : from.words[e]!)),
  );
}

/** f32 tensors hold reals, others words. */
function cellsOf({ dtype, data, dims }: Tensor): Cells {
  const made = cells(product(dims));
  for (let e = 0; e < made.words.length; e++) {
    const word = readElement(data, dtype, e);
    if (dtype === DTYPE.f32) setReal(made, e, floatOf(word));
    else setWord(made, e, word);
  }
  return made;
}

function setWord({ words, isReal }: Cells, at: number, word: number): void {
  words[at] = word;
  isReal[at] = 0;
}
function setReal({ reals, isReal }: Cells, at: number, real: number): void {
  reals[at] = real;
  isReal[at] = 1;
}
function copy(to: Cells, at: number, from: Cells, i: number): void {
  to.words[at] = from.words[i]!;
  to.reals[at] = from.reals[i]!;
  to.isReal[at] = from.isReal[i]!;
}
const realAt = ({ words, reals, isReal }: Cells, i: number): number => (isReal[i] ? reals[i]! : floatOf(words[i]!));
const wordAt = ({ words, reals, isReal }: Cells, i: number): number => (isReal[i] ? wordOf(reals[i]!) : words[i]!);

type Act = () => void;

/** Computes element e into its place. */
function evaluationOf(kernel: Kernel, k: number, source: (access: Access) => Cells): (e: number, into: Cells) => void {
  const file = cells(256);
  kernel.constants.forEach((word, c) => setWord(file, REGISTER.constant + c, word | 0));
  const loads = kernel.accesses.map((access) => loadOf({ kernel, k, access, file, from: source(access) }));
  const [init, step, done] = SEGMENTS.map((segment) =>
    kernel[segment].map((code, i) => actOf(kernel, file, loads, code, i)),
  );
  const [first, next, last] = SEGMENTS.map((segment) => segmentResults(kernel, segment));
  const after = cells(4);
  const keep = (registers: readonly number[]): void => {
    for (const [s, register] of registers.entries()) copy(after, s, file, register);
    for (const s of registers.keys()) copy(file, REGISTER.state + s, after, s);
  };
  return (e, into) => {
    setDigits(file, e, kernel.loops, REGISTER.loop);
    setDigits(file, 0, kernel.folds, REGISTER.fold);
    if (kernel.folds.length > 0) {
      for (const act of init!) act();
      keep(first!);
      for (let f = 0; f < foldSteps(kernel); f++) {
        setDigits(file, f, kernel.folds, REGISTER.fold);
        for (const act of step!) act();
        keep(next!);
      }
      setDigits(file, 0, kernel.folds, REGISTER.fold);
    }
    for (const act of done!) act();
    if (kernel.outType === DTYPE.f32) setReal(into, e, realAt(file, last![0]!));
    else setWord(into, e, narrow(kernel.outType, wordAt(file, last![0]!)));
  };
}

/** Row-major digits of `index`, into registers. */
function setDigits(file: Cells, index: number, extents: readonly number[], register: number): void {
  let rest = index;
  for (let i = extents.length - 1; i >= 0; i--) {
    setWord(file, register + i, rest % extents[i]!);
    rest = Math.floor(rest / extents[i]!);
  }
}

type Loading = { kernel: Kernel; k: number; access: Access; file: Cells; from: Cells };

/** `ld` into register `to`, with the dynamic coordinates' registers. */
function loadOf({ kernel, k, access, file, from }: Loading): (to: number, b: number, c: number) => void {
  const { words } = file;
  const r = kernel.loops.length;
  const boxes = access.coordinates.map(({ base, extent, stride, coef }, j) => {
    const used = coef.flatMap((c, i) => (c === 0 ? [] : [i]));
    return {
      base,
      extent,
      stride,
      dynamic: (access.dynMask & (1 << j)) !== 0,
      factors: used.map((i) => coef[i]!),
      registers: used.map((i) => (i < r ? REGISTER.loop + i : REGISTER.fold + i - r)),
    };
  });
  const address = (b: number, c: number): number => {
    let sum = 0;
    let register = b;
    for (let j = 0; j < boxes.length; j++) {
      const { base, extent, stride, dynamic, factors, registers } = boxes[j]!;
      let value = base;
      for (let i = 0; i < factors.length; i++) value += factors[i]! * words[registers[i]!]!;
      if (dynamic) {
        value += wordAt(file, register);
        register = c;
      }
      const place = value >>> 0;
      if (place >= extent) return -1;
      sum += place * stride;
    }
    return sum < visibleLength(kernel, k, access, words[REGISTER.loop]!) ? sum : -1;
  };
  return (to, b, c) => {
    const at = address(b, c);
    if (at < 0) setWord(file, to, access.elseWord | 0);
    else copy(file, to, from, at);
  };
}

function actOf(
  kernel: Kernel,
  file: Cells,
  loads: readonly ((to: number, b: number, c: number) => void)[],
  [op, a, b, c]: Instruction,
  i: number,
): Act {
  const to = firstInstructionRegister(kernel) + i;
  if (op === OP.ld) return () => loads[a]!(to, b, c);
  if (op === OP.select) return () => copy(file, to, file, wordAt(file, a) !== 0 ? b : c);
  if (op === OP.i2f) return () => setReal(file, to, wordAt(file, a));
  const real = REAL[op];
  if (real) return () => setReal(file, to, real(realAt(file, a), realAt(file, b)));
  const compared = COMPARED[op];
  if (compared) return () => setWord(file, to, compared(realAt(file, a), realAt(file, b)) ? 1 : 0);
  if (op === OP.or) return () => joinWords(file, to, a, b);
  const scalar = SCALAR[op]!;
  return () => setWord(file, to, scalar(wordAt(file, a), wordAt(file, b), wordAt(file, c)));
}

/** Parts of a tensor are joined by `or`, all but one of them 0: that one stays a real. */
function joinWords(file: Cells, to: number, a: number, b: number): void {
  const [x, y] = [wordAt(file, a), wordAt(file, b)];
  if (x === 0 || y === 0) copy(file, to, file, x === 0 ? b : a);
  else setWord(file, to, x | y);
}
