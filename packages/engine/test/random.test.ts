import { programOfSeed, randomFrom, randomTensors } from "@opengradient/program/random";
import { describe, expect, it } from "vitest";
import { plan } from "../src/index.ts";
import { compare } from "./compare.ts";

const PROGRAMS = 150;

describe("random Programs", () => {
  it(`gives every byte of every result of ${PROGRAMS} as the reference does, fast and scalar`, async () => {
    const paths = new Map<string, number>();
    for (let seed = 0; seed < PROGRAMS; seed++) {
      const program = programOfSeed(seed);
      const compiled = await compare({ program, ...randomTensors(randomFrom(seed + 1_000_000), program) }).catch(
        (cause) => {
          throw new Error(`seed ${seed}`, { cause });
        },
      );
      for (const { path } of plan(compiled)) paths.set(path, (paths.get(path) ?? 0) + 1);
    }
    expect(paths.get("scalar")).toBeGreaterThan(50);
    expect(paths.get("vectors")).toBeGreaterThan(50);
  });
});
