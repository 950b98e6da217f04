import { TensorError } from "@opengradient/program";
import {
  BUILT_LEVELS,
  charge,
  decodePackage,
  domainOf,
  expectNewWork,
  isPriced,
  isSigned,
  type LastVoucher,
  type Order,
  owedBy,
  PackageError,
  type ProtocolError,
  packageInput,
  type Reader,
  type Receipt,
  readChannel,
  readRedeemed,
  requestIdOf,
  type UnitPrice,
  unitName,
  unitOf,
  voucherDomainOf,
  voucherOf,
} from "@opengradient/protocol";
import { type Address, formatEther, type Hex, zeroHash } from "viem";
import { type Answering, type Asked, POST_TIME } from "./answering.ts";
import type { Answer, Answers } from "./answers.ts";
import type { Db } from "./database.ts";
import type { LoadedModel } from "./executor.ts";
import type { Head } from "./follower.ts";
import { sameAddress } from "./history.ts";
import type { Inputs } from "./inputs.ts";
import type { Log } from "./log.ts";
import { lanesOf } from "./redeemer.ts";
import type { Sold } from "./sold.ts";

/** An order that is not served, with its HTTP status. */
export class OrderRefusedError extends Error {
  override readonly name = "OrderRefusedError";
  readonly status: 402 | 409 | 422 | 503;
  /** of a voucher that is spent: the lane's last one, so that a signer that lost count can go on from it */
  readonly last: LastVoucher | undefined;
  constructor(status: 402 | 409 | 422 | 503, message: string, last?: LastVoucher) {
    super(message);
    this.status = status;
    this.last = last;
  }
}

/** Sells answers for vouchers: paid first, then run, signed and given. */
export type Seller = {
  /** @throws OrderRefusedError */
  sell(order: Order, input: Uint8Array): Promise<Receipt>;
  /** Signs what a death left unsigned. */
  tick(head: Head): Promise<void>;
};

export type SellerOptions = {
  readonly db: Db;
  readonly answers: Answers;
  readonly sold: Sold;
  readonly answering: Answering;
  readonly inputs: Inputs;
  readonly models: ReadonlyMap<string, LoadedModel>;
  readonly reader: Reader;
  readonly owner: Address;
  /** for fees that are counted in another unit than OPG */
  readonly prices: readonly UnitPrice[];
  /** blocks on top before what is on chain counts */
  readonly depth: number;
  /** seconds: a channel whose end is nearer buys nothing more */
  readonly thaw: number;
  readonly log: Log;
};

/** What makes vouchers one lane, beside the channel. */
const LANE = ["modelRoot", "parameters", "unit", "price"] as const;

