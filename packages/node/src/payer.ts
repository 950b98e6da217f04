import {
  amountFor,
  BUILT_LEVELS,
  boughtBy,
  channelId,
  claimDigest,
  domainOf,
  expectNewWork,
  greater,
  isSigned,
  type LastVoucher,
  owedBy,
  type Package,
  type Parties,
  packageInput,
  type Quote,
  type Reader,
  type Receipt,
  readChannel,
  readRedeemed,
  recoverClaimSigner,
  signVoucher,
  type Voucher,
  voucherDomainOf,
} from "@opengradient/protocol";
import type { Hex, LocalAccount } from "viem";
import { fetchOutputs, fetchReceipt, placeOrder } from "./remote.ts";

/** What a signer owes for one model under one tier of a channel, counted in one unit at one price. */
export type LaneName = Omit<Voucher, "cumulative">;

/** The last voucher of a lane, what it was sent for, and whether that came. */
export type LaneState = LastVoucher & {
  /** OPG that were paid before it: its fee is the difference */
  readonly paid: bigint;
  readonly input: Hex;
  readonly coverage: bigint;
  /** unix seconds of the chain: an answer to it is posted later */
  readonly sentAt: number;
  readonly answered: boolean;
};

/** What a payer must not forget; each write is durable before it returns. */
export type Purse = {
  lane(name: LaneName): LaneState | undefined;
  keepLane(name: LaneName, state: LaneState): void;
  keepInput(input: Package): void;
  keepClaim(receipt: Receipt): void;
};

/** An operator that answered otherwise than it was asked, or not at all for a voucher that it has. */
export class AnswerError extends Error {
  override readonly name = "AnswerError";
}

export type Purchase = {
  readonly operator: Pick<Quote, "endpoint" | "signer">;
  readonly parties: Parties;
  readonly modelRoot: Hex;
  readonly parameters: Hex;
  /** what the fee is counted in, and OPG for one of it, 18 decimals; absent: OPG */
  readonly counted?: { readonly unit: Hex; readonly price: bigint } | undefined;
  readonly fee: bigint;
  readonly coverage: bigint;
  readonly input: Package;
  /** key of `parties.signer` */
  readonly signer: Pick<LocalAccount, "signTypedData">;
};

export type Bought = { readonly receipt: Receipt; readonly digest: Hex; readonly outputs: Package };

const DAY = 24n * 3600n;

/**
 * Buys one answer: a voucher is written down, then sent with the input, and no further one is signed in its lane before
 * the receipt for it is here. So an operator that takes a voucher and gives nothing has one fee, and gets no second one.
 * Asked again for the input (with its salt) of the last voucher, it gives that voucher's answer: a retry never pays twice.
 * @throws AnswerError when what comes back is not what was asked for; RemoteError when nothing does; ProtocolError while
 * new work is stopped: what is signed then may never be posted
 */
export async function buy(reader: Reader, purse: Purse, purchase: Purchase): Promise<Bought> {
  const { parties, modelRoot, parameters, counted, input } = purchase;
  const lane: LaneName = { channel: channelId(parties), modelRoot, parameters, ...counted };
  const { endpoint } = purchase.operator;
  purse.keepInput(input);
  const bought = await settleLast(reader, purse, lane, purchase);
  if (bought) return withOutputs(endpoint, bought);
  await expectNewWork(reader, parameters);
  for (let tries = 2; tries > 0; tries--) {
    const state = await nextVoucher(reader, purse.lane(lane), lane, purchase);
    purse.keepLane(lane, state);
    const { cumulative, signature, coverage } = state;
    const got = await placeOrder(endpoint, { ...lane, parties, cumulative, signature, coverage }, input);
    if ("claim" in got) {
      await checkAnswer(reader, got, { ...purchase, lane, state });
      keepAnswer(purse, lane, state, got);
      return withOutputs(endpoint, got);
    }
    await adopt(reader, purse, lane, { ...purchase, last: got });
  }
  throw new AnswerError(`${endpoint} says of every voucher that it is spent`);
}

function keepAnswer(purse: Purse, lane: LaneName, state: LaneState, receipt: Receipt): void {
  purse.keepClaim(receipt);
  purse.keepLane(lane, { ...state, answered: true });
}

const requestOf = (reader: Reader, lane: LaneName, { cumulative }: Pick<LastVoucher, "cumulative">): bigint =>
  boughtBy(voucherDomainOf(reader), { ...lane, cumulative });

