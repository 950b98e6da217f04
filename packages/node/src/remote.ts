import { concatBytes } from "@opengradient/commitments";
import { ProgramError } from "@opengradient/program";
import {
  type Batch,
  decodePackage,
  encodePackage,
  type LastVoucher,
  type Leaf,
  lastVoucherFromJson,
  leafFromJson,
  leafToJson,
  type Order,
  orderToJson,
  type Package,
  packageInput,
  packageOutput,
  type Receipt,
  receiptFromJson,
  receiptToJson,
  type UnitPrice,
  unitPricesFromJson,
} from "@opengradient/protocol";
import type { Hex } from "viem";
import type { Finding } from "./audit.ts";
import type { HeldClaim } from "./holder.ts";
import type { ModelFile, StoredModel } from "./modelFiles.ts";
import { cardIntake, type Intake, ModelFilesError, programIntake, weightsIntake } from "./modelIntake.ts";

/** What an operator's HTTP side did not give, or gave wrong. */
export class RemoteError extends Error {
  override readonly name = "RemoteError";
  readonly status: number | undefined;
  constructor(message: string, status?: number, cause?: unknown) {
    super(message, { cause });
    this.status = status;
  }
}

/** Milliseconds for an answer with its body, so that an operator that trickles can not hold a watcher. */
const TIMEOUT = 5_000;

async function call(url: string, init: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(url, { signal: AbortSignal.timeout(TIMEOUT), ...init });
  } catch (cause) {
    throw new RemoteError(`${url} did not answer`, undefined, cause);
  }
}

/** undefined for 404: it may come later */
async function found(url: string, init: RequestInit = {}): Promise<Response | undefined> {
  const response = await call(url, init);
  if (response.status === 404) return undefined;
  if (!response.ok) throw new RemoteError(`${url} answered ${response.status}`, response.status);
  return response;
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const urlOf = (endpoint: string, path: string): string => `${endpoint.replace(/\/$/, "")}${path}`;

async function get(endpoint: string, path: string, most: number): Promise<Uint8Array | undefined> {
  const url = urlOf(endpoint, path);
  const response = await found(url);
  return response && limited(url, response, most);
}

/** Reads no more than was to be expected: an operator can not fill a watcher's memory. */
async function limited(url: string, response: Response, most: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > most) throw new RemoteError(`${url} sends more than ${most} bytes`);
    parts.push(part);
  }
  return concatBytes(parts);
}

export type UploadOptions = { readonly tries?: number; readonly wait?: number };

/**
 * Hands an operator the input of a request that is on chain. An operator takes only inputs that a request waits for, so
 * this asks again until the operator has seen it.
 */
export async function uploadInput(endpoint: string, input: Package, options: UploadOptions = {}): Promise<void> {
  const { tries = 60, wait = 500 } = options;
  const url = urlOf(endpoint, `/inputs/${packageInput(input)}`);
  for (let left = tries; ; left--) {
    const response = await call(url, { method: "PUT", body: encodePackage(input) as BodyInit });
    if (response.ok) return;
    const reason = await response.text();
    if (response.status !== 409 || left <= 1) throw new RemoteError(`${url}: ${reason}`, response.status);
    await new Promise((done) => setTimeout(done, wait));
  }
}

const MOST_PACKAGE = 1 << 30;

async function fetchPackage(endpoint: string, path: string, expected: (found: Package) => boolean) {
  const bytes = await get(endpoint, path, MOST_PACKAGE);
  if (!bytes) return undefined;
  const sent = decodePackage(bytes);
  if (!expected(sent)) throw new RemoteError(`${endpoint}${path} is not what the claim names`);
  return sent;
}

type Wanted = { readonly digest: Hex; readonly side: Hex };

/** undefined while the operator has none; checked against the claim's `input`. */
export const fetchInputs = (endpoint: string, { digest, side }: Wanted): Promise<Package | undefined> =>
  fetchPackage(endpoint, `/claims/${digest}/inputs`, (found) => packageInput(found) === side);

/** The same for `output`. */
export const fetchOutputs = (endpoint: string, { digest, side }: Wanted): Promise<Package | undefined> =>
  fetchPackage(endpoint, `/claims/${digest}/outputs`, (found) => packageOutput(found) === side);

/** Where a claim hangs in a posted batch, or undefined while it is in none; not checked: `checkLeaf` does that. */
export async function fetchLeaf(endpoint: string, digest: Hex): Promise<Leaf | undefined> {
  const bytes = await get(endpoint, `/claims/${digest}/leaf`, 1 << 16);
  return bytes && leafFromJson(text(bytes));
}

/** All claims of a batch by its root, in order, not checked; undefined where it is not served. */
export async function fetchBatch(
  endpoint: string,
  { root, count }: Pick<Batch, "root" | "count">,
): Promise<Receipt[] | undefined> {
  const bytes = await get(endpoint, `/batches/${root}/claims`, 2_048 * count);
  return bytes && text(bytes).split("\n").map(receiptFromJson);
}

