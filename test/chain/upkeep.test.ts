/** What an operator does for itself: it takes no more than it can answer for, and throws away what nobody may ask for. */
import { type Node, type NodeConfigInput, parseConfig, silentLog, startNode } from "@opengradient/node";
import { claimDigest, domainOf } from "@opengradient/protocol";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { scratch } from "../../packages/node/test/scratch.ts";
import { OPG } from "./chain.ts";
import {
  ask,
  give,
  newActor,
  newOperator,
  nodeConfig,
  OVER,
  openStage,
  postedClaim,
  type Stage,
  until,
  untilDecided,
} from "./stage.ts";
import { toyInput } from "./toy.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await stage.stopNodes();
});
afterAll(() => stage.close());

async function operatorWith(more: Partial<NodeConfigInput>) {
  const operator = await newOperator(stage);
  const role = { owner: operator.owner.wallet.account.address, key: operator.hot.key };
  const config = parseConfig(nodeConfig(stage, { operator: role, ...more }));
  const start = async (): Promise<Node> => {
    const node = await startNode(config, { log: silentLog });
    stage.running.add(node);
    return node;
  };
  const node = await start();
  await operator.enlist(node.url);
  return { operator, node, start };
}

const statusOf = async ({ url }: Node) => (await fetch(`${url}/status`)).json();

test("an operator takes no claim more than it could trace again in half of the time to answer", async () => {
  // By this clock a trace takes 12 s; 30 s are half of what the tier gives.
  let now = 0;
  vi.spyOn(performance, "now").mockImplementation(() => (now += 12_000));
  const { operator, node } = await operatorWith({});
  const requester = await newActor(stage, 100n * OPG);
  const asked = [];
  for (const seed of [1, 2, 3]) {
    const input = toyInput(seed);
    const { requestId } = await ask(stage, requester, operator, input);
    await give(node, input);
    asked.push(requestId);
    if (seed < 3) await postedClaim(stage, requestId);
  }
  const declined = async () => ((await statusOf(node)).operator.declined === 1 ? true : undefined);
  await until("the third to be declined", declined);
  expect((await statusOf(node)).operator).toMatchObject({ waiting: 1, declined: 1, undecided: 2 });

  // A place comes free when one of them is decided; what was declined is looked at again a minute later.
  expect(await untilDecided(stage, await postedClaim(stage, asked[0]!), OVER)).toBe("final");
  await stage.chain.advance(61);
  expect(await postedClaim(stage, asked[2]!)).toMatchObject({ requestId: asked[2] });
});

test("data of decided claims go, those of open claims stay, also over a restart", async () => {
  const { operator, node, start } = await operatorWith({ keepSeconds: 0, dataDir: scratch() });
  const requester = await newActor(stage, 100n * OPG);
  const answered = async (at: Node, seed: number) => {
    const input = toyInput(seed);
    const { requestId } = await ask(stage, requester, operator, input);
    await give(at, input);
    const claim = await postedClaim(stage, requestId);
    return { requestId, claim, digest: claimDigest(domainOf(stage.author), claim) };
  };
  const get = async ({ url }: Node, path: string) => (await fetch(`${url}${path}`)).status;
  const old = await answered(node, 1);
  expect(await get(node, `/claims/${old.digest}/outputs`)).toBe(200);
  expect(await untilDecided(stage, old.claim, OVER)).toBe("final");
  const young = await answered(node, 2);
  const gone = async () => ((await get(node, `/claims/${old.digest}/outputs`)) === 404 ? true : undefined);
  await until("the old claim's data to go", gone);
  await stage.stop(node);
  const again = await start();
  // Counted at the end of the first turn.
  const blobs = await until("the first turn", async () => (await statusOf(again)).blobs as number | undefined);
  expect(blobs).toBe(2);
  for (const side of ["inputs", "outputs", "nodes/1"]) {
    expect([side, await get(again, `/claims/${old.digest}/${side}`)]).toEqual([side, 404]);
    if (side !== "nodes/1") expect([side, await get(again, `/claims/${young.digest}/${side}`)]).toEqual([side, 200]);
  }
  expect(await get(again, `/requests/${old.requestId}/receipt`)).toBe(200);
});
