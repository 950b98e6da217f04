import { expect, it } from "vitest";
import { FUNCTIONS } from "./functions.ts";
import { sweepPow } from "./pow.ts";
import { sweep } from "./sweep.ts";

/** One chunk of every 4,099th pattern; docs/spec/accuracy.md has the sweeps over all of them. */
const STRIDE = 4099;

it.each(FUNCTIONS)("$name stays within $most ULP, NaN and signs of zeros are right", async (swept) => {
  const { ulps, wrong, wrongAt } = await sweep(swept, STRIDE);
  expect({ wrong, wrongAt }).toEqual({ wrong: 0, wrongAt: undefined });
  expect(ulps).toBeLessThanOrEqual(swept.most);
  expect(ulps).toBeGreaterThan(0.5);
});

it("Pow stays within 2 ULP on pairs of all kinds, and is C's pow on special ones", async () => {
  const { ulps, wrong } = await sweepPow(1);
  expect(wrong).toBe(0);
  expect(ulps).toBeLessThan(2);
});
