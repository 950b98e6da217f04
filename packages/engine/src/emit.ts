/** WebAssembly, byte by byte: functions under construction, and the module around them. */

export const I32 = 0x7f;
export const F32 = 0x7d;
export const V128 = 0x7b;
export type ValueType = typeof I32 | typeof F32 | typeof V128;

/** A function under construction. Locals are pooled: what `release` gives back, `local` gives out again. */
export type Fn = {
  readonly params: readonly ValueType[];
  readonly code: number[];
  readonly locals: ValueType[];
  readonly free: Record<ValueType, number[]>;
  /** calls whose function's index is written when this function joins a module */
  readonly calls: { readonly at: number; readonly callee: Fn }[];
};

export function newFunction(params: readonly ValueType[]): Fn {
  return { params, code: [], locals: [], free: { [I32]: [], [F32]: [], [V128]: [] }, calls: [] };
}

export function local(f: Fn, type: ValueType): number {
  const free = f.free[type].pop();
  if (free !== undefined) return free;
  f.locals.push(type);
  return f.params.length + f.locals.length - 1;
}

export function release(f: Fn, type: ValueType, index: number): void {
  f.free[type].push(index);
}

export function unsigned(code: number[], value: number): void {
  let rest = value >>> 0;
  while (rest >= 0x80) {
    code.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  code.push(rest);
}

function signed(code: number[], value: number): void {
  let rest = value | 0;
  for (;;) {
    const byte = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && (byte & 0x40) === 0) || (rest === -1 && (byte & 0x40) !== 0)) {
      code.push(byte);
      return;
    }
    code.push(byte | 0x80);
  }
}

export const op = (f: Fn, ...bytes: number[]): void => void f.code.push(...bytes);

export function get(f: Fn, index: number): void {
  f.code.push(0x20);
  unsigned(f.code, index);
}

export function set(f: Fn, index: number): void {
  f.code.push(0x21);
  unsigned(f.code, index);
}

export function tee(f: Fn, index: number): void {
  f.code.push(0x22);
  unsigned(f.code, index);
}

/** Modulo 2³². */
export function i32(f: Fn, value: number): void {
  f.code.push(0x41);
  signed(f.code, value);
}

const word = (bits: number): number[] => [bits & 255, (bits >>> 8) & 255, (bits >>> 16) & 255, bits >>> 24];

export function f32Bits(f: Fn, bits: number): void {
  f.code.push(0x43, ...word(bits));
}

export function v128Lanes(f: Fn, lanes: readonly [number, number, number, number]): void {
  simd(f, 0x0c);
  for (const lane of lanes) f.code.push(...word(lane));
}

export function simd(f: Fn, code: number): void {
  f.code.push(0xfd);
  unsigned(f.code, code);
}

/** Loads and stores promise no alignment: only speed depends on it. */
export function memory(f: Fn, code: number, offset: number): void {
  f.code.push(code, 0);
  unsigned(f.code, offset);
}

export function simdMemory(f: Fn, code: number, offset: number): void {
  simd(f, code);
  f.code.push(0);
  unsigned(f.code, offset);
}

/** A number in five bytes, whatever its size, so that it can be written later. */
function padded(value: number): number[] {
  return [0, 7, 14, 21].map((shift) => ((value >>> shift) & 0x7f) | 0x80).concat(value >>> 28);
}

export function call(f: Fn, callee: Fn): void {
  f.code.push(0x10);
  f.calls.push({ at: f.code.length, callee });
  f.code.push(...padded(0));
}

export const OP = {
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  select: 0x1b,
  void: 0x40,
  i32Load: 0x28,
  f32Load: 0x2a,
  i32Load8S: 0x2c,
  i32Load8U: 0x2d,
  i32Store: 0x36,
  i32Store8: 0x3a,
  i32Store16: 0x3b,
  i32Eqz: 0x45,
  i32Eq: 0x46,
  i32LtS: 0x48,
  i32LtU: 0x49,
  f32Eq: 0x5b,
  f32Lt: 0x5d,
  f32Le: 0x5f,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32Mul: 0x6c,
  i32DivS: 0x6d,
  i32DivU: 0x6e,
  i32RemS: 0x6f,
  i32RemU: 0x70,
  i32And: 0x71,
  i32Or: 0x72,
  i32Xor: 0x73,
  i32Shl: 0x74,
  i32ShrS: 0x75,
  i32ShrU: 0x76,
  i64Mul: 0x7e,
  i64ShrU: 0x88,
  f32Abs: 0x8b,
  f32Neg: 0x8c,
  f32Floor: 0x8e,
  f32Nearest: 0x90,
  f32Sqrt: 0x91,
  f32Add: 0x92,
  f32Sub: 0x93,
  f32Mul: 0x94,
  f32Div: 0x95,
  f32Min: 0x96,
  f32Max: 0x97,
  i32WrapI64: 0xa7,
  i64ExtendI32U: 0xad,
  f32ConvertI32S: 0xb2,
  i32ReinterpretF32: 0xbc,
  f32ReinterpretI32: 0xbe,
} as const;

