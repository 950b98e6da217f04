import {
  calls,
  domainOf,
  type Leaf,
  type Reader,
  type Receipt,
  type SumTree,
  sumLeaf,
  sumPath,
  sumTree,
} from "@opengradient/protocol";
import type { Address, Hex } from "viem";
import type { Answer } from "./answers.ts";
import type { Db } from "./database.ts";
import { enqueue } from "./enqueue.ts";
import type { Head } from "./follower.ts";
import { sameAddress } from "./history.ts";
import type { Log } from "./log.ts";
import type { Outbox } from "./outbox.ts";
import { postedBatch, type Sold, unreleased } from "./sold.ts";

/** Posts sold claims in batches, tells their holders where they hang, and frees the stake after the window. */
export type Batcher = {
  tick(head: Head): void;
  /** undefined while the claim's batch was not seen on chain */
  leaf(digest: Hex): Leaf | undefined;
  /** all claims of a batch by its root, in order; undefined for a batch of somebody else's */
  receipts(root: Hex): readonly Receipt[] | undefined;
};

export type BatcherOptions = {
  readonly db: Db;
  readonly sold: Sold;
  readonly reader: Reader;
  readonly owner: Address;
  readonly outbox: Outbox;
  /** claims of a batch at most */
  readonly size: number;
  /** seconds that its first claim waits for it at most */
  readonly seconds: number;
  readonly log: Log;
};

/** Trees of batches whose holders ask for their paths just now. */
const KEPT = 4;

export function openBatcher({ db, sold, reader, owner, outbox, size, seconds, log }: BatcherOptions): Batcher {
  const trees = new Map<Hex, SumTree>();

  function treeOf(root: Hex): SumTree {
    const leaves = (claims: readonly Answer[]) => claims.map(({ digest, claim }) => sumLeaf(digest, claim));
    const tree = trees.get(root) ?? sumTree(leaves(sold.members(root)));
    trees.delete(root);
    trees.set(root, tree);
    if (trees.size > KEPT) trees.delete(trees.keys().next().value!);
    return tree;
  }

  return {
    tick({ time: now }) {
      for (const { root, count } of sold.makeBatches({ now, size, seconds })) log.info({ root, count }, "batch made");
      // Made before it is sent: a kill in between finds it here.
      for (const batch of sold.postable(now)) {
        const id = `batch:${batch.root}`;
        if (!outbox.stateOf(id))
          enqueue(outbox, id, calls.postBatch(reader.addresses, { ...batch, operator: owner }), batch.postBy);
      }
      for (const { id, batch, windowEnd } of unreleased(db)) {
        const over = sameAddress(batch.operator, owner) && now > windowEnd;
        if (over && !outbox.stateOf(`release:${id}`))
          enqueue(outbox, `release:${id}`, calls.releaseBatch(reader.addresses, { batch }));
      }
    },
    leaf(digest) {
      const place = sold.placeOf(digest);
      const posted = place && postedBatch(db, place.root, owner);
      return posted && { batch: posted.batch, index: place.index, path: sumPath(treeOf(place.root), place.index) };
    },
    receipts(root) {
      const claims = sold.members(root);
      if (!claims.length) return undefined;
      return claims.map(({ claim, signature }) => ({ ...domainOf(reader), claim, signature: signature! }));
    },
  };
}