/** The answer to the last voucher may have come while we were away; it is returned where it is the one now asked for. */
async function settleLast(
  reader: Reader,
  purse: Purse,
  lane: LaneName,
  purchase: Purchase,
): Promise<Receipt | undefined> {
  const state = purse.lane(lane);
  const wanted = state?.input === packageInput(purchase.input) && state.coverage === purchase.coverage;
  if (!state || (state.answered && !wanted)) return undefined;
  const receipt = await fetchReceipt(purchase.operator.endpoint, requestOf(reader, lane, state));
  if (!receipt) return undefined;
  await checkAnswer(reader, receipt, { ...purchase, lane, state });
  keepAnswer(purse, lane, state, receipt);
  return wanted ? receipt : undefined;
}

/** The next voucher, for this input; the last one again where it bought nothing yet and pays enough. */
async function nextVoucher(
  reader: Reader,
  last: LaneState | undefined,
  lane: LaneName,
  { parties, coverage, signer, fee, input }: Purchase,
): Promise<LaneState> {
  const redeemed = await readRedeemed(reader, lane);
  const spent = last?.answered ? last.cumulative : amountFor(last?.paid ?? 0n, lane.price);
  const before = greater(spent, amountFor(redeemed, lane.price));
  const paid = greater(owedBy({ ...lane, cumulative: spent }), redeemed);
  const again = last !== undefined && !last.answered && last.cumulative >= before + fee;
  const cumulative = again ? last.cumulative : before + fee;
  const [{ deposit }, { timestamp }] = await Promise.all([readChannel(reader, parties), reader.chain.getBlock()]);
  const owed = owedBy({ ...lane, cumulative }) - redeemed;
  if (owed > deposit) throw new AnswerError(`the channel holds ${deposit} and would owe ${owed}: fund it`);
  const signature = await signVoucher(signer, voucherDomainOf(reader), { ...lane, cumulative });
  return {
    cumulative,
    signature,
    paid,
    coverage,
    input: packageInput(input),
    sentAt: Number(timestamp),
    answered: false,
  };
}

type Adoption = Purchase & { readonly last: LastVoucher };

/** Takes over the count of a voucher that we signed and do not remember. @throws AnswerError when we did not sign it */
async function adopt(reader: Reader, purse: Purse, lane: LaneName, adoption: Adoption): Promise<void> {
  const { parties, last, operator } = adoption;
  const ours = await isSigned(voucherDomainOf(reader), { ...lane, parties, ...last });
  if (!ours) throw new AnswerError(`${operator.endpoint} shows a voucher that is not ours`);
  const requestId = requestOf(reader, lane, last);
  const receipt = await fetchReceipt(operator.endpoint, requestId);
  if (!receipt) throw new AnswerError(`${operator.endpoint} has our voucher and shows no answer for it`);
  const { input, coverage, fee } = receipt.claim;
  const state = { ...last, input, coverage, paid: owedBy({ ...lane, ...last }) - fee, sentAt: 0, answered: false };
  await checkAnswer(reader, receipt, { ...adoption, lane, state });
  keepAnswer(purse, lane, state, receipt);
}

type Expected = Pick<Purchase, "operator" | "parties"> & {
  readonly lane: LaneName;
  readonly state: LaneState;
};

/** @throws AnswerError that names every field which is not what the voucher was given for */
async function checkAnswer(
  reader: Reader,
  { claim, signature, chainId, market }: Receipt,
  { operator, parties, lane, state }: Expected,
): Promise<void> {
  const here = domainOf(reader);
  const wanted = {
    modelRoot: lane.modelRoot,
    input: state.input,
    operator: parties.operator,
    requester: parties.requester,
    requestId: requestOf(reader, lane, state),
    fee: owedBy({ ...lane, ...state }) - state.paid,
    coverage: state.coverage,
    level: BUILT_LEVELS,
    parameters: lane.parameters,
    ...here,
  };
  const found = { ...claim, chainId, market };
  const differs = (name: keyof typeof wanted) =>
    String(found[name]).toLowerCase() !== String(wanted[name]).toLowerCase();
  const wrong: string[] = (Object.keys(wanted) as (keyof typeof wanted)[]).filter(differs);
  const { timestamp } = await reader.chain.getBlock();
  // Outside of this day it may be too late to lodge it: docs/spec/claim.md, what a holder can lose.
  if (claim.postBy < state.sentAt || claim.postBy > timestamp + DAY) wrong.push("postBy");
  const signer = await recoverClaimSigner(here, claim, signature).catch(() => undefined);
  if (signer?.toLowerCase() !== operator.signer.toLowerCase()) wrong.push("signature");
  if (wrong.length)
    throw new AnswerError(`${operator.endpoint} answered with another ${wrong.join(", ")} than asked for`);
}

async function withOutputs(endpoint: string, receipt: Receipt): Promise<Bought> {
  const digest = claimDigest(receipt, receipt.claim);
  const outputs = await fetchOutputs(endpoint, { digest, side: receipt.claim.output });
  if (!outputs) throw new AnswerError(`${endpoint} signed an answer and does not serve it: claim ${digest}`);
  return { receipt, digest, outputs };
}
