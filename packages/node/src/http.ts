import { decodePosition } from "@opengradient/commitments";
import { revealNode } from "@opengradient/dispute";
import { TensorError } from "@opengradient/program";
import {
  encodePackage,
  LeafError,
  lastVoucherToJson,
  leafFromJson,
  leafToJson,
  OrderError,
  orderFromJson,
  PackageError,
  ReceiptError,
  receiptFromJson,
  receiptToJson,
  unitPricesToJson,
} from "@opengradient/protocol";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { HTTPException } from "hono/http-exception";
import { stream } from "hono/streaming";
import type { Answer } from "./answers.ts";
import { type Auditor, HandedClaimError } from "./audit.ts";
import type { LoadedModel } from "./executor.ts";
import type { Inputs } from "./inputs.ts";
import type { Log } from "./log.ts";
import { metricsOf } from "./metrics.ts";
import { MODEL_FILES, type ModelFile, modelFile } from "./modelFiles.ts";
import type { OperatorRole } from "./operatorRole.ts";
import { OrderRefusedError } from "./seller.ts";
import type { Watcher } from "./watcher.ts";

export type HttpOptions = {
  readonly models: ReadonlyMap<string, LoadedModel>;
  readonly operator: OperatorRole | undefined;
  readonly watcher: (Watcher & Auditor) | undefined;
  readonly inputs: Inputs;
  /** why the daemon is not ready, or undefined */
  readonly notReady: () => string | undefined;
  /** something came in that the next tick can use */
  readonly wake: () => void;
  readonly status: () => object;
  readonly log: Log;
  /** bytes of an uploaded input */
  readonly mostUpload: number;
};

const isHash = (text: string): text is `0x${string}` => /^0x[0-9a-f]{64}$/.test(text);

const binary = (c: Context, bytes: Uint8Array) =>
  c.body(bytes as Uint8Array<ArrayBuffer>, 200, { "content-type": "application/octet-stream" });

/** Parts one after the other, as fast as they are taken. */
function streamed(c: Context, parts: readonly Uint8Array[]) {
  c.header("content-type", "application/octet-stream");
  c.header("content-length", String(parts.reduce((sum, part) => sum + part.length, 0)));
  return stream(c, async (out) => {
    for (const part of parts) await out.write(part);
  });
}

/** What the daemon serves. Everything is checked by whoever fetches it, against a hash that they know. */
export function openHttp(options: HttpOptions): Hono {
  const app = new Hono();
  // Pages of any origin may read and hand in: all of it is public, and there are no cookies to abuse.
  app.use(cors());
  app.onError((error, c) => {
    if (error instanceof HTTPException) return error.getResponse();
    options.log.error({ path: c.req.path, error: String(error) }, "request failed");
    return c.text("the node failed; its log says why", 500);
  });
  app.get("/livez", (c) => c.text("ok"));
  app.get("/readyz", (c) => {
    const reason = options.notReady();
    return reason ? c.text(reason, 503) : c.text("ok");
  });
  app.get("/status", (c) => c.json(options.status()));
  app.get("/metrics", (c) => c.text(metricsOf({ ready: options.notReady() === undefined, ...options.status() })));
  app.get("/verdicts", (c) => (options.watcher ? c.json(options.watcher.verdicts()) : c.notFound()));
  serveModels(app, options.models);
  takeInputs(app, options);
  if (options.watcher) takeClaims(app, options.watcher, options);
  if (options.operator) {
    serveOperator(app, options.operator);
    takeOrders(app, options.operator, options);
  }
  return app;
}

function serveModels(app: Hono, models: ReadonlyMap<string, LoadedModel>): void {
  app.get("/models", (c) => c.json([...models.values()].map(({ name, modelRoot }) => ({ name, modelRoot }))));
  app.get("/models/:root/:file", (c) => {
    const model = models.get(c.req.param("root"));
    const file = c.req.param("file") as ModelFile;
    return model && MODEL_FILES.includes(file) ? streamed(c, modelFile(model, file)) : c.notFound();
  });
}

/** An input is taken only when a request waits for it, or an open claim is to be checked with it. */
function takeInputs(app: Hono, { models, operator, watcher, inputs, mostUpload, wake }: HttpOptions): void {
  app.put("/inputs/:input", bodyLimit({ maxSize: mostUpload }), async (c) => {
    const input = c.req.param("input");
    if (!isHash(input)) return c.text("an input is named by 32 bytes of lower-case hex", 400);
    const root = operator?.waitsFor(input) ?? watcher?.waitsFor(input);
    if (!root) return c.text("no request for this input was seen yet: try again", 409);
    const model = models.get(root);
    if (!model) return c.text(`model ${root} is not loaded here`, 422);
    try {
      inputs.keep(model, input, new Uint8Array(await c.req.arrayBuffer()));
    } catch (error) {
      if (error instanceof PackageError || error instanceof TensorError) return c.text(error.message, 422);
      throw error;
    }
    wake();
    return c.text("ok");
  });
}

