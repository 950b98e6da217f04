import { describe, expect, it } from "vitest";
import { ALIGNMENT, type Life, planArena } from "../src/arena.ts";
import { below, random } from "./builders.ts";

describe("the arena", () => {
  it("never gives two tensors that are alive together the same bytes", () => {
    const next = random(3);
    for (let round = 0; round < 50; round++) {
      const lives = Array.from({ length: 40 }, (): Life => {
        const from = below(next, 30);
        return { bytes: 1 + below(next, 300), from, to: from + below(next, 6) };
      });
      const { offsets, bytes } = planArena(lives);
      lives.forEach((a, i) => {
        expect(offsets[i]! % ALIGNMENT).toBe(0);
        expect(offsets[i]! + a.bytes).toBeLessThanOrEqual(bytes);
        lives.slice(0, i).forEach((b, j) => {
          const together = a.from <= b.to && b.from <= a.to;
          const apart = offsets[i]! + a.bytes <= offsets[j]! || offsets[j]! + b.bytes <= offsets[i]!;
          expect(!together || apart).toBe(true);
        });
      });
    }
  });

  it("uses bytes again", () => {
    const chain = Array.from({ length: 100 }, (_, i): Life => ({ bytes: 1024, from: i, to: i + 1 }));
    expect(planArena(chain).bytes).toBe(2048);
  });
});
