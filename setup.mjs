// Runs a command on the Node and the packages that the lock file names, and brings both first where they are missing.
//   node setup.mjs [--contracts] [--with FOLDER] [--trust] [-- COMMAND [ARGUMENT …]]
// Plain JavaScript without dependencies: this file alone must run on the system's Node 20.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(fileURLToPath(import.meta.url));
const started = Date.now();
const windows = process.platform === "win32";
const ownNode = process.platform === "linux" && `node-linux-${process.arch}`;

const seconds = () => ((Date.now() - started) / 1000).toFixed(1);
const say = (line) => console.error(`[setup ${seconds().padStart(5)} s] ${line}`);
const sleep = (ms) => new Promise((wake) => setTimeout(wake, ms));

class SetupError extends Error {}

function newEnough(version) {
  const [major, minor] = version.split(".").map(Number);
  return major > 22 || (major === 22 && minor >= 12);
}

/** The npm that started us, as a script: only so can it be run on another Node. */
function npmScript() {
  const given = process.env.npm_execpath;
  if (given?.endsWith("npm-cli.js")) return given;
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const npm = join(folder, "npm");
    if (existsSync(npm) && realpathSync(npm).endsWith(".js")) return realpathSync(npm);
    const beside = join(folder, "node_modules", "npm", "bin", "npm-cli.js");
    if (existsSync(beside)) return beside;
  }
  throw new SetupError("npm was not found on PATH; it comes with Node: https://nodejs.org");
}

function npm(node, folder, ...args) {
  const env = { ...process.env, PATH: [dirname(node), process.env.PATH].join(delimiter) };
  // These point npm at the folder of the script that it runs, not at the one asked for here.
  for (const key of ["npm_config_local_prefix", "npm_config_prefix", "npm_package_json", "INIT_CWD"]) delete env[key];
  const flags = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", "--no-update-notifier"];
  const stdio = ["ignore", process.stderr, process.stderr];
  const { status, error } = spawnSync(node, [npmScript(), ...args, ...flags], { cwd: folder, env, stdio });
  if (error) throw error;
  if (status !== 0) throw new SetupError(`npm ${args.join(" ")} failed in ${folder}; its message is above`);
}

function stampOf(folder) {
  const lock = readFileSync(join(folder, "package-lock.json"));
  return createHash("sha256").update(lock).update(`${process.platform} ${process.arch}`).digest("hex");
}

const stampFile = (folder) => join(folder, "node_modules", ".setup-stamp");

function installed(folder) {
  const file = stampFile(folder);
  return existsSync(file) && readFileSync(file, "utf8") === stampOf(folder);
}

/**
 * npm on Node 20 leaves out optional packages whose engines ask for a newer Node, Hardhat's EVM among them,
 * so the newer Node must be there before the rest is installed.
 */
function bootNode() {
  if (newEnough(process.versions.node)) return process.execPath;
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const entry = ownNode && packages[`node_modules/${ownNode}`];
  if (!entry?.integrity)
    throw new SetupError(
      `Node ${process.versions.node} is too old: 22.12 or newer is needed on ${process.platform} ${process.arch}`,
    );
  const folder = join(root, ".node");
  const node = join(folder, "node_modules", ownNode, "bin", "node");
  if (!existsSync(node) || !runs(node, entry.version)) {
    say(`Node ${process.versions.node} is older than 22.12: bringing Node ${entry.version} into .node/`);
    mkdirSync(folder, { recursive: true });
    const own = { name: "boot", private: true, dependencies: { [ownNode]: entry.version } };
    const { version, integrity, license } = entry;
    const lock = {
      name: "boot",
      lockfileVersion: 3,
      requires: true,
      packages: { "": own, [`node_modules/${ownNode}`]: { version, integrity, license } },
    };
    writeFileSync(join(folder, "package.json"), `${JSON.stringify(own, null, 2)}\n`);
    writeFileSync(join(folder, "package-lock.json"), `${JSON.stringify(lock, null, 2)}\n`);
    npm(process.execPath, folder, "ci");
  }
  if (!runs(node, entry.version))
    throw new SetupError(`${ownNode} does not run here (is this musl?): install Node 22.12 or newer and try again`);
  return node;
}