export const SIMD = {
  load: 0x00,
  load32Splat: 0x09,
  store: 0x0b,
  shuffle: 0x0d,
  i32x4Splat: 0x11,
  f32x4Splat: 0x13,
  i32x4Extract: 0x1b,
  i32x4Replace: 0x1c,
  i32x4Eq: 0x37,
  i32x4Ne: 0x38,
  i32x4LtS: 0x39,
  i32x4LtU: 0x3a,
  f32x4Eq: 0x41,
  f32x4Lt: 0x43,
  f32x4Le: 0x45,
  and: 0x4e,
  andnot: 0x4f,
  or: 0x50,
  xor: 0x51,
  bitselect: 0x52,
  store8Lane: 0x58,
  store16Lane: 0x59,
  store32Lane: 0x5a,
  store64Lane: 0x5b,
  load32Zero: 0x5c,
  f32x4Floor: 0x68,
  f32x4Nearest: 0x6a,
  i16x8ExtendLowS: 0x87,
  i16x8ExtendLowU: 0x89,
  i32x4ExtendLowS: 0xa7,
  i32x4ExtendLowU: 0xa9,
  i32x4Shl: 0xab,
  i32x4ShrS: 0xac,
  i32x4ShrU: 0xad,
  i32x4Add: 0xae,
  i32x4Sub: 0xb1,
  i32x4Mul: 0xb5,
  i32x4MinS: 0xb6,
  i32x4MaxS: 0xb8,
  i32x4DotI16: 0xba,
  f32x4Abs: 0xe0,
  f32x4Neg: 0xe1,
  f32x4Sqrt: 0xe3,
  f32x4Add: 0xe4,
  f32x4Sub: 0xe5,
  f32x4Mul: 0xe6,
  f32x4Div: 0xe7,
  f32x4Min: 0xe8,
  f32x4Max: 0xe9,
  i32x4TruncSatF32S: 0xf8,
  f32x4ConvertI32S: 0xfa,
} as const;

/** `i32.trunc_sat_f32_s` */
export const truncSat = (f: Fn): void => op(f, 0xfc, 0x00);

/** Functions with the same types and bytes are one. Indices are final as soon as they are given. */
export type ModuleBuilder = {
  readonly bodies: Uint8Array[];
  readonly typeOf: number[];
  readonly types: Map<string, number>;
  readonly known: Map<string, number>;
  readonly exports: Map<string, number>;
};

export function newModule(): ModuleBuilder {
  return { bodies: [], typeOf: [], types: new Map(), known: new Map(), exports: new Map() };
}

function bodyOf(f: Fn): Uint8Array {
  const runs: { type: ValueType; count: number }[] = [];
  for (const type of f.locals) {
    const last = runs.at(-1);
    if (last?.type === type) last.count++;
    else runs.push({ type, count: 1 });
  }
  const body: number[] = [];
  unsigned(body, runs.length);
  for (const run of runs) {
    unsigned(body, run.count);
    body.push(run.type);
  }
  const bytes = new Uint8Array(body.length + f.code.length + 1);
  bytes.set(body);
  bytes.set(f.code, body.length);
  bytes[bytes.length - 1] = OP.end;
  return bytes;
}

const ascii = new TextDecoder("latin1");

export function addFunction(m: ModuleBuilder, f: Fn): number {
  for (const { at, callee } of f.calls) f.code.splice(at, 5, ...padded(addFunction(m, callee)));
  const body = bodyOf(f);
  const typeKey = f.params.join();
  const key = `${typeKey};${ascii.decode(body)}`;
  const known = m.known.get(key);
  if (known !== undefined) return known;
  const type = m.types.get(typeKey) ?? m.types.size;
  m.types.set(typeKey, type);
  m.known.set(key, m.bodies.length);
  m.bodies.push(body);
  m.typeOf.push(type);
  return m.bodies.length - 1;
}

type Chunks = (readonly number[] | Uint8Array)[];

function section(chunks: Chunks, id: number, content: Chunks): void {
  const head = [id];
  unsigned(
    head,
    content.reduce((sum, { length }) => sum + length, 0),
  );
  chunks.push(head);
  for (const chunk of content) chunks.push(chunk);
}

function name(content: number[], text: string): void {
  unsigned(content, text.length);
  content.push(...new TextEncoder().encode(text));
}

function typeSection(m: ModuleBuilder): number[] {
  const out: number[] = [];
  unsigned(out, m.types.size);
  for (const key of m.types.keys()) {
    const params = key === "" ? [] : key.split(",").map(Number);
    out.push(0x60);
    unsigned(out, params.length);
    out.push(...params, 0);
  }
  return out;
}

/** Limits with a maximum; `isShared`: threads may have it together. */
function memoryImport(pages: number, isShared: boolean): number[] {
  const out = [1];
  name(out, "env");
  name(out, "memory");
  out.push(0x02, isShared ? 0x03 : 0x01);
  unsigned(out, pages);
  unsigned(out, pages);
  return out;
}

function exportSection(m: ModuleBuilder): number[] {
  const out: number[] = [];
  unsigned(out, m.exports.size);
  for (const [text, index] of m.exports) {
    name(out, text);
    out.push(0);
    unsigned(out, index);
  }
  return out;
}

/** The module imports its memory as `env.memory` and exports functions by name. */
export function encodeModule(m: ModuleBuilder, pages: number, isShared: boolean): Uint8Array {
  const functions: number[] = [];
  unsigned(functions, m.typeOf.length);
  for (const type of m.typeOf) unsigned(functions, type);
  const count: number[] = [];
  unsigned(count, m.bodies.length);
  const code: Chunks = [count];
  for (const body of m.bodies) {
    const size: number[] = [];
    unsigned(size, body.length);
    code.push(size, body);
  }
  const chunks: Chunks = [[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]];
  section(chunks, 1, [typeSection(m)]);
  section(chunks, 2, [memoryImport(pages, isShared)]);
  section(chunks, 3, [functions]);
  section(chunks, 7, [exportSection(m)]);
  section(chunks, 10, code);
  const out = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    out.set(chunk, at);
    at += chunk.length;
  }
  return out;
}
