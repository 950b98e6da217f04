import { bits, product } from "./kernel.mjs";
import { WIDTH } from "./roots.mjs";

// ---- program.md: instructions on unsigned words ------------------------------
export const scratch = new DataView(new ArrayBuffer(4));
export const f32 = (w) => {
  scratch.setUint32(0, w);
  return scratch.getFloat32(0);
};
export const bitsOf = (x) => {
  scratch.setFloat32(0, x);
  return Number.isNaN(x) ? 0x7fc00000 : scratch.getUint32(0);
};
export const isNaNWord = (w) => (w & 0x7fffffff) >>> 0 > 0x7f800000;
export const half = (x) => {
  if (!Number.isFinite(x)) return x;
  const low = Math.floor(x);
  const frac = x - low;
  const rounded = frac < 0.5 ? low : frac > 0.5 ? low + 1 : low % 2 === 0 ? low : low + 1;
  return rounded === 0 && (x < 0 || Object.is(x, -0)) ? -0 : rounded;
};
export const less = (x, y) => x < y || (x === y && Object.is(x, -0) && !Object.is(y, -0));
export const truncate = (x) => {
  if (Number.isNaN(x)) return 0;
  return x >= 2147483647 ? 0x7fffffff : x <= -2147483648 ? 0x80000000 : Math.trunc(x) >>> 0;
};
export const INT_MIN = -2147483648;
export const OPS = {
  1: (a, b) => bitsOf(f32(a) + f32(b)),
  2: (a, b) => bitsOf(f32(a) - f32(b)),
  3: (a, b) => bitsOf(f32(a) * f32(b)),
  4: (a, b) => bitsOf(f32(a) / f32(b)),
  5: (a) => bitsOf(Math.sqrt(f32(a))),
  6: (a, b) => (isNaNWord(a) || isNaNWord(b) ? 0x7fc00000 : less(f32(b), f32(a)) ? b : a),
  7: (a, b) => (isNaNWord(a) || isNaNWord(b) ? 0x7fc00000 : less(f32(a), f32(b)) ? b : a),
  8: (a) => (isNaNWord(a) ? 0x7fc00000 : (a ^ 0x80000000) >>> 0),
  9: (a) => (isNaNWord(a) ? 0x7fc00000 : (a & 0x7fffffff) >>> 0),
  10: (a) => bitsOf(Math.floor(f32(a))),
  11: (a) => bitsOf(half(f32(a))),
  12: (a, b) => Number(f32(a) < f32(b)),
  13: (a, b) => Number(f32(a) <= f32(b)),
  14: (a, b) => Number(f32(a) === f32(b)),
  15: (a) => bitsOf(Math.fround(a | 0)),
  16: (a) => truncate(f32(a)),
  17: (a, b) => (a + b) >>> 0,
  18: (a, b) => (a - b) >>> 0,
  19: (a, b) => Math.imul(a, b) >>> 0,
  20: (a, b) => Number((BigInt(a) * BigInt(b)) >> 32n),
  21: (a, b) => (b === 0 ? 0 : (a | 0) === INT_MIN && (b | 0) === -1 ? a : Math.trunc((a | 0) / (b | 0)) >>> 0),
  22: (a, b) => (b === 0 || ((a | 0) === INT_MIN && (b | 0) === -1) ? 0 : ((a | 0) % (b | 0)) >>> 0),
  23: (a, b) => (b === 0 ? 0 : Math.floor(a / b)),
  24: (a, b) => (b === 0 ? 0 : a % b),
  25: (a, b) => ((a | 0) < (b | 0) ? a : b),
  26: (a, b) => ((a | 0) < (b | 0) ? b : a),
  27: (a, b) => Number((a | 0) < (b | 0)),
  28: (a, b) => Number(a < b),
  29: (a, b) => Number(a === b),
  30: (a, b) => (a & b) >>> 0,
  31: (a, b) => (a | b) >>> 0,
  32: (a, b) => (a ^ b) >>> 0,
  33: (a, b) => (a << (b & 31)) >>> 0,
  34: (a, b) => ((a | 0) >> (b & 31)) >>> 0,
  35: (a, b) => a >>> (b & 31),
  36: (a, b, c) => (a !== 0 ? b : c),
};

