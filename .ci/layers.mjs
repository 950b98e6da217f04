// Reads the imports of every room and fails where one reaches past its neighbours, or computes what no two machines agree on.
import { existsSync, globSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const scope = "@opengradient/";

const below = ["commitments", "program", "engine", "bindings", "protocol", "dispute"];
const may = {
  commitments: [],
  program: ["commitments"],
  onnx: ["program"],
  compiler: ["program"],
  engine: ["program", "commitments"],
  // Bindings are made from the contracts' artifacts, by its own script and never at run time.
  bindings: ["contracts"],
  protocol: ["bindings", "commitments"],
  dispute: ["program", "commitments", "protocol"],
  node: below,
  react: ["protocol"],
  models: [],
  cli: [...below, "onnx", "compiler", "node", "models", "contracts"],
  contracts: [],
};

/** Of these rooms only types may be imported. */
const typesOnly = { dispute: ["protocol"] };

/** Where the way leads when the direct one is closed. */
const way = {
  commitments: "take roots and chunks as values from packages/program, which computes them",
  program: "take a Program as bytes or as a value from the caller",
  onnx: "an ONNX file becomes a Program in packages/onnx; take that Program from the caller (packages/cli joins them)",
  compiler: "passes are Program → Program; take the compiled Program from the caller (packages/cli joins them)",
  engine:
    "ask packages/program's reference interpreter, or take the results from the caller (packages/node, packages/cli)",
  bindings: "go through packages/protocol, whose actions and types cover the contracts",
  protocol: "the chain is spoken to in packages/node, packages/react and packages/cli; take what it said as a value",
  dispute: "who is to act next is decided in packages/dispute and done in packages/node",
  node: "nothing imports the daemon but packages/cli; what is shared moves down to packages/protocol or packages/dispute",
  react: "hooks serve apps only; what is shared moves down to packages/protocol",
  cli: "nothing imports the command line; what is shared moves down to the room that owns it",
  models: "take the model as a file from the caller (packages/cli, test/)",
  contracts: "go through packages/bindings, which is made from the artifacts",
};

/** Rooms that define or fold values: a library function whose last bit differs between engines must not enter;
 * a power of a literal 2, 16 or 256 is exact. */
const exact = ["program", "onnx", "compiler"];
const inexact =
  /\bMath\.(?:a?(?:sin|cos|tan)h?|atan2|exp|expm1|log|log1p|log2|log10|pow|cbrt|hypot|sumPrecise)\b|(?<!(?<![\w.])(?:2n?|16n?|256n?) )\*\*/;

const problems = [];

/** Blanks out comments and the insides of strings, keeping every line where it is. */
function codeOnly(text) {
  const token = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g;
  return text.replace(token, (part) => part.replace(/[^\n]/g, " "));
}

function* importsOf(text) {
  const clean = text.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/[^\n]*/g, (part) => part.replace(/[^\n]/g, " "));
  const statement =
    /(?:^|[;}\s])(?:(import|export)\s+(type\s)?(?:[^"'`;()]*?\sfrom\s*)?|import\(\s*)["']([^"'\n]+)["']/g;
  for (const match of clean.matchAll(statement)) {
    const [whole, keyword, type, specifier] = match;
    const line = clean.slice(0, match.index + whole.length).split("\n").length;
    yield { specifier, line, typeOnly: type !== undefined || onlyTypes(keyword, whole) };
  }
}

function onlyTypes(keyword, statement) {
  const names = keyword && statement.match(/\{([^}]*)\}/)?.[1];
  return Boolean(names) && names.split(",").every((name) => name.trim() === "" || /^\s*type\s/.test(name));
}

const doors = (target) => JSON.parse(readFileSync(join(root, "packages", target, "package.json"), "utf8")).exports;

function declared(folder) {
  const { name, dependencies, devDependencies, optionalDependencies, peerDependencies } = JSON.parse(
    readFileSync(join(root, folder, "package.json"), "utf8"),
  );
  const { devDependencies: tools } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const lists = [dependencies, devDependencies, optionalDependencies, peerDependencies, tools];
  return new Set([name, ...lists.flatMap((list) => Object.keys(list ?? {}))]);
}

function checkImport(room, folder, file, known, { specifier, line, typeOnly }) {
  const at = `${file}:${line}`;
  if (specifier.startsWith(".")) {
    const target = relative(join(root, folder), join(root, dirname(file), specifier));
    if (target.startsWith("..") && may[room])
      problems.push(`${at} reaches out of ${folder} by a relative path (${specifier}): import the room by its name`);
    return;
  }
  if (specifier.startsWith("node:") || specifier.startsWith("virtual:")) return;
  const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  if (builtinModules.includes(name)) {
    problems.push(`${at} imports ${name}: write node:${name}`);
    return;
  }
  const target = name.startsWith(scope) ? name.slice(scope.length) : undefined;
  const open = !target || !may[room] || target === room || may[room].includes(target);
  if (open && !known.has(name)) problems.push(`${at} imports ${name}, which ${folder}/package.json does not declare`);
  if (!target || !may[room]) return;
  if (target === room) return;
  if (!open) {
    const list = may[room].join(", ") || "nothing";
    problems.push(
      `${at} imports ${name}, but ${room} may import ${list} of ours: ${way[target] ?? "see packages/README.md"}`,
    );
  } else if (typesOnly[room]?.includes(target) && !typeOnly)
    problems.push(
      `${at} imports values of ${name}, but ${room} takes its types only: write import type; ${way[target]}`,
    );
  const door = `.${specifier.slice(name.length)}`;
  if (specifier !== name && !["contracts", "models", "bindings"].includes(target) && !(door in doors(target)))
    problems.push(`${at} imports ${specifier}: come in by a door that ${name}'s package.json exports`);
}

function checkRoom(room, folder) {
  const known = declared(folder);
  for (const file of globSync(`${folder}/**/*.{ts,tsx,mjs}`, {
    cwd: root,
    exclude: (path) => /node_modules|artifacts|cache|generated|\/types$/.test(path),
  })) {
    const text = readFileSync(join(root, file), "utf8");
    for (const found of importsOf(text)) checkImport(room, folder, file, known, found);
    if (exact.includes(room) && file.includes(`${sep}src${sep}`))
      codeOnly(text)
        .split("\n")
        .forEach((line, i) => {
          const call = line.match(inexact)?.[0];
          if (call)
            problems.push(
              `${file}:${i + 1} computes with ${call}: its last bits are not the same everywhere; use an instruction of packages/program`,
            );
        });
  }
}

const folders = globSync(["contracts", "test", "bench", "lighthouse", "packages/*", "apps/*"], { cwd: root })
  .map((folder) => folder.split(sep).join("/"))
  .filter((folder) => existsSync(join(root, folder, "package.json")));
for (const folder of folders) {
  const room = folder.split("/").at(-1);
  const outside = folder === "test" || folder === "bench" || folder === "lighthouse" || folder.startsWith("apps/");
  if (!outside && !may[room]) problems.push(`${folder} is a new room: say in .ci/layers.mjs what it may import`);
  checkRoom(outside ? undefined : room, folder);
}

for (const problem of problems) console.error(problem);
console.log(`layers: ${folders.length} rooms, ${problems.length} problems`);
process.exitCode = problems.length > 0 ? 1 : 0;
