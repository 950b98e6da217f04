import { LOCK_MULTIPLE, type Parameters, waterfall } from "@opengradient/protocol";

/** Who the money of the demo can belong to. */
export type Holder = string;

/** What the laws of the protocol say that each holder gains or loses in OPG; what is burnt counts as a holder. */
export class Ledger {
  readonly changes = new Map<Holder, bigint>();

  move(from: Holder, to: Holder, amount: bigint): void {
    this.changes.set(from, this.of(from) - amount);
    this.changes.set(to, this.of(to) + amount);
  }

  of(holder: Holder): bigint {
    return this.changes.get(holder) ?? 0n;
  }
}

export const BURNT = "burnt";

export type Split = { operator: bigint; author: bigint; audits: bigint; burnt: bigint };

const BPS = 10_000n;

/** The fee of a final claim; the burn takes all rounding. */
export function feeSplit(fee: bigint, royaltyBps: number, { auditBps, burnBps }: Parameters): Split {
  const share = (bps: number) => (fee * BigInt(bps)) / BPS;
  const author = share(royaltyBps);
  const audits = share(auditBps);
  const operator = share(10_000 - royaltyBps - auditBps - burnBps);
  return { operator, author, audits, burnt: fee - author - audits - operator };
}

export type Terms = { readonly fee: bigint; readonly coverage: bigint };
export type Parties = {
  readonly requester: Holder;
  readonly operator: Holder;
  readonly challenger: Holder;
  readonly author: Holder;
};

/** A final answer: the fee, by the split. What goes to audits and what is to be burnt waits in the Market. */
export function settleFinal(ledger: Ledger, terms: Terms, parties: Parties, split: Split): void {
  ledger.move(parties.requester, "Market", terms.fee);
  ledger.move("Market", parties.operator, split.operator);
  ledger.move("Market", parties.author, split.author);
}

/** A fallen answer: the waterfall out of the operator's stake; fee and price of the opening went in and came back. */
export function settleVoid(ledger: Ledger, { coverage }: Terms, parties: Parties, faultBond: bigint) {
  const shares = waterfall(coverage, faultBond);
  ledger.move("Staking", parties.requester, shares.victim);
  ledger.move("Staking", parties.challenger, shares.challenger);
  ledger.move("Staking", BURNT, shares.burn);
  return shares;
}

export const lockOf = ({ coverage }: Terms): bigint => LOCK_MULTIPLE * coverage;
