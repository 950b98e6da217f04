/** Pow over random pairs, and over all pairs of special numbers, against double precision. */
import type { Engine } from "@opengradient/engine";
import { CHUNK, engineOf, floatsOf, ulpsBetween } from "./sweep.ts";

export type FoundPairs = {
  readonly name: "Pow";
  readonly pairs: number;
  readonly special: number;
  readonly ulps: number;
  readonly at: readonly [number, number];
  /** NaN on one side alone, or a special pair off by more than a unit */
  readonly wrong: number;
};

/** C's pow: JavaScript's but for 1 to the power of NaN, and ±1 to that of ±∞. */
const exactPow = (a: number, b: number): number =>
  a === 1 || (a === -1 && Math.abs(b) === Number.POSITIVE_INFINITY) ? 1 : a ** b;

const SPECIAL = [0, 1, 2, 3, 0.5, 1.5, 1e-45, 1.1754944e-38, 3.4028235e38, 16777215, 16777216, 33554432, 1 / 0]
  .flatMap((v) => [v, -v])
  .concat(Number.NaN, 0.99999994, 1.0000001, -0.99999994);

type Pairs = { readonly x: Float32Array; readonly y: Float32Array };

function run(engine: Engine, { x, y }: Pairs): Float32Array {
  const tensor = ({ buffer }: Float32Array) => ({ dtype: 0 as const, dims: [CHUNK], data: new Uint8Array(buffer) });
  return floatsOf(engine.run([tensor(x), tensor(y)]));
}

function wrongSpecials(engine: Engine, pairs: Pairs): number {
  const { x, y } = pairs;
  for (const [i, a] of SPECIAL.entries()) {
    x.fill(a, i * SPECIAL.length, (i + 1) * SPECIAL.length);
    y.set(SPECIAL, i * SPECIAL.length);
  }
  const got = run(engine, pairs).subarray(0, SPECIAL.length ** 2);
  return got.reduce((wrong, value, i) => {
    const want = Math.fround(exactPow(x[i]!, y[i]!));
    return Object.is(value, want) || (want !== 0 && ulpsBetween(value, want) <= 1) ? wrong : wrong + 1;
  }, 0);
}

/** xorshift128: the same words on every machine. */
function createRandom(): () => number {
  const state = new Uint32Array([1, 2, 3, 4]);
  return () => {
    let t = state[3]!;
    const s = state[0]!;
    state.copyWithin(1, 0, 3);
    t ^= t << 11;
    t ^= t >>> 8;
    state[0] = t ^ s ^ (s >>> 19);
    return state[0]!;
  };
}

/** A third any patterns, a third near 1 with large powers, a third with results over all of f32's range. */
function fill({ x, y }: Pairs, random: () => number): void {
  const bits = new Uint32Array(1);
  const asFloat = new Float32Array(bits.buffer);
  const pattern = (): number => {
    bits[0] = random();
    return asFloat[0]!;
  };
  const unit = (): number => random() / 2 ** 32;
  for (let i = 0; i < CHUNK; i++) {
    if (i % 3 === 0) {
      x[i] = pattern();
      y[i] = pattern();
    } else {
      x[i] = i % 3 === 1 ? 1 + (unit() - 0.5) * 2 ** -(random() % 20) : Math.abs(pattern());
      y[i] = (unit() * 280 - 150) / Math.log2(x[i]!);
    }
  }
}

export async function sweepPow(pairs: number): Promise<FoundPairs> {
  const engine = await engineOf("Pow", {}, 2);
  const given = { x: new Float32Array(CHUNK), y: new Float32Array(CHUNK) };
  let wrong = wrongSpecials(engine, given);
  const worst: { ulps: number; at: readonly [number, number] } = { ulps: 0, at: [0, 0] };
  const random = createRandom();
  let done = 0;
  for (; done < pairs; done += CHUNK) {
    fill(given, random);
    const got = run(engine, given);
    for (let i = 0; i < CHUNK; i++) {
      const [a, b] = [given.x[i]!, given.y[i]!];
      const want = exactPow(a, b);
      if (Object.is(got[i], Math.fround(want))) continue;
      const ulps = ulpsBetween(got[i]!, want);
      if (Number.isNaN(ulps)) wrong++;
      else if (ulps > worst.ulps) Object.assign(worst, { ulps, at: [a, b] });
    }
  }
  return { name: "Pow", pairs: done, special: SPECIAL.length ** 2, wrong, ...worst };
}
