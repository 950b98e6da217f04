/** A segment of a kernel (init, step or done) as straight-line code at one place of the loops. */
import type { Instruction } from "@opengradient/program";
import { F32, type Fn, get, I32, memory, OP, op, SIMD, set, simd, simdMemory, V128, v128Lanes } from "./emit.ts";
import { addConstant, type Form, type Forms, want } from "./forms.ts";
import { instruction, readsFloat, yieldsFloat } from "./instructions.ts";
import { FIRST_CONSTANT, FIRST_LOOP, I16, type Lowered, type Read } from "./lower.ts";
import { emitRead, type Place, type ReadForms, readForms, shiftOf } from "./reads.ts";
import { canonicalise, constant, nanOf, pop, pushF32, pushI32, pushVector, type Temps, type Value } from "./values.ts";

export type Segment = {
  readonly kernel: Lowered;
  readonly instructions: readonly Instruction[];
  readonly reads: ReadonlyMap<number, ReadForms>;
  readonly indices: ReadonlyMap<number, Form>;
};

const UNARY = new Set([5, 8, 9, 10, 11, 15, 16]);

/** Registers an instruction reads. */
export function operandsOf([opcode, a, b, c]: Instruction, dynamic: number): number[] {
  if (opcode === 0) return [b, c].slice(0, dynamic);
  if (opcode === 36) return [a, b, c];
  return UNARY.has(opcode) ? [a] : [a, b];
}

const isIndex = (register: number): boolean => register >= FIRST_LOOP && register < FIRST_CONSTANT;

/** Registers the forms that a segment needs while the loops run. */
export function prepareSegment(
  kernel: Lowered,
  forms: Forms,
  which: {
    readonly instructions: readonly Instruction[];
    readonly reads: readonly Read[];
    readonly results: readonly number[];
  },
): Segment {
  const reads = new Map<number, ReadForms>();
  const indices = new Map<number, Form>();
  const needIndex = (register: number): void => {
    if (!isIndex(register)) return;
    const axis = kernel.axisOf.get(register)!;
    const none = kernel.out.coef.map(() => 0);
    indices.set(register, want(forms, -1, { base: 0, coef: none.with(axis, 1) }));
  };
  for (const ins of which.instructions) {
    const read = ins[0] === 0 ? which.reads[ins[1]]! : undefined;
    if (read && !reads.has(ins[1])) reads.set(ins[1], readForms(forms, read));
    for (const register of operandsOf(ins, read?.dynamic.length ?? 0)) needIndex(register);
  }
  which.results.forEach(needIndex);
  return { kernel, instructions: which.instructions, reads, indices };
}

const formsOf = ({ pointer, element, origin, guards, visible }: ReadForms): Form[] =>
  [pointer, element, origin, visible, ...guards].filter((form) => form !== undefined);

/** Forms that run while the segment is in a loop. */
export function segmentForms({ reads, indices }: Segment): Form[] {
  return [...new Set([...indices.values(), ...[...reads.values()].flatMap(formsOf)])];
}

/** Words that places one row apart read alike, by access and the place's other shifts. */
export type Shared = { readonly rowAxis: number; readonly values: Map<string, Value> };

export type At = { readonly place: Place; readonly shared?: Shared | undefined };

/** "" when the word is not shared. */
function sharedKey({ place, shared }: At, access: number, forms: ReadForms): string {
  if (!shared || forms.read.dynamic.length > 0) return "";
  if (formsOf(forms).some((form) => form.coef[shared.rowAxis] !== 0)) return "";
  return [access, ...[...place.shift].filter(([axis]) => axis !== shared.rowAxis)].join();
}

export type Lookup = (register: number) => Value;

function indexValue(t: Temps, form: Form, place: Place): Value {
  const { f } = t;
  get(f, form.at);
  addConstant(f, shiftOf(form.coef, place.shift));
  if (place.laneAxis < 0 || form.coef[place.laneAxis] === 0) return pop(t, I32, "clean");
  simd(f, SIMD.i32x4Splat);
  v128Lanes(f, [0, 1, 2, 3]);
  simd(f, SIMD.i32x4Add);
  return pop(t, V128, "clean");
}

