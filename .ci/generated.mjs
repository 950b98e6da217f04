// Fails when packages/bindings/src/generated is not what the contracts' artifacts give. Needs built contracts.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const committed = join(root, "packages/bindings/src/generated");
const fresh = mkdtempSync(join(tmpdir(), "og-generated-"));
const files = (folder) =>
  readdirSync(folder, { recursive: true })
    .filter((name) => String(name).endsWith(".ts"))
    .sort();

try {
  execFileSync(process.execPath, [join(root, "packages/bindings/scripts/generate.ts"), "--out", fresh], {
    stdio: "inherit",
  });
  const names = [...new Set([...files(committed), ...files(fresh)])];
  const read = (folder, name) => {
    try {
      return readFileSync(join(folder, name), "utf8");
    } catch {
      return undefined;
    }
  };
  const stale = names.filter((name) => read(committed, name) !== read(fresh, name));
  for (const name of stale) console.error(`packages/bindings/src/generated/${name} is not what the contracts give`);
  if (stale.length) {
    console.error("run: npm run generate -w @opengradient/bindings");
    process.exitCode = 1;
  } else console.log(`${names.length} generated files are up to date`);
} finally {
  rmSync(fresh, { recursive: true });
}
