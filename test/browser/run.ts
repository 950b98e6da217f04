// Finds or brings Chromium, then runs the stories in it: `npm run test:browser`.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const find = (): string | undefined =>
  [process.env["CHROMIUM"] ?? "", ...PLACES].find((path) => path && existsSync(path));

function bring(): string | undefined {
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return undefined;
  console.error("bringing Chromium from Debian …");
  const install = () =>
    spawnSync("apt-get", ["install", "-y", "--no-install-recommends", "chromium"], { stdio: "ignore" });
  if (install().status !== 0) {
    spawnSync("apt-get", ["update"], { stdio: "ignore" });
    install();
  }
  return find();
}

const path = find() ?? bring();
if (!path) {
  console.error("No Chromium was found. Install it (Debian: apt-get install chromium) or set CHROMIUM to its path.");
  process.exit(2);
}
const { status } = spawnSync("vitest", ["run", "--project", "browser", ...process.argv.slice(2)], {
  stdio: "inherit",
  env: { ...process.env, CHROMIUM: path },
});
process.exit(status ?? 1);
