import {
  type Claim,
  channelId,
  claimDigest,
  encodePackage,
  lastVoucherToJson,
  type Order,
  orderFromJson,
  owedBy,
  type Package,
  packageInput,
  packageOutput,
  type Reader,
  type Receipt,
  receiptToJson,
  requestIdOf,
  signClaim,
  unitOf,
} from "@opengradient/protocol";
import { privateKeyToAccount } from "viem/accounts";
import { afterEach, expect, test, vi } from "vitest";
import { AnswerError, buy, type LaneState, type Purse } from "../src/payer.ts";

const hot = privateKeyToAccount(`0x${"11".repeat(32)}`);
const signer = privateKeyToAccount(`0x${"22".repeat(32)}`);
const address = (byte: string) => `0x${byte.repeat(20)}` as const;
const hash = (byte: string) => `0x${byte.repeat(32)}` as const;
const [market, channels] = [address("0d"), address("0c")];
const parties = { requester: address("01"), operator: address("02"), signer: signer.address };
const lane = { modelRoot: hash("03"), parameters: hash("04") };
const NOW = 1_000_000n;

const input = (seed: number): Package => ({
  salt: hash("5a"),
  tensors: [{ dtype: 3, dims: [1], data: Uint8Array.of(seed) }],
});

const chain = {
  readContract: async ({ functionName }: { functionName: string }) =>
    functionName === "channels" ? { deposit: 5n, closesAt: 2 ** 40 - 1 } : 0n,
  getBlock: async () => ({ timestamp: NOW }),
};
const reader = { chain, chainId: 31_337, addresses: { market, channels } } as unknown as Reader;

type Manners = {
  /** takes the voucher and answers nothing */
  silent?: boolean;
  /** what it changes in what it signs */
  claim?: Partial<Claim>;
};

/** An operator that answers 1 for every input, once for each voucher, and remembers what it was given. */
function operator(manners: Manners = {}) {
  const receipts = new Map<bigint, Receipt>();
  const orders: Order[] = [];
  let last: Order | undefined;
  const outputs: Package = { salt: hash("5a"), tensors: [{ dtype: 3, dims: [1], data: Uint8Array.of(1) }] };

  async function take(form: FormData): Promise<Response> {
    const order = orderFromJson(String(form.get("order")));
    orders.push(order);
    if (manners.silent) throw new Error("gone");
    const requestId = requestIdOf({ chainId: 31_337, channels }, order);
    const known = receipts.get(requestId);
    const sent = new Uint8Array(await (form.get("input") as File).arrayBuffer());
    const named = [1, 2, 3].map(input).find((one) => Buffer.from(encodePackage(one)).equals(sent))!;
    if (known && known.claim.input === packageInput(named)) return new Response(receiptToJson(known));
    if (last && order.cumulative <= last.cumulative) return new Response(lastVoucherToJson(last), { status: 409 });
    const claim: Claim = {
      ...lane,
      input: packageInput(named),
      output: packageOutput(outputs),
      operator: parties.operator,
      requester: parties.requester,
      requestId,
      fee: owedBy(order) - (last ? owedBy(last) : 0n),
      coverage: order.coverage,
      level: 3,
      postBy: NOW + 3_600n,
      ...manners.claim,
    };
    last = order;
    const domain = { chainId: 31_337, market };
    receipts.set(requestId, { ...domain, claim, signature: await signClaim(hot, domain, claim) });
    return new Response(receiptToJson(receipts.get(requestId)!));
  }

  vi.stubGlobal("fetch", async (url: string, init?: RequestInit) => {
    if (url.endsWith("/orders")) return take(init!.body as FormData);
    if (url.endsWith("/outputs")) return new Response(encodePackage(outputs) as BodyInit);
    const receipt = receipts.get(BigInt(url.split("/").at(-2)!));
    return receipt ? new Response(receiptToJson(receipt)) : new Response("", { status: 404 });
  });
  return { orders, receipts, manners };
}
afterEach(() => vi.unstubAllGlobals());

function payer() {
  const lanes = new Map<string, LaneState>();
  const kept: string[] = [];
  const purse: Purse = {
    lane: ({ channel }) => lanes.get(channel),
    keepLane: ({ channel }, state) => void lanes.set(channel, state),
    keepInput: () => {},
    keepClaim: (receipt) => void kept.push(claimDigest(receipt, receipt.claim)),
  };
  const ask = (seed: number, fee = 1n, counted?: { unit: `0x${string}`; price: bigint }) =>
    buy(reader, purse, {
      ...lane,
      counted,
      operator: { endpoint: "http://operator", signer: hot.address },
      parties,
      fee,
      coverage: 10n,
      input: input(seed),
      signer,
    });
  return { ask, kept, state: () => lanes.get(channelId(parties)), forget: () => lanes.clear() };
}

test("each answer is paid by one fee more, and the claims are kept", async () => {
  const { orders } = operator();
  const { ask, kept, state } = payer();
  await ask(1);
  const { digest } = await ask(2);
  expect(orders.map(({ cumulative }) => cumulative)).toEqual([1n, 2n]);
  expect(kept).toContain(digest);
  expect(state()).toMatchObject({ cumulative: 2n, paid: 1n, answered: true });
});

