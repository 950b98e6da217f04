import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const room = new URL("../../contracts/", import.meta.url);

/** Those of the Arbiter and the Validator are provoked in test/arbiter. */
const OTHERS = /^(Arbiter|Validator)/;

const read = (folder: string): string =>
  readdirSync(fileURLToPath(new URL(folder, room)), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".sol"))
    .map((path) => readFileSync(new URL(`${folder}/${path}`, room), "utf8"))
    .join("\n");

describe("custom errors of the money contracts", () => {
  it("are each provoked by a test", () => {
    const declared = [...`${read("src/interfaces")}${read("src/token")}`.matchAll(/\berror (\w+)\(/g)].map(
      ([, name]) => name!,
    );
    const tests = read("test");
    expect(declared.length).toBeGreaterThan(60);
    expect(declared.filter((name) => !OTHERS.test(name) && !tests.includes(`${name}.selector`))).toEqual([]);
  });
});
