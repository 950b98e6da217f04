import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const ADVICE = "install it (Debian: apt-get install chromium) or set CHROMIUM to its path";

/** There is no Chromium, and none could be brought. */
export class NoChromiumError extends Error {
  override readonly name = "NoChromiumError";
}

/** Path of Chromium; on Debian, as root, it is installed where it is absent. @throws NoChromiumError */
export function bringChromium(): string {
  const named = process.env["CHROMIUM"];
  if (named && !existsSync(named)) throw new NoChromiumError(`CHROMIUM names ${named}, which does not exist`);
  const found = [named, ...PLACES].find((path) => path && existsSync(path));
  if (found) return found;
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get"))
    throw new NoChromiumError(`no Chromium was found: ${ADVICE}`);
  console.error("bringing Chromium from Debian …");
  apt("update");
  const said = apt("install", "-y", "--no-install-recommends", "chromium");
  const brought = PLACES.find((path) => existsSync(path));
  if (!brought) throw new NoChromiumError(`Chromium could not be installed: ${ADVICE}; apt-get said:\n${said}`);
  return brought;
}

function apt(...args: readonly string[]): string {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const { stdout, stderr } = spawnSync("apt-get", args, { encoding: "utf8", env });
  return `${stdout}${stderr}`.trim().split("\n").slice(-10).join("\n");
}
