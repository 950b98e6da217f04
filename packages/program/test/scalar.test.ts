import { describe, expect, it } from "vitest";
import { OP, type OpName, SCALAR } from "../src/index.ts";

const run = (name: OpName, a: number, b = 0, c = 0): number => SCALAR[OP[name]]!(a | 0, b | 0, c | 0) >>> 0;

const view = new DataView(new ArrayBuffer(4));
/** The word of a number that is an f32. */
const f = (value: number): number => {
  view.setFloat32(0, value);
  return view.getUint32(0);
};

const NAN = 0x7fc00000;
const INF = 0x7f800000;
const NEG_INF = 0xff800000;
const MINUS_0 = 0x80000000;
const TINY = 0x00000001;
const SUB_MAX = 0x007fffff;
const MAX = 0x7f7fffff;
const PAYLOADS = [0x7f800001, 0x7fbfffff, 0xffc12345, 0xffffffff, 0x7fc00001];
const MIN_INT = 0x80000000;

type Row = readonly [name: OpName, operands: readonly number[], result: number];

const ROWS: readonly Row[] = [
  ["fadd", [f(1), f(2)], f(3)],
  ["fadd", [MINUS_0, MINUS_0], MINUS_0],
  ["fadd", [0, MINUS_0], 0],
  ["fadd", [f(1), f(-1)], 0],
  ["fadd", [INF, NEG_INF], NAN],
  ["fadd", [MAX, MAX], INF],
  ["fadd", [MAX, 0x73000000], INF],
  ["fadd", [MAX, 0x72ffffff], MAX],
  ["fadd", [TINY, TINY], 2],
  ["fadd", [0x4b800000, f(1)], 0x4b800000],
  ["fadd", [0x4b800001, f(1)], 0x4b800002],
  ["fsub", [0, 0], 0],
  ["fsub", [MINUS_0, 0], MINUS_0],
  ["fsub", [INF, INF], NAN],
  ["fsub", [0x00800000, TINY], SUB_MAX],
  ["fmul", [f(3), f(-2)], f(-6)],
  ["fmul", [MINUS_0, f(5)], MINUS_0],
  ["fmul", [0, INF], NAN],
  ["fmul", [TINY, f(0.5)], 0],
  ["fmul", [0x00000003, f(0.5)], 2],
  ["fmul", [TINY, 0x3f000001], TINY],
  ["fmul", [MAX, f(2)], INF],
  ["fmul", [f(-1e-30), f(1e-30)], MINUS_0],
  ["fdiv", [f(1), f(3)], 0x3eaaaaab],
  ["fdiv", [f(1), 0], INF],
  ["fdiv", [f(1), MINUS_0], NEG_INF],
  ["fdiv", [0, 0], NAN],
  ["fdiv", [INF, INF], NAN],
  ["fdiv", [TINY, f(2)], 0],
  ["fdiv", [0x00000003, f(2)], 2],
  ["fdiv", [f(1), MAX], 0x00200000],
  ["fsqrt", [f(2)], 0x3fb504f3],
  ["fsqrt", [MINUS_0], MINUS_0],
  ["fsqrt", [f(-1)], NAN],
  ["fsqrt", [INF], INF],
  ["fsqrt", [TINY], 0x1a3504f3],
  ["fmin", [0, MINUS_0], MINUS_0],
  ["fmin", [MINUS_0, 0], MINUS_0],
  ["fmin", [f(1), NEG_INF], NEG_INF],
  ["fmin", [f(-2), f(-1)], f(-2)],
  ["fmax", [0, MINUS_0], 0],
  ["fmax", [MINUS_0, MINUS_0], MINUS_0],
  ["fmax", [f(-2), f(-1)], f(-1)],
  ["fneg", [0], MINUS_0],
  ["fneg", [NEG_INF], INF],
  ["fabs", [MINUS_0], 0],
  ["fabs", [f(-1.5)], f(1.5)],
  ["ffloor", [f(-0.5)], f(-1)],
  ["ffloor", [MINUS_0], MINUS_0],
  ["ffloor", [f(1.9)], f(1)],
  ["ffloor", [NEG_INF], NEG_INF],
  ["ffloor", [0x80000001], f(-1)],
  ["frint", [f(0.5)], 0],
  ["frint", [f(1.5)], f(2)],
  ["frint", [f(2.5)], f(2)],
  ["frint", [f(-0.3)], MINUS_0],
  ["frint", [f(-0.5)], MINUS_0],
  ["frint", [f(-3.5)], f(-4)],
  ["frint", [0x4affffff], 0x4b000000],
  ["frint", [0x4b000001], 0x4b000001],
  ["frint", [MAX], MAX],
  ["frint", [INF], INF],
  ["flt", [MINUS_0, 0], 0],
  ["flt", [f(-1), f(1)], 1],
  ["flt", [NEG_INF, INF], 1],
  ["fle", [0, MINUS_0], 1],
  ["fle", [f(2), f(1)], 0],
  ["feq", [MINUS_0, 0], 1],
  ["feq", [TINY, 0], 0],
  ["i2f", [0xffffffff], f(-1)],
  ["i2f", [0x7fffffff], 0x4f000000],
  ["i2f", [MIN_INT], 0xcf000000],
  ["i2f", [0x01000001], 0x4b800000],
  ["i2f", [0x01000003], 0x4b800002],
  ["i2f", [0], 0],
  ["f2i", [f(-1.9)], 0xffffffff],
  ["f2i", [MINUS_0], 0],
  ["f2i", [INF], 0x7fffffff],
  ["f2i", [0x4f000000], 0x7fffffff],
  ["f2i", [0x4effffff], 0x7fffff80],
  ["f2i", [0xcf000000], MIN_INT],
  ["f2i", [NEG_INF], MIN_INT],
  ["iadd", [0x7fffffff, 1], MIN_INT],
  ["isub", [0, MIN_INT], MIN_INT],
  ["imul", [0x12345678, 0x9abcdef0], 0x242d2080],
  ["imul", [MIN_INT, 0xffffffff], MIN_INT],
  ["umulh", [0xffffffff, 0xffffffff], 0xfffffffe],
  ["umulh", [0x80000000, 2], 1],
  ["umulh", [0x12345678, 0x9abcdef0], 0x0b00ea4e],
  ["idiv", [7, 0xfffffffe], 0xfffffffd],
  ["idiv", [0xfffffff9, 2], 0xfffffffd],
  ["idiv", [5, 0], 0],
  ["idiv", [MIN_INT, 0xffffffff], MIN_INT],
  ["irem", [0xfffffff9, 2], 0xffffffff],
  ["irem", [7, 0xfffffffe], 1],
  ["irem", [5, 0], 0],
  ["irem", [MIN_INT, 0xffffffff], 0],
  ["irem", [0xfffffffc, 2], 0],
  ["udiv", [0xffffffff, 2], 0x7fffffff],
  ["udiv", [0xffffffff, 0xfffffffe], 1],
  ["udiv", [9, 0], 0],
  ["urem", [0xffffffff, 0xfffffffe], 1],
  ["urem", [0xffffffff, 10], 5],
  ["urem", [9, 0], 0],
  ["imin", [0xffffffff, 0], 0xffffffff],
  ["imax", [0xffffffff, 0], 0],
  ["imin", [MIN_INT, 0x7fffffff], MIN_INT],
  ["imax", [MIN_INT, 0x7fffffff], 0x7fffffff],
  ["ilt", [0xffffffff, 0], 1],
  ["ilt", [0, 0], 0],
  ["ult", [0xffffffff, 0], 0],
  ["ult", [0x7fffffff, MIN_INT], 1],
  ["ieq", [NAN, NAN], 1],
  ["ieq", [0, MINUS_0], 0],
  ["and", [0xf0f0f0f0, 0xff00ff00], 0xf000f000],
  ["or", [0xf0f0f0f0, 0x0f0f0000], 0xfffff0f0],
  ["xor", [0xffffffff, 0x0f0f0f0f], 0xf0f0f0f0],
  ["shl", [1, 31], MIN_INT],
  ["shl", [1, 32], 1],
  ["shl", [1, 0xffffffff], MIN_INT],
  ["sar", [MIN_INT, 31], 0xffffffff],
  ["sar", [MIN_INT, 33], 0xc0000000],
  ["shr", [MIN_INT, 31], 1],
  ["shr", [0xffffffff, 0], 0xffffffff],
  ["shr", [0xffffffff, 64], 0xffffffff],
  ["select", [0, 1, 2], 2],
  ["select", [MINUS_0, 1, 2], 1],
  ["select", [5, 0x7f800001, 0], 0x7f800001],
  ["select", [0, 0, 0xffc12345], 0xffc12345],
];