/** Parts of a form: some of JSON, one of bytes. @throws HTTPException 400 */
async function formOf<T extends string>(
  c: Context,
  texts: readonly T[],
): Promise<{ text: Record<T, string>; input: Uint8Array }> {
  const form = await c.req.formData().catch(() => undefined);
  const input = form?.get("input");
  const found = texts.map((name) => [name, form?.get(name)] as const);
  const missing = found.filter(([, value]) => typeof value !== "string").map(([name]) => name);
  if (missing.length || !(input instanceof File))
    throw new HTTPException(400, {
      message: `a form with the text parts ${texts.join(", ")} and the file input is needed`,
    });
  return { text: Object.fromEntries(found) as Record<T, string>, input: new Uint8Array(await input.arrayBuffer()) };
}

const json = (c: Context, body: string, status: 200 | 409 = 200) =>
  c.body(body, status, { "content-type": "application/json" });

/** Answers for vouchers: an order and an input come in, a receipt goes out. */
function takeOrders(app: Hono, operator: OperatorRole, { mostUpload, wake, log }: HttpOptions): void {
  app.get("/prices", (c) => json(c, unitPricesToJson(operator.prices)));

  app.post("/orders", bodyLimit({ maxSize: mostUpload }), async (c) => {
    const { text, input } = await formOf(c, ["order"]);
    try {
      const receipt = await operator.sell(orderFromJson(text.order), input);
      wake();
      return json(c, receiptToJson(receipt));
    } catch (error) {
      if (error instanceof OrderError) return c.text(error.message, 400);
      if (!(error instanceof OrderRefusedError)) throw error;
      log.warn({ reason: error.message }, "order refused");
      return error.last ? json(c, lastVoucherToJson(error.last), 409) : c.text(error.message, error.status);
    }
  });

  app.get("/claims/:digest/leaf", (c) => {
    const digest = c.req.param("digest");
    const leaf = isHash(digest) ? operator.leaf(digest) : undefined;
    return leaf ? json(c, leafToJson(leaf)) : c.notFound();
  });

  app.get("/batches/:root/claims", (c) => {
    const root = c.req.param("root");
    const receipts = isHash(root) ? operator.receipts(root) : undefined;
    return receipts ? c.text(receipts.map((receipt) => receiptToJson(receipt)).join("\n")) : c.notFound();
  });
}

/** Signed claims that a holder wants to have checked: they are not on chain, or in a batch only. */
function takeClaims(app: Hono, watcher: Auditor, { mostUpload }: HttpOptions): void {
  app.post("/claims", bodyLimit({ maxSize: mostUpload }), async (c) => {
    const { text, input } = await formOf(c, ["receipt", "leaf"]);
    try {
      const leaf = text.leaf ? leafFromJson(text.leaf) : undefined;
      return c.json(await watcher.take({ receipt: receiptFromJson(text.receipt), leaf }, input));
    } catch (error) {
      const theirs = [HandedClaimError, ReceiptError, LeafError, PackageError, TensorError];
      if (theirs.some((kind) => error instanceof kind)) return c.text((error as Error).message, 422);
      throw error;
    }
  });
}

function serveOperator(app: Hono, operator: OperatorRole): void {
  function answered<T>(c: Context, find: (answer: Answer) => T | undefined, encode: (found: T) => Uint8Array) {
    const digest = c.req.param("digest") ?? "";
    const answer = isHash(digest) ? operator.answer(digest) : undefined;
    const found = answer && find(answer);
    return found ? binary(c, encode(found)) : c.notFound();
  }

  app.get("/requests/:id/receipt", (c) => {
    const id = c.req.param("id");
    const receipt = /^\d{1,78}$/.test(id) ? operator.receipt(BigInt(id)) : undefined;
    return receipt ? json(c, receiptToJson(receipt)) : c.notFound();
  });

  app.get("/claims/:digest/inputs", (c) => answered(c, operator.inputs, encodePackage));

  app.get("/claims/:digest/outputs", (c) => answered(c, operator.outputs, encodePackage));

  app.get("/claims/:digest/nodes/:position", (c) => {
    const position = c.req.param("position");
    if (!/^\d{1,25}$/.test(position)) return c.notFound();
    try {
      const at = decodePosition(BigInt(position));
      return answered(c, operator.run, (run) => revealNode(run, at));
    } catch {
      return c.notFound();
    }
  });
}
