// No file grows past what one can read in a sitting, and every folder near the top says what it is for.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const readmeLines = 30;
const kinds = [
  { name: "Solidity", pattern: /\.sol$/, most: 600 },
  { name: "TypeScript", pattern: /\.(ts|tsx|mjs)$/, most: 500 },
];
const generated = /(^|\/)generated\//;
// Their files are records or data, read one at a time.
const withoutReadme = /^(\.|docs\/(adr|runbooks)$|.*\/(src|test)$)/;

// A checkout may belong to another user than the one who runs the checks.
const list = ["-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"];
const files = execFileSync("git", list, { cwd: root, encoding: "utf8" })
  .split("\n")
  .filter((file) => file !== "" && !generated.test(file) && existsSync(join(root, file)));
const linesOf = (file) => readFileSync(join(root, file), "utf8").trimEnd().split("\n").length;
const problems = [];

for (const { name, pattern, most } of kinds) {
  const sizes = files
    .filter((file) => pattern.test(file))
    .map((file) => ({ file, lines: linesOf(file) }))
    .sort((a, b) => a.lines - b.lines);
  for (const { file, lines } of sizes)
    if (lines > most) problems.push(`${file} has ${lines} lines, ${most} is the most`);
  const at = (share) => sizes[Math.floor(share * (sizes.length - 1))]?.lines ?? 0;
  console.log(`${name}: ${sizes.length} files, median ${at(0.5)}, 90th percentile ${at(0.9)}, longest ${at(1)} lines`);
}

const folders = new Set(
  files.flatMap((file) => {
    const parts = file.split("/").slice(0, -1);
    return [parts.slice(0, 1), parts.slice(0, 2)].filter((path) => path.length > 0).map((path) => path.join("/"));
  }),
);
for (const folder of folders) {
  if (withoutReadme.test(folder)) continue;
  const readme = `${folder}/README.md`;
  if (!existsSync(join(root, readme)))
    problems.push(`${folder} has no README.md: what it is for, what it may import, where to start`);
  else if (linesOf(readme) > readmeLines)
    problems.push(`${readme} has ${linesOf(readme)} lines, ${readmeLines} is the most`);
}

for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