function runs(node, version) {
  return spawnSync(node, ["--version"], { encoding: "utf8" }).stdout?.trim() === `v${version}`;
}

async function install(folder, name) {
  if (installed(folder)) return;
  mkdirSync(join(root, ".node"), { recursive: true });
  const release = await takeTurn(join(root, ".node", "installing"));
  try {
    if (installed(folder)) return;
    const node = bootNode();
    say(`installing ${name} with npm ci (about half a minute)`);
    npm(node, folder, "ci");
    writeFileSync(stampFile(folder), stampOf(folder));
    say(`${name} installed`);
  } finally {
    release();
  }
}

/** Two commands started at once must not both replace node_modules. */
async function takeTurn(file) {
  for (let waited = false; ; waited = true) {
    try {
      writeFileSync(file, String(process.pid), { flag: "wx" });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
      if (!holderLives(file)) rmSync(file, { force: true });
      else if (!waited) say("another set-up is at work here: waiting for it");
      await sleep(500);
    }
  }
}

function holderLives(file) {
  try {
    if (Date.now() - statSync(file).mtimeMs > 15 * 60_000) return false;
    const pid = Number(readFileSync(file, "utf8"));
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
}

function environment() {
  const packages = join(root, "node_modules");
  // By its own folder, not by node_modules/.bin: npm 10 leaves that link out, for two packages lay claim to it.
  const pinned = ownNode ? [join(packages, ownNode, "bin")] : [];
  // Where the lock file's Node does not exist for this system, the one running this is new enough.
  const path = [...pinned, join(packages, ".bin"), dirname(process.execPath), process.env.PATH];
  return {
    ...process.env,
    PATH: path.join(delimiter),
    DO_NOT_TRACK: "1",
    TURBO_TELEMETRY_DISABLED: "1",
    HARDHAT_DISABLE_TELEMETRY_PROMPT: "true",
    OG_STARTED: String(started),
  };
}

function buildContracts() {
  const { status, stdout, stderr } = spawnSync("hardhat", ["build", "--quiet", "--no-tests"], {
    cwd: join(root, "contracts"),
    env: environment(),
    encoding: "utf8",
    shell: windows,
  });
  if (status !== 0) throw new SetupError(`the contracts do not compile:\n${stdout}${stderr}`);
}

function execute(command, args) {
  const child = spawn(command, args, { cwd: root, env: environment(), stdio: "inherit", shell: windows });
  // A terminal sends Ctrl-C to the whole group; the child decides what it means, we wait for its answer.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(signal, () => (signal !== "SIGINT" || !process.stdin.isTTY) && child.kill(signal));
  // The shell between npm and us passes no signal on: when it is gone, so is who asked for the command.
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (!process.env.npm_lifecycle_event || process.ppid === parent) return;
    clearInterval(watch);
    child.kill("SIGTERM");
  }, 500).unref();
  child.on("error", (error) => {
    console.error(`[setup] ${command}: ${error.message}`);
    process.exitCode = 127;
  });
  child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

function parse(argv) {
  const end = argv.indexOf("--");
  const own = end < 0 ? argv : argv.slice(0, end);
  const options = { contracts: false, trust: false, folders: [], command: end < 0 ? [] : argv.slice(end + 1) };
  for (let i = 0; i < own.length; i++) {
    if (own[i] === "--contracts") options.contracts = true;
    else if (own[i] === "--trust") options.trust = true;
    else if (own[i] === "--with" && own[i + 1]) options.folders.push(own[++i]);
    else throw new SetupError(`unknown option ${own[i]}`);
  }
  return options;
}

try {
  const { contracts, trust, folders, command } = parse(process.argv.slice(2));
  if (trust) writeFileSync(stampFile(root), stampOf(root));
  const fresh = !installed(root);
  if (fresh) say("first run on this lock file: installing what is missing, in this folder only");
  await install(root, "the workspaces");
  for (const folder of folders) await install(join(root, folder), folder);
  if (contracts) {
    if (fresh) say("compiling the contracts");
    buildContracts();
  }
  if (fresh) say("ready");
  if (command.length > 0) execute(command[0], command.slice(1));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`[setup] ${error.message}`);
  process.exitCode = 1;
}
