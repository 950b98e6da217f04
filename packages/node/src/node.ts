import { join } from "node:path";
import { serve } from "@hono/node-server";
import type { Reader } from "@opengradient/protocol";
import type { Hono } from "hono";
import { createPublicClient, type Hex, http, parseEther } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { answerTable } from "./answers.ts";
import { type Auditor, openAuditor } from "./audit.ts";
import { openBlobs } from "./blobs.ts";
import type { NodeConfig } from "./config.ts";
import { type Db, openDatabase } from "./database.ts";
import { openDefender } from "./defender.ts";
import { type Executor, type LoadedModel, wasmExecutor } from "./executor.ts";
import { type Head, openFollower } from "./follower.ts";
import { openGuard } from "./guard.ts";
import { openHttp } from "./http.ts";
import { openInputs } from "./inputs.ts";
import { jsonLog, type Log } from "./log.ts";
import { readModel } from "./models.ts";
import { openOperatorRole } from "./operatorRole.ts";
import { type Outbox, openOutbox } from "./outbox.ts";
import { openPruner } from "./pruning.ts";
import { openShown } from "./shown.ts";
import { soldTable } from "./sold.ts";
import { openWatcher, type Watcher } from "./watcher.ts";

/** What may be put in the place of the node's own parts. */
export type NodeParts = {
  readonly log?: Log;
  readonly executor?: Executor;
  readonly aroundOperatorOutbox?: (outbox: Outbox) => Outbox;
  readonly aroundHttp?: (app: Hono) => Hono;
};

export type Node = {
  /** where it serves */
  readonly url: string;
  /** Finishes the present turn, closes server, files and threads. */
  stop(): Promise<void>;
};

/** The chain is another one than the configuration's. */
export class WrongChainError extends Error {
  override readonly name = "WrongChainError";
}

async function openReader({ rpcUrl, deployment }: NodeConfig): Promise<Reader> {
  const chain = createPublicClient({ transport: http(rpcUrl, { retryCount: 2 }), cacheTime: 0 });
  const chainId = await chain.getChainId();
  if (chainId !== deployment.chainId)
    throw new WrongChainError(`${rpcUrl} is chain ${chainId}, the deployment is on chain ${deployment.chainId}`);
  return { chain: chain as Reader["chain"], addresses: deployment, chainId };
}

async function loadModels(folders: readonly string[], executor: Executor): Promise<Map<string, LoadedModel>> {
  const models = new Map<string, LoadedModel>();
  for (const folder of folders) {
    const model = readModel(folder);
    models.set(model.modelRoot, { ...model, runner: await executor(model.program, model.weights) });
  }
  return models;
}