export function openSeller(options: SellerOptions): Seller {
  const { db, answers, sold, answering, inputs, models, reader, owner, log } = options;
  const domain = voucherDomainOf(reader);
  let head: Head | undefined;
  /** the last order of each channel: one after the other, so that each sees what the one before spent */
  const queues = new Map<Hex, Promise<unknown>>();

  function inTurn<T>(channel: Hex, act: () => Promise<T>): Promise<T> {
    const turn = (queues.get(channel) ?? Promise.resolve()).then(act, act);
    queues.set(channel, turn);
    const done = () => queues.get(channel) === turn && queues.delete(channel);
    turn.then(done, done);
    return turn;
  }

  const receiptOf = ({ claim, signature }: Answer): Receipt => ({ ...domainOf(reader), claim, signature: signature! });

  /** What an order pays beyond all vouchers before it, once the channel is seen to cover it. */
  async function feeOf(order: Order, now: number): Promise<bigint> {
    const voucher = voucherOf(order);
    const lanes = lanesOf(db, voucher.channel);
    const last = lanes.find((lane) => LANE.every((part) => lane[part] === voucher[part]));
    if (last && voucher.cumulative <= last.cumulative)
      throw new OrderRefusedError(409, `vouchers up to ${last.cumulative} are spent in this lane`, last);
    const at = head!.number - BigInt(options.depth);
    const { deposit, closesAt } = await readChannel(reader, order.parties, at);
    if (closesAt <= now + options.thaw)
      throw new OrderRefusedError(
        402,
        `the channel closes at ${closesAt}, which is not more than a thaw of ${options.thaw} s away`,
      );
    const owed = owedBy(voucher);
    const all = [...lanes.filter((lane) => lane !== last), { ...voucher, owed }];
    const paid = await Promise.all(all.map((lane) => readRedeemed(reader, lane, at)));
    const open = all.reduce((sum, lane, i) => sum + lane.owed - paid[i]!, 0n);
    if (open > deposit) throw new OrderRefusedError(402, `the channel holds ${deposit}, its vouchers ask for ${open}`);
    const fee = owed - (last?.owed ?? paid.at(-1)!);
    if (fee <= 0n) throw new OrderRefusedError(402, "the voucher pays nothing that was not paid before");
    return fee;
  }

  /** OPG that an answer costs at least, where the offer on chain does not say it. */
  function leastFeeOf(order: Order): bigint | undefined {
    const { unit, price, modelRoot } = voucherOf(order);
    if (!isPriced({ unit, price })) throw new OrderRefusedError(402, "fees that are counted in OPG have the price 1");
    if (unit === zeroHash) return undefined;
    const name = unitName(unit);
    const asked = options.prices.find((one) => one.modelRoot === modelRoot && unitOf(one.unit) === unit);
    if (!asked) throw new OrderRefusedError(402, `fees of model ${modelRoot} are not taken in ${name} here`);
    const [given, least] = [formatEther(price), formatEther(asked.least)];
    if (price < asked.least)
      throw new OrderRefusedError(402, `the price of ${given} OPG for one ${name} is below ${least}`);
    return charge(asked.fee, price);
  }

  function keepInput(model: LoadedModel, name: Hex, bytes: Uint8Array): void {
    try {
      inputs.keep(model, name, bytes);
    } catch (error) {
      if (error instanceof TensorError) throw new OrderRefusedError(422, error.message);
      throw error;
    }
  }

  const inputOf = (bytes: Uint8Array): Hex => {
    try {
      return packageInput(decodePackage(bytes));
    } catch (error) {
      if (error instanceof PackageError) throw new OrderRefusedError(422, error.message);
      throw error;
    }
  };

  async function sellOne(order: Order, bytes: Uint8Array): Promise<Receipt> {
    if (!head) throw new OrderRefusedError(503, "the chain was not read yet");
    const { time: now } = head;
    const requestId = requestIdOf(domain, order);
    const input = inputOf(bytes);
    const known = answers.byRequest(requestId);
    if (known) {
      if (known.claim.input !== input) throw new OrderRefusedError(409, "this voucher bought another answer", order);
      return receiptOf(known.signature ? known : await answering.sign(known));
    }
    const model = models.get(order.modelRoot);
    if (!model) throw new OrderRefusedError(422, `model ${order.modelRoot} is not loaded here`);
    await expectNewWork(reader, order.parameters).catch((error: ProtocolError) => {
      throw error.refusal ? new OrderRefusedError(503, error.message) : error;
    });
    const leastFee = leastFeeOf(order);
    const fee = await feeOf(order, now);
    const { modelRoot, parameters, coverage } = order;
    const deadline = BigInt(now + POST_TIME);
    const terms = { modelRoot, input, operator: owner, fee, coverage, level: BUILT_LEVELS, parameters, deadline };
    const request: Asked = { requestId, requester: order.parties.requester, terms };
    keepInput(model, input, bytes);
    const reason = answering.tierProblem(terms) ?? (await answering.refusalOf(request, now, leastFee));
    if (reason) throw new OrderRefusedError(503, reason);
    return receiptOf(await answering.answer(request, now, (answer) => sold.keep(order, answer, now)));
  }

  return {
    async sell(order, input) {
      if (!sameAddress(order.parties.operator, owner))
        throw new OrderRefusedError(422, `the channel is for ${order.parties.operator}, this is ${owner}`);
      if (!(await isSigned(domain, order)))
        throw new OrderRefusedError(402, "the voucher is not signed by the channel's signer, for this chain");
      return inTurn(voucherOf(order).channel, () => sellOne(order, input));
    },
    async tick(now) {
      head = now;
      for (const answer of sold.unsigned())
        await answering
          .sign(answer)
          .catch((error: unknown) => log.error({ digest: answer.digest, error: String(error) }, "not signed"));
    },
  };
}
