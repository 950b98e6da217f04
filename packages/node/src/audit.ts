import { stakingAbi } from "@opengradient/bindings";
import { checkTensors } from "@opengradient/program";
import {
  type Claim,
  calls,
  checkLeaf,
  claimDigest,
  decodePackage,
  domainOf,
  encodePackage,
  type Leaf,
  leafFromJson,
  leafToJson,
  outputSide,
  type Package,
  packageInput,
  packageRoot,
  type Reader,
  type Receipt,
  readStake,
  receiptFromJson,
  receiptToJson,
  recoverClaimSigner,
  type SumTree,
  sumLeaf,
  sumPath,
  sumRoot,
  sumTree,
} from "@opengradient/protocol";
import type { Hex } from "viem";
import { claimHistory } from "./claims.ts";
import type { Db } from "./database.ts";
import { enqueue } from "./enqueue.ts";
import type { LoadedModel } from "./executor.ts";
import type { Head } from "./follower.ts";
import { type HeldClaim, safetyOf } from "./holder.ts";
import type { Inputs } from "./inputs.ts";
import type { Log } from "./log.ts";
import type { Outbox } from "./outbox.ts";
import { fetchBatch, fetchInputs } from "./remote.ts";
import { type PostedBatch, unreleased } from "./sold.ts";
import { type Verdict, verdictTable } from "./verdicts.ts";

/** What a watcher found about a claim that was handed to it. */
export type Finding = Pick<Verdict, "digest" | "agree" | "reason">;

/** A claim that was handed in and that nobody could be held to. */
export class HandedClaimError extends Error {
  override readonly name = "HandedClaimError";
}

/** Looks after claims that do not stand on chain by themselves: leaves of batches, and what holders hand in. */
export type Auditor = {
  tick(head: Head): Promise<void>;
  /** Runs a claim again; one that is false is brought to court, by its leaf or lodged. @throws HandedClaimError */
  take(held: HeldClaim, input: Uint8Array): Promise<Finding>;
};

export type AuditorOptions = {
  readonly db: Db;
  readonly models: ReadonlyMap<string, LoadedModel>;
  readonly reader: Reader;
  readonly inputs: Inputs;
  /** absent: watch and report only */
  readonly outbox: Outbox | undefined;
  readonly log: Log;
};

/** A batch whose claims its operator gave us, all of them, as its root says. */
type Opened = { readonly receipts: readonly Receipt[]; readonly digests: readonly Hex[]; readonly tree: SumTree };

/** Seconds after which what was not served is asked for again. */
const ASK_AGAIN = 15;
/** Claims of a batch that are checked in one turn. */
const A_TURN = 64;
const DAY = 24n * 3600n;