/** Starts the roles that the configuration names; everything that can be wrong with it is found before it returns. */
export async function startNode(config: NodeConfig, parts: NodeParts = {}): Promise<Node> {
  const log = parts.log ?? jsonLog();
  const reader = await openReader(config);
  const models = await loadModels(config.models, parts.executor ?? wasmExecutor);
  const db = openDatabase(join(config.dataDir, "node.db"));
  const blobs = openBlobs(join(config.dataDir, "blobs"));
  const inputs = openInputs(blobs);
  const takeShown = openShown({ db, reader, models, inputs });
  const answers = answerTable(db);
  const sold = soldTable(db);
  const pruner = openPruner({ db, blobs, answers, sold, keep: config.keepSeconds, log });
  const began = Date.now();
  const guard = openGuard(join(config.dataDir, "guard.db"));
  const outboxOf = (key: Hex): Outbox =>
    openOutbox({
      db,
      chain: reader.chain,
      chainId: reader.chainId,
      account: privateKeyToAccount(key),
      depth: config.depth,
      bumpAfter: config.bumpAfter,
      feeCap: BigInt(config.feeCapGwei) * 10n ** 9n,
      log,
    });
  const outboxes: Outbox[] = [];
  const follower = openFollower({ db, reader, from: config.deployment.block, depth: config.depth });

  const operator = config.operator && (await openOperatorWith(config.operator));
  const watcher = config.watcher && (await openWatcherRole(config.watcher));

  function openOperatorWith(role: NonNullable<NodeConfig["operator"]>) {
    const honest = outboxOf(role.key);
    const outbox = parts.aroundOperatorOutbox?.(honest) ?? honest;
    outboxes.push(outbox);
    const account = privateKeyToAccount(role.key);
    const { depth } = config;
    const shared = { db, answers, sold, guard, blobs, inputs, takeShown, models, reader, account, outbox, depth, log };
    return openOperatorRole({ ...shared, config: role });
  }

  async function openWatcherRole(role: NonNullable<NodeConfig["watcher"]>): Promise<Watcher & Auditor> {
    const shared = { db, models, reader, inputs, takeShown, log };
    if (role.mode === "watch")
      return watching(openWatcher({ ...shared, defender: undefined }), openAuditor({ ...shared, outbox: undefined }));
    const outbox = outboxOf(role.key);
    outboxes.push(outbox);
    const defender = await openDefender({ db, reader, outbox, budget: parseEther(role.mostNative), log });
    const { patience, only } = role;
    const watcher = openWatcher({ ...shared, defender, patience, only });
    // Who looks at some claims only looks at no batch.
    const auditor = openAuditor({ ...shared, outbox });
    return only ? { ...watcher, take: auditor.take } : watching(watcher, auditor);
  }

  let head: Head | undefined;
  /** what last went wrong in a loop, until a turn of it comes to its end */
  const failures = new Map<"chain" | "watcher", string>();
  const failure = () => [...failures].map(([what, error]) => `${what}: ${error}`).join("; ") || undefined;
  /** that came to their end: a loop that hangs or fails counts no further */
  const turns = { chain: 0, ...(watcher && { watcher: 0 }) };
  const attempt = (what: "chain" | "watcher", turn: () => Promise<void>) => async () => {
    try {
      await turn();
      turns[what] = (turns[what] ?? 0) + 1;
      failures.delete(what);
    } catch (error) {
      failures.set(what, String(error));
      log.error({ error: `${what}: ${String(error)}` }, "turn failed, trying again");
    }
  };
  const loops = [
    startLoop(
      config.pollMs,
      attempt("chain", async () => {
        head = await follower.tick();
        await operator?.tick(head);
        for (const outbox of outboxes) await outbox.tick(head.time);
        pruner.tick(head);
      }),
    ),
  ];
  // Apart, because it waits for other operators' endpoints.
  if (watcher)
    loops.push(
      startLoop(
        config.pollMs,
        attempt("watcher", async () => void (head && (await watcher.tick(head)))),
      ),
    );
  const app = openHttp({
    models,
    operator,
    watcher,
    inputs,
    notReady: () => (head ? failure() : "the chain was not read yet"),
    wake: loops[0]!.wake,
    status: () => ({
      chainId: reader.chainId,
      head: head && { block: Number(head.number), time: head.time },
      failure: failure(),
      turns,
      upSeconds: Math.floor((Date.now() - began) / 1000),
      models: [...models.values()].map(({ name, modelRoot }) => ({ name, modelRoot })),
      operator: operator && { owner: operator.owner, ...operator.counts() },
      watcher: watcher && config.watcher && { mode: config.watcher.mode, ...watcher.counts() },
      outboxes: outboxes.map((outbox) => ({ account: outbox.account, intents: outbox.counts() })),
      blobs: pruner.left(),
    }),
    mostUpload: config.mostUploadBytes,
    log,
  });
  const server = await listen(parts.aroundHttp?.(app) ?? app, config.http);
  log.info({ url: server.url, operator: operator?.owner, watcher: config.watcher?.mode }, "started");
  let stopping: Promise<void> | undefined;
  return {
    url: server.url,
    stop() {
      const runners = [...models.values()].map(({ runner }) => runner);
      stopping ??= stopAll(loops, server, [db, guard, ...runners]);
      return stopping;
    },
  };
}

/** What stands on chain, and what is to be brought there. */
const watching = (watcher: Watcher, auditor: Auditor): Watcher & Auditor => ({
  ...watcher,
  ...auditor,
  async tick(head) {
    await watcher.tick(head);
    await auditor.tick(head);
  },
});

type Closable = { close(): void };

async function stopAll(
  loops: readonly Loop[],
  server: { close(): Promise<void> },
  held: readonly (Closable | Db)[],
): Promise<void> {
  await Promise.all(loops.map((loop) => loop.stop()));
  await server.close();
  for (const each of held) each.close();
}

type Loop = { readonly wake: () => void; readonly stop: () => Promise<void> };

/** Turns one after the other, `pause` apart, or sooner when woken. */
function startLoop(pause: number, turn: () => Promise<void>): Loop {
  let stopped = false;
  let wake = (): void => {};
  const running = (async () => {
    while (!stopped) {
      const rest = new Promise<void>((done) => {
        wake = done;
      });
      await turn();
      if (stopped) return;
      const timer = setTimeout(wake, pause);
      await rest;
      clearTimeout(timer);
    }
  })();
  return {
    wake: () => wake(),
    async stop() {
      stopped = true;
      wake();
      await running;
    },
  };
}

function listen(app: Hono, { host, port }: NodeConfig["http"]): Promise<{ url: string; close(): Promise<void> }> {
  return new Promise((done, fail) => {
    const server = serve({ fetch: app.fetch, hostname: host, port }, ({ port: bound }) =>
      done({
        url: `http://${host}:${bound}`,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            if ("closeAllConnections" in server) server.closeAllConnections();
          }),
      }),
    );
    server.once("error", fail);
  });
}
