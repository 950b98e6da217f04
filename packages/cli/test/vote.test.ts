/** `og vote` and `og guardian` as their users type them, on a real chain. */
import { disputesAbi } from "@opengradient/bindings";
import { devnetParameters, parametersHash } from "@opengradient/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { devnetAddress } from "../src/chain/accounts.ts";
import { openTerminal, type Terminal } from "./terminal.ts";

let og: Terminal;
beforeAll(async () => {
  og = await openTerminal();
});
afterAll(() => og.close());

const DAY = 86_400;
const TIER = parametersHash(devnetParameters);

test("a vote changes the price floor, and every step before its time says when it can be taken", async () => {
  const deployer = ["--account", "deployer"] as const;
  expect(await og.fails("vote", "propose", "floor", "2", ...deployer)).toContain(
    "has 0 OPG of votes; who proposes needs",
  );
  await og.run("vote", "delegate", ...deployer);
  await og.advance(1);
  for (const [values, words] of [
    [["floor", "100.1"], "floor 100.1: gwei are needed, from 0.000000001 (1 wei) to 100 (100 gwei)"],
    [["floor", "0"], "floor 0: gwei are needed"],
    [["resplit", TIER, "31", "5"], "the share for audits 31: per cent from 0 to 30"],
    [["resplit", TIER, "5", "0.5"], "the share to be burnt 0.5: per cent from 1 to 30"],
    [["resplit", TIER, "5", "5"], "gives 5 % to audits and burns 5 % already"],
    [["resplit", `0x${"12".repeat(32)}`, "5", "5"], "this Market has none of this hash"],
    [["slash", "everybody"], "slash everybody: no vote can do this"],
  ] as const)
    expect(await og.fails("vote", "propose", ...values, ...deployer)).toContain(words);

  const floor = ["vote", "propose", "floor", "2", "--why", "base fees fell", ...deployer] as const;
  const { id = "" } = await og.json(...floor);
  expect(await og.fails(...floor)).toContain(`you proposed the same with the same words: ${id}`);
  expect(await og.fails("vote", "cast", id, "for", ...deployer)).toContain("count, then the vote begins");
  await og.advance(2 * DAY + 1);
  expect(await og.fails("vote", "cast", id, "for", "--account", "requester")).toContain("had no votes when");
  expect(await og.run("vote", "cast", id, "for", ...deployer)).toMatch(/is voted on until .* \(in 7 days\)/);
  expect(await og.fails("vote", "cancel", id, ...deployer)).toContain("is voted on until");
  await og.advance(7 * DAY);
  expect(await og.run("vote", "list")).toContain("is decided for: anyone can queue it");
  expect(await og.run("vote", "queue", id, "--account", "challenger")).toContain("it can be executed from");
  expect(await og.fails("vote", "execute", id, "--account", "challenger")).toContain("it can be executed from");
  await og.advance(7 * DAY + 1);
  const [proposal] = await og.json<object[]>("vote", "list");
  expect(proposal).toMatchObject({ id, state: "queued", acts: [{ kind: "floor", floor: "2000000000" }] });
  expect(await og.run("vote", "execute", id, "--account", "challenger")).toContain("is executed");
  const { chain, addresses } = og.reader;
  const floorNow = { address: addresses.disputes, abi: disputesAbi, functionName: "baseFeeFloor" } as const;
  expect(await chain.readContract(floorNow)).toBe(2_000_000_000n);

  const { id: other = "" } = await og.json("vote", "propose", "resplit", TIER, "10", "1", ...deployer);
  expect(await og.fails("vote", "cancel", other, "--account", "challenger")).toContain("only its proposer cancels");
  expect(await og.run("vote", "cancel", other, ...deployer)).toContain("was cancelled by its proposer");
});

test("stake votes once it is counted, for whom its owner says", async () => {
  const operator = ["--account", "operator"] as const;
  await og.run("stake", "60000", "--endpoint", "http://127.0.0.1:1", ...operator);
  expect(await og.run("vote", "power", ...operator)).toMatch(/60,000 OPG with .*: nobody votes with 0 OPG of them/);
  expect(await og.json("vote", "sync", ...operator)).toMatchObject({ votes: String(60_000n * 10n ** 18n) });
  const address = devnetAddress("challenger");
  const { stakeDelegate, heldDelegate } = await og.json("vote", "delegate", address, ...operator);
  expect([stakeDelegate, heldDelegate]).toEqual([address, address]);
  expect(await og.json("vote", "power", address)).toMatchObject({ votes: String(1_000_000n * 10n ** 18n) });
  expect(await og.fails("vote", "sync", "--account", "author")).toContain("has nothing at stake");
});

test("the guardian pauses new work once, and everybody sees until when", async () => {
  const guardian = ["--account", "guardian"] as const;
  expect(await og.fails("guardian", "pause", "--account", "requester")).toContain("is not the guardian: that is");
  await og.advance(31 * DAY);
  for (const act of ["pause", "resume"])
    expect(await og.fails("guardian", act, ...guardian)).toContain("gave no beat before");
  const { id = "" } = await og.json("vote", "propose", "guardian", devnetAddress("guardian"), "--account", "deployer");
  await og.advance(2 * DAY + 1);
  await og.run("vote", "cast", id, "for", "--account", "deployer");
  await og.advance(7 * DAY);
  await og.run("vote", "queue", id, "--account", "deployer");
  await og.advance(7 * DAY + 1);
  await og.run("vote", "execute", id, "--account", "deployer");
  expect(await og.run("guardian", "beat", ...guardian)).toMatch(
    /new work +goes on\n(.*\n)*.*can pause once; lapses .*in 30 days/,
  );
  expect(await og.run("guardian", "pause", ...guardian)).toMatch(
    /new work +is paused by guardian 0x.* until .*\(in 14 days\)/,
  );
  expect(await og.json("guardian", "status")).toMatchObject({ paused: true, guardian: { spent: true }, closed: [] });
  expect(await og.fails("guardian", "pause", ...guardian)).toContain("the guardian has paused once: only a vote");
  expect(await og.run("guardian", "resume", ...guardian)).toMatch(/last pause .*, ended by guardian 0x/);
  expect(await og.fails("guardian", "resume", ...guardian)).toContain("new work is not paused");
});
