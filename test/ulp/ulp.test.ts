import { expect, it } from "vitest";
import { FUNCTIONS } from "./functions.ts";
import { sweepPow } from "./pow.ts";
import { CHUNK, engineOf, floatsOf, sweep, ulpsBetween } from "./sweep.ts";

/** One chunk of every 4,099th pattern; docs/spec/accuracy.md has the sweeps over all of them. */
const STRIDE = 4099;

it.each(FUNCTIONS)("$name stays within $most ULP, NaN and signs of zeros are right", async (swept) => {
  const { ulps, wrong, wrongAt } = await sweep(swept, STRIDE);
  expect({ wrong, wrongAt }).toEqual({ wrong: 0, wrongAt: undefined });
  expect(ulps).toBeLessThanOrEqual(swept.most);
  expect(ulps).toBeGreaterThan(0.5);
});

/** Of all f32 the nearest to a whole number of quarter turns: 10⁻⁹ to 2·10⁻⁸ of one away, on either side. */
const NEARLY_TURNS = Float32Array.of(
  ...[7.729178919452902e28, 21999384576, 1522788990976, 4.3865578967101227e33, 1.0341291951386403e27],
  ...[3045577981952, 3.795570704093031e30, 8.773115793420245e33, 1.2841008908830159e22, 1.2614587862244266e38],
);

it.each([
  { operator: "Sin", exact: Math.sin, most: 2 },
  { operator: "Cos", exact: Math.cos, most: 2 },
  { operator: "Tan", exact: Math.tan, most: 4 },
])(
  "$operator stays within $most ULP where nearly all bits of the reduction cancel",
  async ({ operator, exact, most }) => {
    const engine = await engineOf(operator);
    const inputs = new Float32Array(CHUNK);
    inputs.set(NEARLY_TURNS);
    const got = floatsOf(engine.run([{ dtype: 0, dims: [CHUNK], data: new Uint8Array(inputs.buffer) }]));
    for (const [i, x] of NEARLY_TURNS.entries()) expect(ulpsBetween(got[i]!, exact(x))).toBeLessThanOrEqual(most);
  },
);

it("Pow stays within 2 ULP on pairs of all kinds, and is C's pow on special ones", async () => {
  const { ulps, wrong } = await sweepPow(1);
  expect(wrong).toBe(0);
  expect(ulps).toBeLessThan(2);
});