describe("instructions on edge values", () => {
  it.each(ROWS)("%s %j", (name, operands, result) => {
    const [a, b, c] = operands;
    expect(run(name, a!, b, c).toString(16)).toBe(result.toString(16));
  });

  it("covers every instruction but ld", () => {
    const covered = new Set(ROWS.map(([name]) => name));
    expect((Object.keys(OP) as OpName[]).filter((name) => !covered.has(name))).toEqual(["ld"]);
  });
});

describe("NaN", () => {
  const unary = ["fsqrt", "fneg", "fabs", "ffloor", "frint"] as const;
  const binary = ["fadd", "fsub", "fmul", "fdiv", "fmin", "fmax"] as const;

  it("is canonical in every f32 result", () => {
    for (const nan of PAYLOADS) {
      for (const name of unary) expect(run(name, nan), name).toBe(NAN);
      for (const name of binary)
        for (const other of [f(1), 0, INF, nan]) {
          expect(run(name, nan, other), name).toBe(NAN);
          expect(run(name, other, nan), name).toBe(NAN);
        }
    }
  });

  it("compares as 0 and converts to 0", () => {
    for (const nan of PAYLOADS) {
      for (const name of ["flt", "fle", "feq"] as const)
        for (const other of [f(1), nan, NEG_INF]) {
          expect(run(name, nan, other), name).toBe(0);
          expect(run(name, other, nan), name).toBe(0);
        }
      expect(run("f2i", nan)).toBe(0);
    }
  });

  it("keeps its payload in integer instructions", () => {
    for (const nan of PAYLOADS) {
      expect(run("or", nan, 0)).toBe(nan);
      expect(run("iadd", nan, 0)).toBe(nan);
      expect(run("select", 1, nan, 0)).toBe(nan);
    }
  });
});

describe("frint and f2i against integer arithmetic", () => {
  it("round quarters around small integers half to even", () => {
    for (let quarters = -64; quarters <= 64; quarters++) {
      const floor = Math.floor(quarters / 4);
      const rest = quarters - 4 * floor;
      const up = rest > 2 || (rest === 2 && floor % 2 !== 0) ? 1 : 0;
      const sign = quarters < 0 ? MINUS_0 : 0;
      const expected = floor + up === 0 ? sign : f(floor + up);
      expect(run("frint", f(quarters / 4)), `${quarters}/4`).toBe(expected);
      expect(run("f2i", f(quarters / 4)) | 0, `${quarters}/4`).toBe(
        quarters < 0 ? -(-quarters >> 2) | 0 : quarters >> 2,
      );
    }
  });
});
