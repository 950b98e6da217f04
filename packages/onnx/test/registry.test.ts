import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

it("every file below operators/ is registered", () => {
  const folder = fileURLToPath(new URL("../src/operators/", import.meta.url));
  const files = globSync("**/*.ts", { cwd: folder }).filter((file) => file !== "index.ts");
  const registered = [...readFileSync(`${folder}index.ts`, "utf8").matchAll(/"\.\/(.+?)"/g)].map(([, file]) => file);
  expect(registered.toSorted()).toEqual(files.toSorted());
});
