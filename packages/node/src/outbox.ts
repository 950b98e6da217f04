import { gasLimit, lesser, protocolError } from "@opengradient/protocol";
import { type Address, type Hex, keccak256, type LocalAccount, type PublicClient } from "viem";
import type { Db } from "./database.ts";
import type { Log } from "./log.ts";

/** One effect on the chain that the daemon wants exactly once. */
export type Intent = {
  /** what makes it the same intent after a restart, as `post:0x…` */
  readonly id: string;
  readonly to: Address;
  readonly data: Hex;
  readonly value?: bigint;
  /** unix seconds after which it is no longer wanted */
  readonly deadline?: number;
};

/** queued: not signed. sent: signed and on disk. done: mined at depth. refused, dropped: never, with a reason. */
export type IntentState = "queued" | "sent" | "done" | "refused" | "dropped";

export type Outbox = {
  readonly account: Address;
  /** Keeps a new intent; one that is known changes only while nothing was signed for it. */
  add(intent: Intent): void;
  stateOf(id: string): { readonly state: IntentState; readonly reason: string | undefined } | undefined;
  /** intents by state, for people who look */
  counts(): Readonly<Partial<Record<IntentState, number>>>;
  /** Sends what is queued and looks after what was sent. */
  tick(now: number): Promise<void>;
};

export type OutboxOptions = {
  readonly db: Db;
  readonly chain: PublicClient;
  readonly chainId: number;
  readonly account: LocalAccount;
  readonly depth: number;
  /** seconds without a block before the fee is raised */
  readonly bumpAfter: number;
  /** most that a gas unit may cost, wei */
  readonly feeCap: bigint;
  readonly log: Log;
};

type IntentRow = {
  id: string;
  target: Address;
  data: Hex;
  value: string;
  deadline: number | null;
  state: IntentState;
  reason: string | null;
  tries: number;
};

type Attempt = { hash: Hex; nonce: number; raw: Hex; gas: string; fee: string; tip: string; sentAt: number };

/** What a person can cure from outside while the intent waits. */
const CURABLE = new Set(["ERC20InsufficientBalance", "ERC20InsufficientAllowance", "StakingInsufficient"]);
/** Reverted when mined: simulated anew this often before it is given up. */
const MOST_TRIES = 3;

/**
 * Intent → nonce → signed bytes → hash on disk, then the broadcast: whatever happens in between, a restart sends the
 * same bytes again, and a nonce is given to one intent only. Two intents never wait for each other, but nonces are in order.
 */
export function openOutbox(options: OutboxOptions): Outbox {
  const { db, chain, account, log } = options;
  const store = outboxStore(db, account.address);

  async function settle(intent: IntentRow, head: bigint, count: number, now: number): Promise<void> {
    const attempts = store.attempts(intent.id);
    const newest = attempts.at(-1)!;
    for (const { hash, nonce } of attempts) {
      const receipt = await chain.getTransactionReceipt({ hash }).catch(notFound);
      // An older nonce that reverted was settled before this one was given.
      if (!receipt || (receipt.status === "reverted" && nonce < newest.nonce)) continue;
      if (head - receipt.blockNumber < BigInt(options.depth)) return;
      log.info({ intent: intent.id, hash, status: receipt.status }, "mined");
      if (receipt.status === "success") store.become(intent.id, "done");
      else store.retry(intent.id, `reverted in ${hash}`, MOST_TRIES);
      return;
    }
    // The nonce went to a transaction that is none of ours: these bytes can never be mined.
    if (newest.nonce < count) return store.retry(intent.id, `nonce ${newest.nonce} was used elsewhere`, MOST_TRIES);
    await broadcast(now - newest.sentAt >= options.bumpAfter ? await raise(intent, newest, now) : newest);
  }

  async function raise(intent: IntentRow, attempt: Attempt, now: number): Promise<Attempt> {
    const more = (fee: string) => (BigInt(fee) * 9n) / 8n + 1n;
    const [fee, tip] = [more(attempt.fee), more(attempt.tip)];
    if (fee > options.feeCap) return attempt;
    return sign(intent, { nonce: attempt.nonce, gas: BigInt(attempt.gas), fee, tip }, now);
  }

  type Terms = { nonce: number; gas: bigint; fee: bigint; tip: bigint };

  async function sign(intent: IntentRow, { nonce, gas, fee, tip }: Terms, now: number): Promise<Attempt> {
    const raw = await account.signTransaction({
      type: "eip1559",
      chainId: options.chainId,
      to: intent.target,
      data: intent.data,
      value: BigInt(intent.value),
      nonce,
      gas,
      maxFeePerGas: fee,
      maxPriorityFeePerGas: tip,
    });
    const terms = { gas: String(gas), fee: String(fee), tip: String(tip) };
    const attempt: Attempt = { hash: keccak256(raw), nonce, raw, ...terms, sentAt: now };
    store.sent(intent.id, attempt);
    return attempt;
  }

  async function broadcast({ raw, hash }: Attempt): Promise<void> {
    try {
      await chain.sendRawTransaction({ serializedTransaction: raw });
    } catch (error) {
      // Known already, mined already, or refused: the next tick looks for the hash.
      if (!/known|nonce too low|already imported/i.test(String(error)))
        log.warn({ hash, error: String(error) }, "broadcast");
    }
  }

  async function send(intent: IntentRow, now: number): Promise<void> {
    if (intent.deadline !== null && now > intent.deadline) return store.become(intent.id, "dropped", "too late");
    const fees = await chain.estimateFeesPerGas();
    const fee = lesser(fees.maxFeePerGas, options.feeCap);
    const tip = lesser(fees.maxPriorityFeePerGas, fee);
    // With a gas price, so that a contract sees the base fee in the simulation as it will when mined.
    const call = {
      account: account.address,
      to: intent.target,
      data: intent.data,
      value: BigInt(intent.value),
      maxFeePerGas: fee,
      maxPriorityFeePerGas: tip,
    };
    let estimated: bigint;
    try {
      estimated = await chain.estimateGas(call);
    } catch (error) {
      const { message, advice, refusal } = protocolError(error, intent.id);
      // Only a contract's own refusal is final; an RPC that fails in some other way may answer next time.
      if (!refusal || advice === "retry" || CURABLE.has(refusal)) {
        if (message !== intent.reason) log.warn({ intent: intent.id, reason: message }, "not yet");
        return store.note(intent.id, message);
      }
      log.warn({ intent: intent.id, reason: message }, "refused");
      return store.become(intent.id, "refused", message);
    }
    const gas = gasLimit(estimated);
    const latest = await chain.getTransactionCount({ address: account.address, blockTag: "latest" });
    const nonce = Math.max(latest, store.nextNonce());
    const attempt = await sign(intent, { nonce, gas, fee, tip }, now);
    log.info({ intent: intent.id, nonce, hash: attempt.hash }, "send");
    await broadcast(attempt);
  }

  /** What a reorganisation deeper than `depth` took back is sent again; nothing after its nonce is mined before it is. */
  async function restore(): Promise<void> {
    if (store.nextNonce() === 0) return;
    const count = await chain.getTransactionCount({ address: account.address, blockTag: "latest" });
    for (const lost of store.settledFrom(count)) await broadcast(lost);
  }

  return {
    account: account.address,
    add: store.add,
    stateOf(id) {
      const row = store.get(id);
      return row && { state: row.state, reason: row.reason ?? undefined };
    },
    counts: store.counts,
    async tick(now) {
      await restore();
      const sent = store.inState("sent");
      if (sent.length) {
        const head = await chain.getBlockNumber({ cacheTime: 0 });
        const deep = head > BigInt(options.depth) ? head - BigInt(options.depth) : 0n;
        const count = await chain.getTransactionCount({ address: account.address, blockNumber: deep });
        for (const intent of sent) await settle(intent, head, count, now);
      }
      for (const intent of store.inState("queued")) await send(intent, now);
    },
  };
}

