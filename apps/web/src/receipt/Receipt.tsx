import { fetchInputs, fetchOutputs, fetchReceipt } from "@opengradient/node/client";
import { calls, describeReceipt, type Receipt as SignedReceipt, verifyReceipt } from "@opengradient/protocol";
import { type ClaimEntry, useChainTime, useReader, useStake, useStanding } from "@opengradient/react";
import { useQuery } from "@tanstack/react-query";
import { DigitImage } from "../ask/DigitPad.tsx";
import { floats, largest, pixelsOf } from "../digit.ts";
import { keptPackage } from "../inputs.ts";
import type { Network } from "../network.ts";
import { PlanBox } from "../transact/PlanBox.tsx";
import { named, numbered, opg, percent } from "../words.ts";
import { Timeline } from "./Timeline.tsx";

type Props = { readonly network: Network; readonly entry: ClaimEntry };

/** One answer: the digit, what was said of it, the receipt in words, and where it stands. */
export function Receipt({ network, entry }: Props) {
  const { claim, id } = entry;
  const reader = useReader();
  const standing = useStanding(claim).data;
  const now = useChainTime();
  const endpoint = useStake(claim.operator).data?.endpoint;
  const served = { enabled: endpoint !== undefined, retry: 2, staleTime: Number.POSITIVE_INFINITY };
  const outputs = useQuery({
    queryKey: ["outputs", id],
    queryFn: async () => (await fetchOutputs(endpoint!, { digest: id, side: claim.output })) ?? null,
    ...served,
  });
  const inputs = useQuery({
    queryKey: ["inputs", id],
    queryFn: async () =>
      keptPackage(claim.input) ?? (await fetchInputs(endpoint!, { digest: id, side: claim.input })) ?? null,
    ...served,
  });
  const receipt = useQuery({
    queryKey: ["receipt", id],
    queryFn: async () => checked((await fetchReceipt(endpoint!, claim.requestId)) ?? null),
    ...served,
  });
  const signed = receipt.data?.receipt ?? {
    chainId: reader.chainId,
    market: reader.addresses.market,
    claim,
    signature: "0x",
  };
  const operator = named(network.names, claim.operator);
  const words = describeReceipt(signed as SignedReceipt, standing, {
    model: named(network.names, claim.modelRoot),
    operator,
  });
  const isBought = entry.events.some(({ name }) => name === "Revealed");
  const pixels = inputs.data && pixelsOf(inputs.data.tensors[0]!);
  return (
    <section aria-labelledby="receipt" className="card">
      <h2 id="receipt">
        <span className="number">2</span> Receipt of answer {numbered(claim.requestId)}
      </h2>
      <div className="columns">
        {pixels ? (
          <DigitImage pixels={pixels} label="the digit that was asked about" />
        ) : (
          <p className="hint">
            {inputs.isLoading ? "Fetching the digit …" : unserved("The digit", operator, isBought)}
          </p>
        )}
        <div className="grow">
          {outputs.data ? (
            <Answer who={operator} values={floats(outputs.data.tensors[0]!.data)} />
          ) : (
            <p className="hint">
              {outputs.isLoading ? "Fetching the answer …" : unserved("The answer", operator, isBought)}
            </p>
          )}
        </div>
      </div>
      <Timeline entry={entry} standing={standing} now={now} />
      {standing?.status === "open" && now !== undefined && now > standing.finalAfter && standing.pending === 0 && (
        <PlanBox
          label="Make it final"
          steps={[{ words: "Make the answer final", call: calls.finalise(reader.addresses, { claim }) }]}
        >
          <p>
            Nobody disagreed in time. Anyone may make it final: {opg(3n * claim.coverage)} of {operator}'s stake come
            free{standing.backing === "request" && <>, and the fee of {opg(claim.fee)} is paid out</>}. It costs you
            some gas.
          </p>
        </PlanBox>
      )}
      <details>
        <summary>The receipt in words</summary>
        <ul className="words">
          {words.map((line) => (
            <li key={line}>{line}</li>
          ))}
          <li>
            {receipt.data?.holds
              ? "The operator's signature over this claim was checked in this tab."
              : receipt.isLoading
                ? "Fetching the signature …"
                : "The signed receipt is not served; the claim itself is on chain."}
          </li>
        </ul>
      </details>
    </section>
  );
}

const unserved = (what: string, operator: string, isBought: boolean): string =>
  `${what} is not served by ${operator}.${isBought ? " Parts were bought on chain: the check below reads them." : ""}`;

async function checked(receipt: SignedReceipt | null) {
  if (!receipt) return null;
  const checks = await verifyReceipt(receipt, {});
  return { receipt, holds: checks.every(({ holds }) => holds) };
}

/** Ten probabilities as bars; the largest is the answer. */
export function Answer({ who, values }: { who: string; values: readonly number[] }) {
  const best = largest(values);
  return (
    <div>
      <p>
        {who} says: <b className="answer">{best < 0 ? "not a number" : best}</b>
      </p>
      <ol className="bars" start={0} aria-label="Probability of each digit">
        {[...values.entries()].map(([digit, value]) => (
          <li key={digit} className={digit === best ? "best" : ""}>
            <span>{digit}</span>
            <span className="bar" style={{ inlineSize: `${Math.max(1, 100 * Math.min(1, Math.max(0, value)))}%` }} />
            <span className="hint">{percent(value)}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}
