import { type Hex, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { describe, expect, test } from "vitest";
import { openDatabase } from "../src/database.ts";
import { silentLog } from "../src/log.ts";
import { type Outbox, openOutbox } from "../src/outbox.ts";
import { Crash, type FakeChain, type Faults, fakeChain } from "./fakeChain.ts";

const account = privateKeyToAccount(`0x${"33".repeat(32)}`);
const to = `0x${"44".repeat(20)}` as const;
const DEPTH = 2;

/** An outbox on one disk and one chain, whose process can die at any call. */
function bench() {
  const chain = fakeChain();
  const db = openDatabase(":memory:");
  const start = (): Outbox =>
    openOutbox({
      db,
      chain: chain.client,
      chainId: 1,
      account,
      depth: DEPTH,
      bumpAfter: 30,
      feeCap: 10_000n,
      log: silentLog,
    });
  let outbox = start();
  let now = 0;
  return {
    chain,
    get outbox() {
      return outbox;
    },
    /** One turn; a crash starts the daemon anew on the same disk. */
    async turn(faults: Faults = {}): Promise<void> {
      now += 10;
      chain.begin(faults);
      try {
        await outbox.tick(now);
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
      }
      if (faults.crashAt !== undefined) outbox = start();
    },
    async settle(): Promise<void> {
      for (let i = 0; i < 12; i++) {
        await this.turn();
        chain.mine();
        chain.pass(1);
      }
    },
  };
}

const intent = (i: number) => ({ id: `intent:${i}`, to, data: toHex(i + 1, { size: 1 }) });
const once = (chain: FakeChain, wanted: readonly Hex[]) =>
  expect([...chain.effects()].filter((data) => data !== "0x").sort()).toEqual([...wanted].sort());

describe("an intent takes effect exactly once", () => {
  test("when nothing happens, and it is done only at depth", async () => {
    const b = bench();
    b.outbox.add(intent(0));
    await b.turn();
    b.chain.mine();
    await b.turn();
    expect(b.outbox.stateOf("intent:0")?.state).toBe("sent");
    b.chain.pass(DEPTH);
    await b.turn();
    expect(b.outbox.stateOf("intent:0")?.state).toBe("done");
    b.outbox.add(intent(0));
    await b.settle();
    once(b.chain, [intent(0).data]);
  });

  // A turn makes fewer calls than this.
  test.each(Array.from({ length: 14 }, (_, i) => i))(
    "when the process dies at call %i, before or after it arrived",
    async (crashAt) => {
      for (const reachedNode of [false, true]) {
        const b = bench();
        b.outbox.add(intent(0));
        b.outbox.add(intent(1));
        await b.turn({ crashAt, reachedNode });
        await b.settle();
        once(b.chain, [intent(0).data, intent(1).data]);
        expect(b.outbox.stateOf("intent:1")?.state).toBe("done");
      }
    },
  );

  test("when a broadcast is lost, the pool forgets, or a reorganisation takes the block back", async () => {
    const b = bench();
    b.outbox.add(intent(0));
    await b.turn({ drop: true });
    b.chain.mine();
    await b.turn();
    b.chain.forgetPool();
    await b.turn();
    b.chain.mine();
    await b.turn();
    b.chain.reorganise(1);
    once(b.chain, []);
    await b.settle();
    once(b.chain, [intent(0).data]);
  });

  test("when a reorganisation deeper than the depth takes back what was done", async () => {
    const b = bench();
    b.outbox.add(intent(0));
    await b.settle();
    expect(b.outbox.stateOf("intent:0")?.state).toBe("done");
    b.chain.reorganise(1_000);
    b.chain.forgetPool();
    once(b.chain, []);
    b.outbox.add(intent(1));
    await b.settle();
    once(b.chain, [intent(0).data, intent(1).data]);
  });

  test("when another program takes its nonce", async () => {
    const b = bench();
    b.outbox.add(intent(0));
    await b.turn({ drop: true });
    b.chain.useNonceElsewhere();
    b.chain.pass(DEPTH);
    await b.settle();
    once(b.chain, [intent(0).data]);
  });

  test("under 80 random histories of crash, loss, forgetting and reorganisation", async () => {
    let seed = 1;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
      return (seed >>> 8) % below;
    };
    for (let history = 0; history < 80; history++) {
      const b = bench();
      for (let turn = 0; turn < 8; turn++) {
        if (random(2)) b.outbox.add(intent(turn));
        const faults: Faults[] = [{}, { drop: true }, { crashAt: random(8), reachedNode: random(2) === 1 }];
        await b.turn(faults[random(3)]);
        if (random(2)) b.chain.mine();
        if (random(5) === 0) b.chain.forgetPool();
        // Less than the depth at which an intent is called done.
        if (random(5) === 0) b.chain.reorganise(1);
      }
      const added = Array.from({ length: 8 }, (_, i) => intent(i)).filter(({ id }) => b.outbox.stateOf(id));
      await b.settle();
      once(
        b.chain,
        added.map(({ data }) => data),
      );
      expect(added.every(({ id }) => b.outbox.stateOf(id)?.state === "done")).toBe(true);
    }
  });
});

test("a transaction that is not mined is replaced under its nonce, with more fee, up to the cap", async () => {
  const b = bench();
  b.outbox.add(intent(0));
  for (let i = 0; i < 8; i++) await b.turn();
  b.chain.mine();
  await b.settle();
  once(b.chain, [intent(0).data]);
  expect(b.chain.nonce()).toBe(1);
});

test("an intent past its deadline is dropped before it is signed", async () => {
  const b = bench();
  b.outbox.add({ ...intent(0), deadline: 5 });
  await b.turn();
  expect(b.outbox.stateOf("intent:0")).toEqual({ state: "dropped", reason: "too late" });
  await b.settle();
  once(b.chain, []);
});
