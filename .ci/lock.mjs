// Installs on the newer Node, then completes the lock file; `--check` only looks.
// A registry mirror may lack the packages of other systems; npm then leaves them out of the lock file
// and its own `npm ci` refuses it, so they are entered here with the version that their parent asks for.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const systems = { linux: "linux", darwin: "darwin", macos: "darwin", win32: "win32", windows: "win32" };
const others = ["android", "freebsd", "netbsd", "openbsd", "sunos", "aix", "openharmony"];
const cpus = ["x64", "arm64", "ia32", "arm", "riscv64", "ppc64", "s390x", "loong64", "mips64el", "wasm32"];

function stub(name, range) {
  const words = name.split(/[/-]/);
  const os = words.map((word) => systems[word] ?? (others.includes(word) ? word : undefined)).find(Boolean);
  const cpu = words.map((word) => (word === "amd64" ? "x64" : word)).find((word) => cpus.includes(word));
  const libc = words.includes("musl") ? "musl" : words.includes("gnu") && os === "linux" ? "glibc" : undefined;
  return {
    version: range.replace(/^[\^~]/, ""),
    ...(cpu && { cpu: [cpu] }),
    ...(libc && { libc: [libc] }),
    optional: true,
    ...(os && { os: [os] }),
  };
}

/** The places where Node would look for `name` from the package at `path`, nearest first. */
function places(path, name) {
  const folders = path.split(/\/(?=node_modules\/)/).map((_, i, all) => all.slice(0, i + 1).join("/"));
  return ["", ...folders].map((folder) => `${folder && `${folder}/`}node_modules/${name}`).reverse();
}

function missing(packages) {
  const wanted = [];
  for (const [path, { optionalDependencies = {}, link }] of Object.entries(packages)) {
    if (link) continue;
    for (const [name, range] of Object.entries(optionalDependencies)) {
      const holder = places(path, name).find((place) => packages[place]);
      const exact = /^\d/.test(range);
      if (!holder) wanted.push({ place: `node_modules/${name}`, entry: stub(name, range) });
      else if (exact && packages[holder].version !== range)
        wanted.push({ place: `${path}/node_modules/${name}`, entry: stub(name, range) });
    }
  }
  return wanted;
}

const folders = [root, join(root, "bench"), join(root, "lighthouse")];
const check = process.argv.includes("--check");
let problems = 0;

for (const folder of folders) {
  const file = join(folder, "package-lock.json");
  if (!check) {
    // Under `npm run` it points every npm at the root, whatever folder it starts in.
    const { npm_config_local_prefix: _, ...env } = process.env;
    const { status } = spawnSync("npm", ["install", "--ignore-scripts"], { cwd: folder, env, stdio: "inherit" });
    if (status !== 0) process.exit(status ?? 1);
  }
  const lock = JSON.parse(readFileSync(file, "utf8"));
  for (const { place, entry } of missing(lock.packages)) {
    if (check) console.error(`${file}: ${place} ${entry.version} is missing: run npm run lock`);
    problems++;
    lock.packages[place] ??= entry;
  }
  for (const [path, { resolved = "", link }] of Object.entries(lock.packages))
    if (!link && /^[a-z+]+:/.test(resolved)) {
      console.error(`${file}: ${path} names a host: set omit-lockfile-registry-resolved`);
      problems++;
    }
  if (check) continue;
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
}

if (check && problems > 0) process.exit(1);
if (!check) {
  // What npm has just installed is what the lock file names.
  spawnSync(process.execPath, [join(root, "setup.mjs"), "--trust"], { stdio: "inherit" });
  console.log(`lock files complete (${problems} entries added for other systems)`);
}
