import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { recompute } from "./second.mjs";

type Vector = { kind: string; name: string; given: Record<string, unknown>; expected: unknown };
const at = (name: string): URL => new URL(name, import.meta.url);
const { vectors } = JSON.parse(readFileSync(at("vectors.json"), "utf8")) as { vectors: Vector[] };

describe("spec vectors", () => {
  it("are at least 100 and of every kind", () => {
    expect(vectors.length).toBeGreaterThanOrEqual(100);
    expect(new Set(vectors.map(({ kind }) => kind)).size).toBe(12);
    expect(new Set(vectors.filter(({ kind }) => kind === "witness").map(({ expected }) => expected)).size).toBe(3);
    const validity = vectors.filter(({ kind }) => kind === "validity").map(({ expected }) => expected === "invalid");
    expect(new Set(validity)).toEqual(new Set([true, false]));
  });

  it("are what the packages give", () => {
    const { status, stderr } = spawnSync(process.execPath, [fileURLToPath(at("generate.ts")), "--check"], {
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    expect(status).toBe(0);
  });

  it.each(vectors)("$kind $name is reproduced from the spec's text", (vector) => {
    expect(recompute(vector)).toEqual(vector.expected);
  });

  it("would notice a changed word", () => {
    const vector = vectors.find(({ kind }) => kind === "program")!;
    const inputs = (vector.given.inputs as string[]).map((hex) => `${hex.slice(0, -2)}5a`);
    expect(recompute({ ...vector, given: { ...vector.given, inputs } })).not.toEqual(vector.expected);
  });
});