/** What an operator sells answers for in other units than OPG; one that publishes nothing sells in OPG only. */
export async function fetchPrices(endpoint: string): Promise<readonly UnitPrice[]> {
  const bytes = await get(endpoint, "/prices", 1 << 20);
  return bytes ? unitPricesFromJson(text(bytes)) : [];
}

/** Milliseconds in which an operator runs a model. */
const RUN_TIMEOUT = 120_000;

type Said = { readonly url: string; readonly response: Response; readonly said: string };

/** Hands over an input, to be run, with fields that say what for. */
async function hand(
  endpoint: string,
  path: string,
  input: Package,
  fields: Readonly<Record<string, string>>,
): Promise<Said> {
  const url = urlOf(endpoint, path);
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  body.set("input", new Blob([encodePackage(input) as Uint8Array<ArrayBuffer>]));
  const response = await call(url, { method: "POST", body, signal: AbortSignal.timeout(RUN_TIMEOUT) });
  return { url, response, said: text(await limited(url, response, 1 << 16)) };
}

function accepted({ url, response, said }: Said): string {
  if (!response.ok) throw new RemoteError(`${url}: ${said}`, response.status);
  return said;
}

/**
 * Hands an operator a voucher and an input. What comes back is the receipt, not checked, or, when the voucher is spent,
 * the last one of its lane.
 */
export async function placeOrder(endpoint: string, order: Order, input: Package): Promise<Receipt | LastVoucher> {
  const got = await hand(endpoint, "/orders", input, { order: orderToJson(order) });
  return got.response.status === 409 ? lastVoucherFromJson(got.said) : receiptFromJson(accepted(got));
}

/** Hands a watcher a signed claim with its input, and its leaf where one is known. What it found, in words. */
export async function handClaim(endpoint: string, { receipt, leaf }: HeldClaim, input: Package): Promise<Finding> {
  const fields = { receipt: receiptToJson(receipt), leaf: leaf ? leafToJson(leaf) : "" };
  return JSON.parse(accepted(await hand(endpoint, "/claims", input, fields))) as Finding;
}

/** Whether a node answers and is ready, now. */
export const isReady = (endpoint: string): Promise<boolean> =>
  get(endpoint, "/readyz", 1 << 10).then(
    (text) => text !== undefined,
    () => false,
  );

/** The receipt for a request, or undefined while there is none. */
export async function fetchReceipt(endpoint: string, requestId: bigint): Promise<Receipt | undefined> {
  const bytes = await get(endpoint, `/requests/${requestId}/receipt`, 1 << 16);
  return bytes && receiptFromJson(text(bytes));
}

/** Bytes of a node, not checked: the dispute checks them against their parent. */
export const fetchNode = (endpoint: string, digest: Hex, position: bigint): Promise<Uint8Array | undefined> =>
  get(endpoint, `/claims/${digest}/nodes/${position}`, 256 * 32);

/** Bytes of a file so far, and of all of it when the other side said how many. */
export type Progress = (file: ModelFile, loaded: number, total: number | undefined) => void;

type Tell = (loaded: number, total: number | undefined) => void;

/** undefined for 404. A large file may take as long as it keeps coming; the first false part ends it. */
async function download<T>(url: string, intake: Intake<T>, tell: Tell): Promise<T | undefined> {
  const gone = new AbortController();
  const give = () => setTimeout(() => gone.abort(), TIMEOUT);
  let timer = give();
  try {
    const response = await found(url, { signal: gone.signal });
    if (!response) return undefined;
    const total = Number(response.headers.get("content-length")) || undefined;
    let loaded = 0;
    for await (const part of response.body ?? []) {
      clearTimeout(timer);
      timer = give();
      intake.take(part);
      loaded += part.length;
      tell(loaded, total);
    }
    return intake.end();
  } catch (cause) {
    if (cause instanceof RemoteError) throw cause;
    const isFalse = cause instanceof ModelFilesError || cause instanceof ProgramError;
    throw new RemoteError(isFalse ? `${url}: ${cause.message}` : `${url} broke off`, undefined, cause);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * A model with everything that is needed to run it, checked against its root while it comes: the first part that is not
 * of this model ends the download. undefined where it is not served.
 * @throws RemoteError
 */
export async function fetchModel(
  endpoint: string,
  modelRoot: Hex,
  tell: Progress = () => {},
): Promise<StoredModel | undefined> {
  const fetched = <T>(file: ModelFile, intake: Intake<T>): Promise<T | undefined> =>
    download(urlOf(endpoint, `/models/${modelRoot}/${file}`), intake, (...at) => tell(file, ...at));
  const card = await fetched("model.json", cardIntake(modelRoot));
  const program = card && (await fetched("program.bin", programIntake(card)));
  const weights = program && (await fetched("weights.bin", weightsIntake(card, program.program)));
  return weights && { ...card, ...program, ...weights };
}