export function openAuditor({ db, models, reader, inputs, outbox, log }: AuditorOptions): Auditor {
  const verdicts = verdictTable(db);
  const accused = accusedTable(db);
  const opened = new Map<Hex, Opened>();
  /** batch or claim → when to ask its operator again */
  const later = new Map<Hex, number>();
  let now = 0;

  const endpointOf = async ({ operator }: Pick<Claim, "operator">): Promise<string> =>
    (await readStake(reader, operator)).endpoint;

  function judge({ claim }: Receipt, { tensors, salt }: Package): { agree: boolean; reason: string } {
    const model = models.get(claim.modelRoot)!;
    checkTensors("input", model.program.inputs, tensors);
    const agree = outputSide(salt, packageRoot(model.runner.run(tensors))) === claim.output;
    return { agree, reason: agree ? "the model gives this output" : "the model gives another output" };
  }

  function tell(finding: Finding): Finding {
    log.info(finding, "checked");
    verdicts.write({ ...finding, checkedAt: now });
    return finding;
  }

  /** Kept until it is decided: claim, leaf and input are all that its way to court takes. */
  function accuse({ receipt, leaf }: HeldClaim, digest: Hex, input: Uint8Array): void {
    inputs.keep(models.get(receipt.claim.modelRoot)!, receipt.claim.input, input);
    accused.insert(digest, { receipt, leaf });
  }

  async function open({ batch }: PostedBatch): Promise<Opened | undefined> {
    const receipts = await fetchBatch(await endpointOf(batch), batch);
    const digests = receipts?.map(({ claim }) => claimDigest(domainOf(reader), claim));
    const tree = receipts?.length ? sumTree(receipts.map(({ claim }, i) => sumLeaf(digests![i]!, claim))) : undefined;
    const root = tree && sumRoot(tree);
    if (root?.hash !== batch.root || root.sum !== batch.coverage) return undefined;
    return { receipts: receipts!, digests: digests!, tree: tree! };
  }

  /** One claim of a batch; false while its input is not served. */
  async function checkOne(receipt: Receipt, digest: Hex, leaf: Leaf): Promise<boolean> {
    const { claim } = receipt;
    try {
      checkLeaf(domainOf(reader), claim, leaf);
    } catch (error) {
      tell({ digest, agree: undefined, reason: `no claim of its batch: ${(error as Error).message}` });
      return true;
    }
    if (!models.has(claim.modelRoot)) {
      tell({ digest, agree: undefined, reason: "the model is not loaded here" });
      return true;
    }
    const input = await fetchInputs(await endpointOf(claim), { digest, side: claim.input }).catch(() => undefined);
    if (!input) return false;
    const { agree, reason } = judge(receipt, input);
    if (!agree) accuse({ receipt, leaf }, digest, encodePackage(input));
    tell({ digest, agree, reason });
    return true;
  }

  async function follow(posted: PostedBatch): Promise<void> {
    const { root } = posted.batch;
    if (now < (later.get(root) ?? 0)) return;
    const batch = opened.get(root) ?? (await open(posted).catch(() => undefined));
    if (!batch) {
      later.set(root, now + ASK_AGAIN);
      log.warn({ batch: posted.id }, "its operator does not serve the claims of this batch");
      return;
    }
    opened.set(root, batch);
    const left = batch.digests.filter((digest) => !verdicts.of(digest) && now >= (later.get(digest) ?? 0));
    for (const digest of left.slice(0, A_TURN)) {
      const index = batch.digests.indexOf(digest);
      const leaf = { batch: posted.batch, index, path: sumPath(batch.tree, index) };
      const checked = await checkOne(batch.receipts[index]!, digest, leaf);
      if (!checked) later.set(digest, now + ASK_AGAIN);
    }
  }

  /** Brings a false claim on chain, where the defender takes it from there. */
  async function pursue(digest: Hex, held: HeldClaim, box: Outbox): Promise<void> {
    const standing = claimHistory(db, digest)?.status;
    if (standing === "open") return;
    const { claim, signature } = held.receipt;
    const safety = standing ? { state: standing } : await safetyOf(reader, held, await endpointOf(claim), now);
    if (safety.state === "final" || safety.state === "void" || safety.state === "lapsed") accused.forget(digest);
    else if (safety.state === "batched" && !box.stateOf(`show:${digest}`))
      enqueue(box, `show:${digest}`, calls.showClaim(reader.addresses, { claim, ...safety.leaf }));
    else if (safety.state === "overdue" && !box.stateOf(`lodge:${digest}`))
      enqueue(box, `lodge:${digest}`, calls.lodge(reader.addresses, { claim, signature }), safety.until);
  }

  async function checkSigned({ claim, signature, ...domain }: Receipt): Promise<void> {
    const here = domainOf(reader);
    if (domain.chainId !== here.chainId || domain.market.toLowerCase() !== here.market.toLowerCase())
      throw new HandedClaimError("the claim is for another chain or Market");
    const signer = await recoverClaimSigner(here, claim, signature).catch(() => undefined);
    const held =
      signer &&
      (await reader.chain.readContract({
        address: reader.addresses.staking,
        abi: stakingAbi,
        functionName: "heldKey",
        args: [claim.operator, signer, claim.postBy - DAY, claim.postBy],
      }));
    if (!held) throw new HandedClaimError("the claim is not signed by its operator");
  }

  /** What fails for one must not keep the others from being checked. */
  async function apart(subject: object, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      log.error({ ...subject, error: String(error) }, "failed, trying again");
    }
  }

  return {
    async tick(head) {
      now = head.time;
      const batches = unreleased(db).filter(({ windowEnd }) => now <= windowEnd);
      for (const root of opened.keys()) if (!batches.some(({ batch }) => batch.root === root)) opened.delete(root);
      for (const posted of batches) await apart({ batch: posted.id }, () => follow(posted));
      if (!outbox) return;
      for (const { digest, held } of accused.all()) await apart({ digest }, () => pursue(digest, held, outbox));
    },
    async take(held, bytes) {
      const { receipt } = held;
      const digest = claimDigest(domainOf(reader), receipt.claim);
      await checkSigned(receipt);
      if (!models.has(receipt.claim.modelRoot)) throw new HandedClaimError("the model is not loaded here");
      const input = decodePackage(bytes);
      if (packageInput(input) !== receipt.claim.input) throw new HandedClaimError("the input is not the claim's");
      const { agree, reason } = judge(receipt, input);
      if (!agree) accuse(held, digest, bytes);
      return tell({ digest, agree, reason });
    },
  };
}

function accusedTable(db: Db) {
  const insert = db.prepare(
    "INSERT INTO accused (digest, receipt, leaf) VALUES (?,?,?) ON CONFLICT DO UPDATE SET leaf = coalesce(excluded.leaf, leaf)",
  );
  const all = db.prepare<[], { digest: Hex; receipt: string; leaf: string | null }>("SELECT * FROM accused");
  const forget = db.prepare("DELETE FROM accused WHERE digest = ?");
  return {
    insert(digest: Hex, { receipt, leaf }: HeldClaim): void {
      insert.run(digest, receiptToJson(receipt), leaf ? leafToJson(leaf) : null);
    },
    all: (): { digest: Hex; held: HeldClaim }[] =>
      all.all().map(({ digest, receipt, leaf }) => ({
        digest,
        held: { receipt: receiptFromJson(receipt), leaf: leaf === null ? undefined : leafFromJson(leaf) },
      })),
    forget: (digest: Hex): void => void forget.run(digest),
  };
}
