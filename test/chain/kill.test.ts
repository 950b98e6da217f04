import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { uploadInput } from "@opengradient/node";
import { claimDigest, domainOf } from "@opengradient/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { scratch } from "../../packages/node/test/scratch.ts";
import { OPG } from "./chain.ts";
import { ask, newActor, newOperator, nodeConfig, openStage, type Stage, until, untilDecided } from "./stage.ts";
import { toyInput } from "./toy.ts";

const script = fileURLToPath(new URL("daemon.ts", import.meta.url));

const freePort = (): Promise<number> =>
  new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
  });

/** A daemon that can be killed and started again on the same disk. */
function daemon(config: object) {
  const path = join(scratch(), "config.json");
  writeFileSync(path, JSON.stringify(config));
  let child: ChildProcess | undefined;
  const exit = () => new Promise<number | null>((done) => child!.once("exit", done));
  return {
    /** Comes back when it serves. */
    async start(): Promise<void> {
      child = spawn(process.execPath, [script, path], { stdio: ["ignore", "pipe", "inherit"] });
      await new Promise((ready) => child!.stdout!.once("data", ready));
    },
    async kill(): Promise<void> {
      const gone = exit();
      child!.kill("SIGKILL");
      await gone;
    },
    async stop(): Promise<number | null> {
      const gone = exit();
      child!.kill("SIGTERM");
      return gone;
    },
  };
}

const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

test("an operator that is killed again and again answers every request exactly once, and is paid", {
  timeout: 180_000,
}, async () => {
  const operator = await newOperator(stage);
  const role = { owner: operator.owner.wallet.account.address, key: operator.hot.key, postOpened: false };
  const http = { host: "127.0.0.1", port: await freePort() };
  const node = daemon(nodeConfig(stage, { operator: role, http }));
  const url = `http://127.0.0.1:${http.port}`;
  await operator.enlist(url);
  const requester = await newActor(stage, 100n * OPG);
  const inputs = [1, 2, 3].map((seed) => toyInput(seed));
  const requests = [];
  for (const input of inputs) requests.push(await ask(stage, requester, operator, input));

  // Uploads go on through the deaths, as a requester's would.
  const uploads = Promise.all(
    inputs.map(async (input) => {
      for (;;)
        try {
          return await uploadInput(url, input, { tries: 5, wait: 20 });
        } catch {
          await sleep(20);
        }
    }),
  );
  const posted = async () => {
    const found = (await stage.events()).filter(({ name }) => name === "Posted");
    return found.length >= inputs.length ? found : undefined;
  };
  let deaths = 0;
  // It dies later and later in its life: between reading, running, signing, sending and seeing it mined.
  for (let life = 15; !(await posted()); life = Math.ceil(1.5 * life)) {
    await node.start();
    await sleep(life);
    await node.kill();
    deaths++;
    expect(life).toBeLessThan(10_000);
  }
  await node.start();
  await uploads;
  const events = await until("all answers", posted);
  const ids = requests.map(({ requestId }) => requestId);
  expect(events.map(({ args }) => args["requestId"]).sort()).toEqual([...ids].sort());
  expect(deaths).toBeGreaterThan(0);
  for (const { args } of events) {
    const claim = args["claim"] as Parameters<typeof claimDigest>[1];
    expect(args["id"]).toBe(claimDigest(domainOf(stage.author), claim));
    expect(await untilDecided(stage, claim, 60)).toBe("final");
  }
  // One transaction for each post and each finalise: nothing was sent twice.
  const sent = await stage.chain.client.getTransactionCount({ address: operator.hot.wallet.account.address });
  expect(sent).toBe(2 * inputs.length);
  expect(await node.stop()).toBe(0);
});