/** Instructions whose word some f32 instruction reads, so that a scalar `ld` may load it as one. */
function floatUses(s: Segment): Set<number> {
  const first = FIRST_CONSTANT + s.kernel.constants.length;
  const used = new Set<number>();
  for (const ins of s.instructions) {
    if (readsFloat(ins[0])) for (const register of operandsOf(ins, 0)) used.add(register - first);
  }
  return used;
}

/** A segment at one place, to be emitted instruction by instruction. */
type Emitter = { readonly emit: (instruction: number) => void; readonly lookup: Lookup };

function emitter(t: Temps, s: Segment, state: readonly Value[], at: At): Emitter {
  const { place, shared } = at;
  const first = FIRST_CONSTANT + s.kernel.constants.length;
  const values: Value[] = [];
  const indices = new Map<number, Value>();
  const lookup = (register: number): Value => {
    if (register >= first) return values[register - first]!;
    if (register >= FIRST_CONSTANT) return constant(s.kernel.constants[register - FIRST_CONSTANT]!);
    if (register < FIRST_LOOP) return state[register]!;
    const known = indices.get(register) ?? indexValue(t, s.indices.get(register)!, place);
    indices.set(register, known);
    return known;
  };
  const floats = floatUses(s);
  const zero = constant(0);
  const emit = (i: number): void => {
    const ins = s.instructions[i]!;
    const forms = ins[0] === 0 ? s.reads.get(ins[1])! : undefined;
    const operands = operandsOf(ins, forms?.read.dynamic.length ?? 0).map(lookup);
    const [a, b, c] = [operands[0] ?? zero, operands[1] ?? zero, operands[2] ?? zero];
    const key = forms ? sharedKey(at, ins[1], forms) : "";
    const known = key === "" ? undefined : shared?.values.get(key);
    const value =
      known ?? (forms ? emitRead(t, { forms, place, float: floats.has(i) }, [a, b]) : instruction(t, ins, [a, b, c]));
    if (key !== "") shared?.values.set(key, value);
    values.push(value);
  };
  return { emit, lookup };
}

/** Emits the segment; the lookup gives what its registers hold at its end. */
export function evaluate(t: Temps, s: Segment, state: readonly Value[], at: At): Lookup {
  return evaluateTogether(t, s, [{ state, at }])[0]!;
}

/** Emits the segment for several places by turns, so that one's instructions need not wait for each other. */
export function evaluateTogether(
  t: Temps,
  s: Segment,
  places: readonly { readonly state: readonly Value[]; readonly at: At }[],
): Lookup[] {
  const emitters = places.map(({ state, at }) => emitter(t, s, state, at));
  for (const i of s.instructions.keys()) for (const { emit } of emitters) emit(i);
  return emitters.map(({ lookup }) => lookup);
}

/** Places whose code is emitted by turns: four of long code, since it is mostly one chain of instructions. */
export const placesTogether = ({ instructions }: Pick<Segment, "instructions">): number =>
  instructions.length <= LONG_CODE ? 1 : 4;

/** So much code the processor looks through by itself. */
export const LONG_CODE = 8;

export type StateShape = {
  /** a scalar state word held as f32 */
  readonly float: readonly boolean[];
  /** some instruction of `step` sees the word's bits, so that it never holds a raw NaN */
  readonly seen: readonly boolean[];
};

function isFloatResult(k: Lowered, register: number): boolean {
  const first = FIRST_CONSTANT + k.constants.length;
  const ins = k.step[register - first];
  if (!ins) return false;
  if (ins[0] === 0) return k.inner[ins[1]]!.dtype === 0;
  if (ins[0] === 36) return isFloatResult(k, ins[2]) || isFloatResult(k, ins[3]);
  return yieldsFloat(ins[0]);
}

