import { disputesAbi, opgAbi } from "@opengradient/bindings";
import { encodePosition, toHex } from "@opengradient/commitments";
import type { Act, CommitState } from "@opengradient/dispute";
import { type Call, calls, commitmentOf, newSalt, proofBond, type Reader } from "@opengradient/protocol";
import { type Hex, maxUint256 } from "viem";
import type { Db } from "./database.ts";
import { enqueue } from "./enqueue.ts";
import { wireProof } from "./evidence.ts";
import { type ClaimHistory, sameAddress } from "./history.ts";
import type { Log } from "./log.ts";
import type { Outbox } from "./outbox.ts";

/** Does on chain what the honest player decides, from one key. */
export type Defender = {
  /** OPG of a commit */
  readonly bond: bigint;
  /** wei below which prices of demands do not follow the base fee */
  floor(): Promise<bigint>;
  perform(history: ClaimHistory, acts: readonly Act[]): Promise<void>;
  /** our commits that stand on chain */
  commits(digest: Hex, history: ClaimHistory): readonly CommitState[];
  /** Takes back bonds and prices of a claim that is decided; true when nothing is left to take. */
  collect(history: ClaimHistory): boolean;
};

type CommitRow = { digest: Hex; kernel: number; element: number; salt: Hex; commitment: Hex };

export type DefenderOptions = {
  readonly db: Db;
  readonly reader: Reader;
  readonly outbox: Outbox;
  /** wei that the demands of one claim may cost at most: withheld data can be made as large as the liar likes */
  readonly budget: bigint;
  readonly log: Log;
};

const GWEI = 10n ** 9n;

