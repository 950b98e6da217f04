import type { OperatorOffer } from "@opengradient/react";
import type { Network } from "../network.ts";
import { named, opg } from "../words.ts";

type Props = {
  readonly network: Network;
  readonly offers: readonly OperatorOffer[] | undefined;
  /** endpoints that do not answer */
  readonly silent: ReadonlySet<string>;
  readonly chosen: string | undefined;
  readonly onChoose: (operator: string) => void;
};

/** Why somebody can not be asked, as a visitor understands it. */
export const REFUSALS = {
  jailed: "can not be asked now: it was caught, and its stake is frozen",
  "not offered": "can not be asked now: it took its offer back",
  "no free stake": "can not be asked now: it has no free stake to cover an answer",
} as const;

/** Operators by price, each with what it can cover and what became of its answers. */
export function Operators({ network, offers, silent, chosen, onChoose }: Props) {
  if (!offers) return <p className="hint operators">Reading the operators from the chain …</p>;
  return (
    <fieldset className="operators">
      <legend>Who answers</legend>
      {offers.map((offer) => (
        <label key={offer.operator} className="operator">
          <input
            type="radio"
            name="operator"
            value={offer.operator}
            checked={offer.operator === chosen}
            disabled={offer.refusal !== undefined}
            onChange={() => onChoose(offer.operator)}
          />
          <b>{named(network.names, offer.operator)}</b>
          <span className="price">{opg(offer.fee)}</span>
          <small>
            {offer.refusal ? REFUSALS[offer.refusal] : `covers up to ${opg(offer.maxCoverage)}`} · {recordWords(offer)}
            {!offer.refusal && silent.has(offer.endpoint) && <b className="warning"> · does not answer now</b>}
          </small>
        </label>
      ))}
    </fieldset>
  );
}

function recordWords({ record }: OperatorOffer): string {
  if (record.answers === 0) return "no answers yet";
  const answers = `${record.answers} answer${record.answers === 1 ? "" : "s"}`;
  return record.void ? `${answers}, ${record.void} fallen` : `${answers}, none fallen`;
}