export function stateShape(k: Lowered): StateShape {
  const stepResults = k.results.slice(k.state, 2 * k.state);
  const seen = new Array<boolean>(k.state).fill(false);
  for (const ins of k.step) {
    if (readsFloat(ins[0])) continue;
    const dynamic = ins[0] === 0 ? k.inner[ins[1]]!.dynamic.length : 0;
    for (const register of operandsOf(ins, dynamic)) if (register < k.state) seen[register] = true;
  }
  for (const register of stepResults) if (register < k.state) seen[register] = true;
  return { float: stepResults.map((register) => isFloatResult(k, register)), seen };
}

/** Sets all state words at once from the results of a segment. */
export function assignState(f: Fn, state: readonly Value[], results: readonly Value[], shape: StateShape): void {
  // all of them first: one value may be the result for several words, of which some would be set to its raw NaN
  results.forEach((value, j) => {
    if (state[j]!.kind === "local" && shape.seen[j]) canonicalise(f, value);
  });
  results.forEach((value, j) => {
    const target = state[j]!;
    if (target.kind !== "local") return;
    if (target.type === V128) pushVector(f, value, "float");
    else if (target.type === F32) pushF32(f, value);
    else pushI32(f, value);
  });
  for (const target of state.toReversed()) if (target.kind === "local") set(f, target.index);
}

/** The same locals with the NaN status that a segment reads them with. */
export function stateAs(state: readonly Value[], nan: (j: number) => "raw" | "dirty"): Value[] {
  return state.map((v, j) => (v.kind === "local" ? { ...v, nan: nan(j) } : v));
}

/** After the fold a state word is a raw NaN of the last step, unless that was made canonical when it was set. */
export function foldedNan(results: readonly Value[]): (j: number) => "raw" | "dirty" {
  return (j) => (nanOf(results[j]!) === "dirty" ? "dirty" : "raw");
}

export type Target = { readonly kernel: Lowered; readonly out: Form; readonly place: Place };

const outWidth = ({ outType }: Lowered): 1 | 2 | 4 => (outType === I16 ? 2 : outType < 2 ? 4 : 1);

export function outForm(k: Lowered, forms: Forms): Form {
  return want(forms, k.sources.length, k.out, outWidth(k));
}

const LANE_STORE = { 1: SIMD.store8Lane, 2: SIMD.store16Lane, 4: SIMD.store32Lane } as const;
const SCALAR_STORE = { 1: OP.i32Store8, 2: OP.i32Store16, 4: OP.i32Store } as const;

function storeLanes(
  f: Fn,
  value: Value,
  out: Form,
  at: { offset: number; laneStride: number; width: 1 | 2 | 4 },
): void {
  canonicalise(f, value);
  for (let lane = 0; lane < 4; lane++) {
    get(f, out.at);
    pushVector(f, value, "bits");
    simdMemory(f, LANE_STORE[at.width], at.offset + lane * at.laneStride);
    op(f, (4 / at.width) * lane);
  }
}

export function store(f: Fn, { kernel, out, place }: Target, value: Value): void {
  const width = outWidth(kernel);
  const offset = shiftOf(out.coef, place.shift);
  const laneStride = place.laneAxis < 0 ? 0 : out.coef[place.laneAxis]!;
  if (place.laneAxis >= 0 && laneStride !== width) {
    storeLanes(f, value, out, { offset, laneStride, width });
    return;
  }
  get(f, out.at);
  if (place.laneAxis < 0) {
    pushI32(f, value);
    memory(f, SCALAR_STORE[width], offset);
    return;
  }
  pushVector(f, value, "bits");
  if (width === 4) {
    simdMemory(f, SIMD.store, offset);
    return;
  }
  // the low ends of the four words, side by side
  pushVector(f, value, "bits");
  simd(f, SIMD.shuffle);
  for (let i = 0; i < 16; i++) op(f, (4 * Math.floor(i / width) + (i % width)) % 16);
  simdMemory(f, width === 1 ? SIMD.store32Lane : SIMD.store64Lane, offset);
  op(f, 0);
}
