/** What happens on chain to one claim, as steps that people can follow. */
import { decodePosition, encodePosition, OBJECT } from "@opengradient/commitments";
import { openingPrice, type ProtocolEvent, type Reader } from "@opengradient/protocol";
import { type Address, formatEther, type Hex, hexToBytes } from "viem";
import { native, opg } from "../words.ts";
import { nameOfAddress } from "./actors.ts";
import { lockOf, type Terms } from "./laws.ts";

/** One line of the story. */
export type Step = {
  readonly actor: string;
  readonly what: string;
  readonly gas: bigint | undefined;
  /** money in words */
  readonly moved: string;
};

export type Sent = { readonly from: Address; readonly gas: bigint; readonly fee: bigint };

/** Who sent a transaction, and what its gas was. */
export async function sentBy({ chain }: Reader, hash: Hex): Promise<Sent> {
  const { from, gasUsed, effectiveGasPrice } = await chain.getTransactionReceipt({ hash });
  return { from, gas: gasUsed, fee: gasUsed * effectiveGasPrice };
}

type Args = Readonly<Record<string, unknown>>;
type Told = { readonly what: string; readonly moved?: string };
type Context = {
  readonly terms: Terms;
  readonly labels: readonly string[];
  readonly withOthers: (name: string) => boolean;
};

const OBJECTS = ["the opening of the claim", "the trace", "the inputs", "the outputs", "input", "the result of kernel"];

function position(args: Args): string {
  const { object, tensor, j, i } = decodePosition(BigInt(args["position"] as bigint));
  const whose = object < OBJECT.inputTensor ? OBJECTS[object]! : `${OBJECTS[object]} ${tensor}`;
  if (object === OBJECT.claim) return whose;
  return j === 0
    ? `the 256 bytes of leaf ${i} of ${whose}`
    : `the hashes below ${i === 0 ? whose : `node ${i} of ${whose}`}`;
}
const isOpening = (args: Args): boolean => encodePosition(decodePosition(BigInt(args["position"] as bigint))) === 0n;
const bytesOf = (data: unknown): number => hexToBytes(data as Hex).length;

/** Events that make a step of their own; the others are told with the one that they come with. */
const TELL: Readonly<Record<string, (args: Args, context: Context) => Told>> = {
  Requested: (_, { terms }) => ({
    what: `asks for an answer, covered with ${opg(terms.coverage)}`,
    moved: `${opg(terms.fee)} into escrow`,
  }),
  Posted: (_, { terms, withOthers }) => ({
    what: `posts the signed answer${withOthers("Opened") ? " and its trace root" : ""}`,
    moved: `${opg(lockOf(terms))} of stake locked`,
  }),
  Opened: (_, { withOthers }) =>
    withOthers("Posted")
      ? { what: "" }
      : { what: "opens the claim: input, output, trace roots", moved: "paid twice its gas" },
  Demanded: (args, { terms }) => ({
    what: `demands ${position(args)}`,
    moved: `${native(BigInt(args["price"] as bigint))}${isOpening(args) ? ` and ${opg(openingPrice(terms.fee, terms.coverage))}` : ""}`,
  }),
  Revealed: (args) => ({
    what: `reveals ${position(args)} (${bytesOf(args["data"])} bytes)`,
    moved: "paid twice its gas",
  }),
  OpeningSettled: (args) => ({
    what: "takes back what the opening cost: it was no truth's",
    moved: `${opg(args["amount"] as bigint)} are back`,
  }),
  Committed: () => ({ what: "commits to a proof, still sealed", moved: "10 OPG as a bond" }),
  Proven: (args, { labels }) => {
    const kernel = Number(args["kernel"]);
    return {
      what: `proves element ${Number(args["element"])} of kernel ${kernel} (${labels[kernel] ?? ""}) false`,
      moved: "the bond is back",
    };
  },
  Expired: (args) => ({ what: `calls the silence: ${position(args)} never came`, moved: "the price is back" }),
  Finalised: (args) => {
    const share = (name: string) => formatEther(args[name] as bigint);
    return {
      what: "nobody disagreed in time: the answer is final",
      moved: `${share("toOperator")} to Olga, ${share("toAuthor")} to Ann, ${share("toAudits")} audits, ${share("burnt")} to burn`,
    };
  },
};

export type Batch = { readonly hash: Hex; readonly events: readonly ProtocolEvent[] };

/** Events grouped by transaction, in order. */
export function byTransaction(events: readonly ProtocolEvent[]): Batch[] {
  const batches = new Map<Hex, ProtocolEvent[]>();
  for (const event of events) batches.set(event.transaction, [...(batches.get(event.transaction) ?? []), event]);
  return [...batches].map(([hash, list]) => ({ hash, events: list }));
}

/** The steps of one transaction. */
export function stepsOf(batch: Batch, sent: Sent, about: Omit<Context, "withOthers">): Step[] {
  const names = batch.events.map(({ name }) => name);
  const context = { ...about, withOthers: (name: string) => names.includes(name) };
  let gas: bigint | undefined = sent.gas;
  return batch.events.flatMap(({ name, args }) => {
    const told = TELL[name]?.(args, context);
    if (!told?.what) return [];
    const step = { actor: nameOfAddress(sent.from), what: told.what, gas, moved: told.moved ?? "" };
    gas = undefined;
    return [step];
  });
}
