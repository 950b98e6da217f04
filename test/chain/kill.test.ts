import { uploadInput } from "@opengradient/node";
import { claimDigest, domainOf } from "@opengradient/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { OPG } from "./chain.ts";
import { daemon, lowPort } from "./mortal.ts";
import { ask, endOf, newActor, newOperator, nodeConfig, OVER, openStage, type Stage, until } from "./stage.ts";
import { toyInput } from "./toy.ts";

const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

test("an operator that is killed again and again answers every request exactly once, and is paid", async () => {
  const operator = await newOperator(stage);
  const role = { owner: operator.owner.wallet.account.address, key: operator.hot.key, postOpened: false };
  const http = { host: "127.0.0.1", port: await lowPort() };
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
  await stage.chain.advance(OVER);
  for (const { args } of events) {
    const claim = args["claim"] as Parameters<typeof claimDigest>[1];
    expect(args["id"]).toBe(claimDigest(domainOf(stage.author), claim));
    expect(await until("the end", () => endOf(stage, claim))).toBe("final");
  }
  // One transaction for each post and each finalise: nothing was sent twice.
  const sent = await stage.chain.client.getTransactionCount({ address: operator.hot.wallet.account.address });
  expect(sent).toBe(2 * inputs.length);
  expect(await node.stop()).toBe(0);
});
