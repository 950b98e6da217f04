/**
 * `node test/ulp/main.ts [NAME …] [--stride N] [--pairs N]`: a JSON line for each function.
 * Without a stride all 2³² inputs, minutes each; Pow takes pairs, 10⁹ when nothing is said.
 */
import { parseArgs } from "node:util";
import { FUNCTIONS } from "./functions.ts";
import { sweepPow } from "./pow.ts";
import { sweep } from "./sweep.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { stride: { type: "string", default: "1" }, pairs: { type: "string", default: "1e9" } },
});
const isWanted = (name: string): boolean => positionals.length === 0 || positionals.includes(name);
const print = (found: object, started: number): void =>
  console.log(JSON.stringify({ ...found, seconds: Math.round((performance.now() - started) / 1000) }));

for (const swept of FUNCTIONS.filter(({ name }) => isWanted(name))) {
  const started = performance.now();
  const found = await sweep(swept, Number(values.stride));
  print({ ...found, most: swept.most }, started);
  if (found.ulps > swept.most || found.wrong > 0) process.exitCode = 1;
}
if (isWanted("Pow")) {
  const started = performance.now();
  const found = await sweepPow(Number(values.pairs));
  print(found, started);
  if (found.ulps > 4 || found.wrong > 0) process.exitCode = 1;
}