const notFound = (error: unknown): undefined => {
  if ((error as { name?: string }).name === "TransactionReceiptNotFoundError") return undefined;
  throw error;
};

/** The tables `intents` and `attempts` of one account. */
function outboxStore(db: Db, account: Address) {
  const get = db.prepare<[string], IntentRow>("SELECT * FROM intents WHERE id = ?");
  const inState = db.prepare<[string, string], IntentRow>(
    "SELECT * FROM intents WHERE account = ? AND state = ? ORDER BY place",
  );
  const upsert = db.prepare(
    `INSERT INTO intents (id, account, target, data, value, deadline, state) VALUES (?,?,?,?,?,?,'queued')
     ON CONFLICT (id) DO UPDATE SET target = excluded.target, data = excluded.data, value = excluded.value,
       deadline = excluded.deadline WHERE state = 'queued'`,
  );
  const become = db.prepare("UPDATE intents SET state = ?, reason = ? WHERE id = ?");
  const note = db.prepare("UPDATE intents SET reason = ? WHERE id = ?");
  const again = db.prepare("UPDATE intents SET state = ?, reason = ?, tries = tries + 1 WHERE id = ?");
  const attempts = db.prepare<[string], Attempt>(
    "SELECT * FROM attempts WHERE intent = ? ORDER BY nonce, length(fee), fee",
  );
  const settled = db.prepare<[string, number], Attempt>(
    `SELECT attempts.* FROM attempts JOIN intents ON intents.id = attempts.intent
     WHERE attempts.account = ? AND nonce >= ? AND state IN ('done', 'refused') ORDER BY nonce, length(fee), fee`,
  );
  const insertAttempt = db.prepare("INSERT OR IGNORE INTO attempts VALUES (?,?,?,?,?,?,?,?,?)");
  const highest = db.prepare<[string], { nonce: number | null }>(
    "SELECT max(nonce) AS nonce FROM attempts WHERE account = ?",
  );
  const counts = db.prepare<[string], { state: IntentState; n: number }>(
    "SELECT state, count(*) AS n FROM intents WHERE account = ? GROUP BY state",
  );
  return {
    counts: () => Object.fromEntries(counts.all(account).map(({ state, n }) => [state, n])),
    get: (id: string) => get.get(id),
    inState: (state: IntentState) => inState.all(account, state),
    attempts: (id: string) => attempts.all(id),
    settledFrom: (nonce: number) => settled.all(account, nonce),
    nextNonce: () => (highest.get(account)?.nonce ?? -1) + 1,
    add({ id, to, data, value = 0n, deadline }: Intent): void {
      upsert.run(id, account, to, data, String(value), deadline ?? null);
    },
    become(id: string, state: IntentState, reason?: string): void {
      become.run(state, reason ?? null, id);
    },
    note(id: string, reason: string): void {
      note.run(reason, id);
    },
    retry(id: string, reason: string, most: number): void {
      const tries = get.get(id)?.tries ?? 0;
      again.run(tries + 1 < most ? "queued" : "refused", reason, id);
    },
    /** The nonce is taken and the bytes are on disk when this returns. */
    sent: db.transaction((id: string, { hash, nonce, raw, gas, fee, tip, sentAt }: Attempt) => {
      insertAttempt.run(hash, id, account, nonce, raw, gas, fee, tip, sentAt);
      become.run("sent", null, id);
    }),
  };
}
