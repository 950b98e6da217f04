import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { readArtifacts } from "@opengradient/cli";
import { expect, test } from "vitest";
import { mutatedArbiter, openArbiters, searchArbiter } from "./mutants/arbiter.ts";
import { MUTANTS } from "./mutants/list.ts";
import { mutatedRooms, root } from "./mutants/mutate.ts";

/** What bits.test.ts and the Arbiter's own test compare, in the same order. */
const PROGRAMS = 300;

test("the list holds twenty bugs, some in each executor", () => {
  expect(MUTANTS.length).toBe(20);
  for (const room of ["program", "engine", "contracts"])
    expect(MUTANTS.filter((at) => at.room === room).length).toBeGreaterThan(5);
});

test.each(["program", "engine"] as const)(
  "every bug in the room %s shows as a difference between engine and reference",
  (room) => {
    const mutants = MUTANTS.filter((mutant) => mutant.room === room);
    const { folders, remove } = mutatedRooms(mutants);
    try {
      const search = join(root, "test/conformance/mutants/search.ts");
      const printed = execFileSync(process.execPath, [search, room, String(PROGRAMS), ...folders], {
        encoding: "utf8",
      });
      const found = JSON.parse(printed) as (string | null)[];
      console.log(mutants.map(({ bug }, i) => `${bug}: ${found[i]}`).join("\n"));
      expect(mutants.filter((_, i) => found[i] === null).map(({ bug }) => bug)).toEqual([]);
    } finally {
      remove();
    }
  },
);

test("every bug in the Arbiter shows as an answer that is not the reference's", async () => {
  const { ask, close } = await openArbiters();
  const elsewhere = { programs: 100, elements: 20 };
  try {
    const told: string[] = [];
    for (const mutant of MUTANTS.filter(({ room }) => room === "contracts")) {
      const found = await searchArbiter(await ask(mutatedArbiter(mutant)), elsewhere);
      told.push(`${mutant.bug}: ${found}`);
      expect(found, mutant.bug).toBeDefined();
    }
    console.log(told.join("\n"));
    expect(
      await searchArbiter(await ask(readArtifacts().Arbiter.bytecode), { programs: 10, elements: 10 }),
    ).toBeUndefined();
  } finally {
    await close();
  }
});