// ---- program.md: evaluation --------------------------------------------------
export const load = (dtype, data, i) => {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  return dtype <= 1 ? view.getUint32(4 * i, true) : dtype === 2 ? view.getInt8(i) >>> 0 : view.getUint8(i);
};
export const store = (dtype, data, i, w) => {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  if (dtype <= 1) view.setUint32(4 * i, w, true);
  else view.setUint8(i, w & 255);
};
export const digits = (e, extents) => {
  const index = [];
  for (const extent of [...extents].reverse()) {
    index.unshift(e % extent);
    e = Math.floor(e / extent);
  }
  return index;
};

/** The address that access a reads, or undefined where the else-word holds. */
export const addressOf = (kernel, k, a, loop, fold, dynamic = [0, 0]) => {
  const access = kernel.accesses[a];
  const indices = [...loop, ...fold];
  let address = 0;
  for (const [j, c] of access.coordinates.entries()) {
    const slot = bits(access.dynMask).indexOf(j);
    const plain = c.base + c.coef.reduce((sum, f, i) => sum + f * indices[i], 0);
    const v = (plain + (slot >= 0 ? dynamic[slot] : 0)) >>> 0;
    if (v >= c.extent) return undefined;
    address += v * c.stride;
  }
  if (address >= access.length) return undefined;
  const first = k - kernel.groupPos;
  if (access.space === 2 && access.index >= first && access.index < first + kernel.groupSize) {
    const slice = access.length / kernel.loops[0];
    if (address >= (access.index < k ? loop[0] + 1 : loop[0]) * slice) return undefined;
  }
  return address;
};

/** The word of element e. readAt(a, address) gives the element under access a; beforeStep(n) is told of each step. */
export const evaluate = (kernel, k, e, readAt, beforeStep = () => {}) => {
  const { loops, folds, S, accesses, constants, results } = kernel;
  const loop = digits(e, loops);
  const registers = new Array(256).fill(0);
  const set = (first, words) => {
    for (const [i, v] of words.entries()) registers[first + i] = v;
  };
  set(4, loop);
  set(16, constants);
  const read = (a, dynamic) => {
    const address = addressOf(kernel, k, a, loop, registers.slice(12, 12 + folds.length), dynamic);
    return address === undefined ? accesses[a].elseWord : readAt(a, address);
  };
  const run = (segment) => {
    for (const [i, [op, a, b, c]] of segment.entries()) {
      const [x, y, z] = [registers[a], registers[b], registers[c]];
      registers[16 + constants.length + i] = op === 0 ? read(a, [y, z]) : OPS[op](x, y, z);
    }
  };
  const take = (list) =>
    set(
      0,
      list.map((reg) => registers[reg]),
    );
  if (S > 0) {
    run(kernel.init);
    take(results.slice(0, S));
    for (let f = 0; f < product(folds); f++) {
      beforeStep(f);
      set(12, digits(f, folds));
      run(kernel.step);
      take(results.slice(S, 2 * S));
    }
    set(
      12,
      folds.map(() => 0),
    );
  }
  run(kernel.done);
  return registers[results[2 * S]];
};

export const runProgram = (kernels, weights, inputs) => {
  const results = kernels.map((kernel) => new Uint8Array(product(kernel.loops) * WIDTH[kernel.outType]));
  const tensors = [inputs, weights, results];
  const compute = (k, e) => {
    const kernel = kernels[k];
    const readAt = (a, address) => {
      const { dtype, space, index } = kernel.accesses[a];
      return load(dtype, tensors[space][index], address);
    };
    store(kernel.outType, results[k], e, evaluate(kernel, k, e, readAt));
  };
  for (let k = 0; k < kernels.length; k += kernels[k].groupSize) {
    const T = kernels[k].loops[0] ?? 1;
    for (let t = 0; t < T; t++) {
      for (let m = k; m < k + kernels[k].groupSize; m++) {
        const slice = kernels[m].loops.length === 0 ? 1 : product(kernels[m].loops) / T;
        for (let e = t * slice; e < (t + 1) * slice; e++) compute(m, e);
      }
    }
  }
  return results;
};
