import { channelThaw, type UnitPrice } from "@opengradient/protocol";
import { parseEther } from "viem";
import { type AnsweringOptions, openAnswering } from "./answering.ts";
import { type Batcher, openBatcher } from "./batcher.ts";
import type { NodeConfig } from "./config.ts";
import { type Operator, openOperator } from "./operator.ts";
import type { Outbox } from "./outbox.ts";
import { openRedeemer } from "./redeemer.ts";
import { keptRuns } from "./runs.ts";
import { openSeller, type Seller } from "./seller.ts";
import type { TakeShown } from "./shown.ts";

/** All that an operator does: requests on chain, orders paid by voucher, batches of what it sold, and their pay. */
export type OperatorRole = Operator &
  Pick<Seller, "sell"> &
  Pick<Batcher, "leaf" | "receipts"> & {
    /** for fees that are counted in another unit than OPG */
    readonly prices: readonly UnitPrice[];
  };

export type OperatorRoleOptions = Omit<AnsweringOptions, "runs" | "owner"> & {
  readonly config: NonNullable<NodeConfig["operator"]>;
  readonly outbox: Outbox;
  readonly takeShown: TakeShown;
  readonly depth: number;
};

export async function openOperatorRole({ config, ...options }: OperatorRoleOptions): Promise<OperatorRole> {
  const { owner, postOpened, batch, redeem } = config;
  const prices = config.prices.map(({ model, unit, fee, least }) => ({
    modelRoot: model,
    unit,
    fee: parseEther(fee),
    least: parseEther(least),
  }));
  const thaw = await channelThaw(options.reader);
  const shared = { ...options, owner, thaw, runs: keptRuns(options.models) };
  const answering = openAnswering(shared);
  const operator = openOperator({ ...shared, answering, postOpened });
  const seller = openSeller({ ...shared, answering, prices });
  const batcher = openBatcher({ ...shared, ...batch });
  const redeemer = openRedeemer({ ...shared, least: parseEther(redeem.least), seconds: redeem.seconds });
  return {
    ...operator,
    prices,
    sell: seller.sell,
    leaf: batcher.leaf,
    receipts: batcher.receipts,
    async tick(head) {
      await operator.tick(head);
      await seller.tick(head);
      batcher.tick(head);
      redeemer.tick(head);
    },
  };
}