export async function openDefender({ db, reader, outbox, budget, log }: DefenderOptions): Promise<Defender> {
  const { addresses } = reader;
  const me = outbox.account;
  const bond = await proofBond(reader);
  const court = { address: addresses.disputes, abi: disputesAbi } as const;
  const rows = commitTable(db);
  const send = (id: string, call: Call) => enqueue(outbox, id, call);

  /** Bonds and the price of an opening are pulled by the Disputes contract. */
  async function allowed(): Promise<boolean> {
    const args = [me, addresses.disputes] as const;
    const allowance = await reader.chain.readContract({
      address: addresses.opg,
      abi: opgAbi,
      functionName: "allowance",
      args,
    });
    if (allowance > maxUint256 / 2n) return true;
    send("approve:disputes", calls.approve(addresses, { spender: addresses.disputes, amount: maxUint256 }));
    return false;
  }

  function demand({ claim, digest, opening }: ClaimHistory, act: Extract<Act, { kind: "demand" }>): void {
    const { position } = act;
    const id = `demand:${digest}:${encodePosition(position)}`;
    if ((outbox.stateOf(id)?.state ?? "queued") !== "queued") return;
    // The base fee can rise by an eighth a block until it is mined.
    const value = (((act.price.native * 5n) / 4n + GWEI - 1n) / GWEI) * GWEI;
    log.info({ digest, reason: act.reason, value: String(value) }, "demand");
    if (position.object === 0) send(id, calls.demandOpening(addresses, { claim, value }));
    else if (opening)
      send(id, calls.demand(addresses, { claim, opening, position, proof: wireProof(act.proof), value }));
  }

  const spent = ({ demands }: ClaimHistory): bigint =>
    demands.filter(({ demander }) => sameAddress(demander, me)).reduce((sum, { price }) => sum + price, 0n);

  function commit({ digest }: ClaimHistory, { kernel, element, reason }: Extract<Act, { kind: "commit" }>): void {
    const known = rows.get(digest, kernel, element);
    const salt = known?.salt ?? newSalt();
    const commitment = known?.commitment ?? commitmentOf({ digest, kernel, element, prover: me, salt });
    if (!known) {
      rows.insert({ digest, kernel, element, salt, commitment });
      log.info({ digest, kernel, element, reason }, "commit");
    }
    send(`commit:${commitment}`, calls.commit(addresses, { id: digest, commitment }));
  }

  function prove({ claim, digest, opening }: ClaimHistory, act: Extract<Act, { kind: "prove" }>): void {
    const { kernel, element, witness } = act;
    const { salt, commitment } = rows.get(digest, kernel, element)!;
    const id = `prove:${commitment}`;
    const refused = outbox.stateOf(id);
    // Too late for this commit: the next turn commits anew.
    if (refused?.state === "refused" && refused.reason?.includes("ProofTooLate")) {
      rows.forget(digest, kernel, element);
      return;
    }
    if (!refused) log.info({ digest, kernel, element, witness: witness.length }, "prove");
    const proof = { kernel, element, salt, witness: toHex(witness) };
    send(id, calls.prove(addresses, { claim, opening: opening!, proof }));
  }

  function performOne(history: ClaimHistory, act: Act): void {
    const { claim, digest, demands } = history;
    if (act.kind === "demand") demand(history, act);
    if (act.kind === "commit") commit(history, act);
    if (act.kind === "prove") prove(history, act);
    if (act.kind === "expire") {
      const key = encodePosition(act.position);
      const target = demands.find((at) => at.key === key && at.state === "asked")!.target;
      send(`expire:${digest}:${key}`, calls.expire(addresses, { claim, position: act.position, target }));
    }
  }

  return {
    bond,
    // A vote may move it.
    floor: () => reader.chain.readContract({ ...court, functionName: "baseFeeFloor" }),
    async perform(history, acts) {
      const dear = acts.filter(({ kind }) => kind === "demand").reduce((sum, { price }) => sum + price.native, 0n);
      if (dear && spent(history) + dear > budget) {
        const total = String(spent(history) + dear);
        log.warn({ digest: history.digest, total, budget: String(budget) }, "these demands are above the budget");
        return;
      }
      const costly = acts.some(({ kind }) => kind === "demand" || kind === "commit");
      if (costly && !(await allowed())) return;
      for (const act of acts) performOne(history, act);
    },
    commits: (digest, history) =>
      rows.of(digest).flatMap(({ kernel, element, commitment }) => {
        const found = history.commits.find((at) => at.commitment === commitment && sameAddress(at.prover, me));
        return found ? [{ kernel, element, block: found.block }] : [];
      }),
    collect({ claim, digest, status, demands, held, commits, settled }) {
      const mine = demands.filter(({ demander }) => sameAddress(demander, me));
      const fell = status === "void";
      const price = fell && held && mine.includes(held);
      if (price) send(`settleOpening:${digest}`, calls.settleOpening(addresses, { claim }));
      const stuck = fell ? mine.filter(({ state }) => state === "asked") : [];
      for (const { position, key, target } of stuck)
        send(`reclaim:${digest}:${key}`, calls.reclaim(addresses, { claim, position, target }));
      const bonds = fell ? commits.filter((at) => sameAddress(at.prover, me) && !settled.has(at.commitment)) : [];
      for (const { commitment } of bonds)
        send(`settle:${commitment}`, calls.settleBond(addresses, { claim, prover: me, commitment }));
      if (price || stuck.length || bonds.length) return false;
      if (mine.some(({ state }) => state === "expired" || state === "moot"))
        send(`credits:${digest}`, calls.withdrawCredits(addresses, { to: me }));
      return true;
    },
  };
}

function commitTable(db: Db) {
  const get = db.prepare<[string, number, number], CommitRow>(
    "SELECT * FROM commits WHERE digest = ? AND kernel = ? AND element = ?",
  );
  const insert = db.prepare("INSERT INTO commits (digest, kernel, element, salt, commitment) VALUES (?,?,?,?,?)");
  const of = db.prepare<[string], CommitRow>("SELECT * FROM commits WHERE digest = ?");
  const forget = db.prepare("DELETE FROM commits WHERE digest = ? AND kernel = ? AND element = ?");
  return {
    get: (digest: Hex, kernel: number, element: number) => get.get(digest, kernel, element),
    of: (digest: Hex) => of.all(digest),
    insert: ({ digest, kernel, element, salt, commitment }: CommitRow): void => {
      insert.run(digest, kernel, element, salt, commitment);
    },
    forget: (digest: Hex, kernel: number, element: number): void => {
      forget.run(digest, kernel, element);
    },
  };
}