test("who takes a voucher and gives nothing has one fee, and gets no second one", async () => {
  const { orders, manners } = operator({ silent: true });
  const { ask } = payer();
  for (const seed of [1, 2, 3]) await expect(ask(seed)).rejects.toThrow(/did not answer/);
  expect(orders.map(({ cumulative }) => cumulative)).toEqual([1n, 1n, 1n]);
  // The same voucher still buys one answer when it comes back; a higher price is paid on top of nothing.
  manners.silent = false;
  await ask(3, 2n);
  expect(orders.at(-1)?.cumulative).toBe(2n);
});

test("an answer that came while we were away is kept, and the next one is paid anew", async () => {
  const { orders, receipts } = operator();
  const { ask, kept, state } = payer();
  const real = globalThis.fetch;
  // The order arrives, its answer gets lost.
  vi.stubGlobal("fetch", async (url: string, init?: RequestInit) => {
    const response = await real(url, init);
    if (url.endsWith("/orders")) throw new Error("lost");
    return response;
  });
  await expect(ask(1)).rejects.toThrow(/did not answer/);
  expect(state()).toMatchObject({ answered: false });
  vi.stubGlobal("fetch", real);
  await ask(2);
  expect(orders.map(({ cumulative }) => cumulative)).toEqual([1n, 2n]);
  expect(receipts.size).toBe(2);
  expect(kept).toHaveLength(2);
});

test.each(["/orders", "/outputs"])(
  "a retry gives the answer that was paid for, when what comes of %s got lost",
  async (path) => {
    const { orders, receipts } = operator();
    const { ask, kept } = payer();
    const real = globalThis.fetch;
    vi.stubGlobal("fetch", async (url: string, init?: RequestInit) => {
      const response = await real(url, init);
      if (url.endsWith(path)) throw new Error("lost");
      return response;
    });
    await expect(ask(1)).rejects.toThrow(/did not answer/);
    vi.stubGlobal("fetch", real);
    const { digest } = await ask(1);
    expect(orders).toHaveLength(1);
    expect(receipts.size).toBe(1);
    expect(new Set(kept)).toEqual(new Set([digest]));
  },
);

test("who lost count goes on from its own last voucher, and from nobody else's", async () => {
  const { orders } = operator();
  const { ask, forget } = payer();
  await ask(1);
  forget();
  await ask(2);
  expect(orders.map(({ cumulative }) => cumulative)).toEqual([1n, 1n, 2n]);
  const real = globalThis.fetch;
  const invented = lastVoucherToJson({ cumulative: 4n, signature: await hot.signMessage({ message: "4" }) });
  vi.stubGlobal("fetch", (url: string, init?: RequestInit) =>
    url.endsWith("/orders") ? new Response(invented, { status: 409 }) : real(url, init),
  );
  await expect(ask(3)).rejects.toThrow(/not ours/);
});

test("a fee in another unit is charged at the price that is signed, down to the smallest unit of OPG", async () => {
  const { orders, receipts } = operator();
  const { ask, state, forget } = payer();
  const counted = { unit: unitOf("USD"), price: (15n * 10n ** 18n) / 10n };
  await ask(1, 1n, counted);
  await ask(2, 1n, counted);
  expect(orders.map(({ cumulative, unit, price }) => ({ cumulative, unit, price }))).toEqual(
    [1n, 2n].map((cumulative) => ({ cumulative, ...counted })),
  );
  expect([...receipts.values()].map(({ claim }) => claim.fee)).toEqual([1n, 2n]);
  expect(state()).toMatchObject({ cumulative: 2n, paid: 1n, answered: true });
  forget();
  await ask(3, 1n, counted);
  expect(orders.at(-1)).toMatchObject({ cumulative: 3n, ...counted });
  expect(state()).toMatchObject({ cumulative: 3n, paid: 3n });
  // 4 more of the unit are 6 of OPG, with 4 owed before: the deposit is 5.
  await expect(ask(1, 4n, counted)).rejects.toThrow(/holds 5 and would owe 10/);
});

test.each<[string, Partial<Claim>]>([
  ["input", { input: hash("0e") }],
  ["fee", { fee: 2n }],
  ["coverage", { coverage: 1n }],
  ["requester", { requester: address("09") }],
  ["requestId", { requestId: 1n << 70n }],
  ["postBy", { postBy: NOW + 25n * 3_600n }],
  ["postBy", { postBy: NOW - 1n }],
])("an answer with another %s is refused and pays for nothing further", async (name, claim) => {
  const { orders } = operator({ claim });
  const { ask, kept } = payer();
  await expect(ask(1)).rejects.toThrow(new RegExp(`another .*${name}`));
  await ask(1).catch((error) => expect(error).toBeInstanceOf(AnswerError));
  expect(new Set(orders.map(({ cumulative }) => cumulative))).toEqual(new Set([1n]));
  expect(kept).toEqual([]);
});

test("no voucher is signed above the deposit", async () => {
  operator();
  await expect(payer().ask(1, 6n)).rejects.toThrow(/holds 5/);
});
