import type { Verdict } from "@opengradient/dispute";
import { type ClaimEntry, useReader } from "@opengradient/react";
import { useQuery } from "@tanstack/react-query";
import type { Address } from "viem";
import type { Network } from "../network.ts";
import { PlanBox } from "../transact/PlanBox.tsx";
import { named, native, opg, signed } from "../words.ts";
import { readOwed } from "./owed.ts";

/** Of our account, since the first move. */
export type Change = { readonly opg: bigint; readonly native: bigint };

type Props = { readonly network: Network; readonly entry: ClaimEntry };

type Ended = { readonly verdict: Verdict; readonly change: Change | undefined };

/** A challenge that ended without a slash, in words. */
export function Ending({ network, entry, verdict, change }: Props & Ended) {
  if (verdict === "void" || verdict === "final") return null;
  const who = named(network.names, entry.claim.operator);
  const [head, words] = {
    right: [
      "Right after all.",
      `${who} delivered every piece that was demanded. This tab ran the model on them and got the same bits: nobody is slashed, and what you paid for the pieces is ${who}'s.`,
    ],
    late: ["Too late.", "The time in which this could be demanded or proven is over."],
    broken: [
      "Stopped.",
      "This browser computes something else than the model's definition says. That is a fault of ours, not of the operator: please report it.",
    ],
  }[verdict];
  return (
    <div className={`verdict ${verdict === "right" ? "equal" : "withheld"}`} data-testid="ending">
      <p>
        <b>{head}</b> {words}
      </p>
      {change && <Changed change={change} />}
    </div>
  );
}

function Changed({ change }: { change: Change }) {
  return (
    <p>
      Your balance changed by{" "}
      <b data-testid="gained" className={change.opg < 0n ? "" : "gain"}>
        {signed(change.opg)}
      </b>{" "}
      and {change.native < 0n ? "−" : "+"}
      {native(change.native < 0n ? -change.native : change.native)}, gas included.
    </p>
  );
}

/** Where the money of a claim that fell went. */
export function Money({ entry, network, change }: Props & { change: Change | undefined }) {
  const { shares, challenger, claim } = entry;
  if (!shares || !challenger) return null;
  return (
    <div className="verdict differs">
      <p>
        <b>The answer has fallen.</b> {named(network.names, claim.operator)} loses {opg(shares.total)} of stake:
      </p>
      <ul className="money-flow">
        <li>
          {opg(shares.victim)} and the fee of {opg(claim.fee)} to {named(network.names, claim.requester)}, who paid
        </li>
        <li>
          {opg(shares.challenger)} to {named(network.names, challenger)}, who challenged
        </li>
        <li>{opg(shares.burn)} burnt</li>
      </ul>
      {change && <Changed change={change} />}
    </div>
  );
}

/** Bonds and prices that wait in the court for the connected account; nothing when there are none. */
export function Owed({ entry, account }: { entry: ClaimEntry; account: Address }) {
  const reader = useReader();
  const { data } = useQuery({
    queryKey: ["opengradient", "owed", entry.id, account, entry.events.length],
    queryFn: () => readOwed(reader, entry, account),
  });
  if (!data?.words.length) return null;
  return (
    <PlanBox label="Take it back" steps={data.steps}>
      <p>The court holds {data.words.join(" and ")} for you.</p>
    </PlanBox>
  );
}
