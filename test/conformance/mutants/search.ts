/**
 * Runs mutated copies of the engine or the reference beside the true ones until every copy has shown a difference.
 * A process of its own: node search.ts ROOM PROGRAMS FOLDER…; prints a JSON list with where each differs first, or null.
 */
import { pathToFileURL } from "node:url";
import { compile, load } from "@opengradient/engine";
import { type Program, runReference, type Tensor } from "@opengradient/program";
import { firstDifference, programOfSeed, randomFrom, randomTensors } from "@opengradient/program/random";

type Run = (program: Program, weights: readonly Tensor[], inputs: readonly Tensor[]) => Promise<readonly Uint8Array[]>;

const runWith =
  (engine: { compile: typeof compile; load: typeof load }): Run =>
  async (program, weights, inputs) =>
    (await engine.load(await engine.compile(program), weights)).trace(inputs).results;

async function mutantRun(room: string, folder: string): Promise<Run> {
  const module = await import(pathToFileURL(`${folder}/src/index.ts`).href);
  return room === "engine" ? runWith(module) : async (...given) => module.runReference(...given);
}

const [room, programs, ...folders] = process.argv.slice(2) as [string, string, ...string[]];
/** The engine's mutants are held against the reference, the reference's against the engine. */
const right: Run = room === "engine" ? async (...given) => runReference(...given) : runWith({ compile, load });
const runs = await Promise.all(folders.map((folder) => mutantRun(room, folder)));
const found: (string | null)[] = runs.map(() => null);

for (let seed = 1; seed <= Number(programs) && found.includes(null); seed++) {
  const program = programOfSeed(seed);
  const { weights, inputs } = randomTensors(randomFrom(seed + 0x10000), program);
  const expected = await right(program, weights, inputs);
  for (const [i, run] of runs.entries()) {
    if (found[i] !== null) continue;
    const difference = await run(program, weights, inputs).then(
      (results) => firstDifference(program, expected, results),
      (error: unknown) => String(error),
    );
    if (difference !== undefined) found[i] = `Program ${seed}, ${difference}`;
  }
}
console.log(JSON.stringify(found));
