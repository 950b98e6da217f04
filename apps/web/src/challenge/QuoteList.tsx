import type { ChallengeQuote } from "@opengradient/node/client";
import { waterfall } from "@opengradient/protocol";
import { type ClaimEntry, useFunds, useProofBond, useStake, useStanding } from "@opengradient/react";
import { useConnection } from "wagmi";
import type { Network } from "../network.ts";
import { named, native, opg, span } from "../words.ts";

type Props = { readonly network: Network; readonly entry: ClaimEntry; readonly quote: ChallengeQuote };

/** What a challenge takes, now and in all, and what it brings. */
export function QuoteList({ network, entry, quote }: Props) {
  const { claim } = entry;
  const { address } = useConnection();
  const funds = useFunds(address).data;
  const bond = useProofBond().data;
  const stake = useStake(claim.operator).data;
  const parameters = useStanding(claim).data?.parameters;
  if (bond === undefined || !stake || !parameters) return <p className="hint">Reading what it costs …</p>;
  const shares = waterfall(claim.coverage, stake.bondLeft);
  const who = named(network.names, claim.operator);
  const short = funds && (funds.opg < bond + quote.next.opg || funds.native < quote.next.native);
  return (
    <>
      <dl className="quote">
        <dt>Next move</dt>
        <dd>
          {quote.demands ? (
            <>
              {quote.demands === 1 ? "One demand" : `${quote.demands} demands`} for data that {who} does not serve:{" "}
              <b>{amounts(quote.next)}</b>. The coin goes to {who} if it answers within {span(parameters.answer)}, else
              back to you{quote.next.opg > 0n && "; the OPG only if its answer stands"}.
            </>
          ) : (
            <>
              The announcement of a proof: about <b>{native(quote.next.native)}</b> of gas, and {opg(bond)} as a bond.
            </>
          )}
        </dd>
        <dt>In all</dt>
        <dd>
          {quote.demands ? (
            <>
              If {who} stays silent: about {native(quote.silent.native)} of gas. If it answers everything: about{" "}
              {amounts(quote.likely)}, at most about {amounts(quote.most)}; and {opg(bond)} as a bond if there is a lie
              to prove. What of it is OPG comes back if the answer falls.
            </>
          ) : (
            <>Two transactions, about {native(quote.likely.native)} of gas. The bond comes back with the proof.</>
          )}
        </dd>
        <dt>At worst</dt>
        <dd>
          {quote.demands && "The answer turns out right, and what you paid for the data is gone. "}
          Keep this page open between announcement and proof: after {span(parameters.grace)} without a proof the bond is
          burnt.
        </dd>
        <dt>You get, if it falls</dt>
        <dd>
          <b>{opg(shares.challenger)}</b>
        </dd>
        <dt>Who paid gets</dt>
        <dd>
          {opg(shares.victim)} and the fee of {opg(claim.fee)} back
        </dd>
        <dt>{who} loses</dt>
        <dd>
          {opg(shares.total)} of stake, of which {opg(shares.burn)} is burnt
        </dd>
      </dl>
      {short && (
        <p role="alert">
          Your wallet holds {opg(funds.opg)} and {native(funds.native)}: that is less than this takes.
        </p>
      )}
    </>
  );
}

const amounts = ({ opg: tokens, native: coin }: ChallengeQuote["next"]): string =>
  tokens ? `${opg(tokens)} and ${native(coin)}` : native(coin);
