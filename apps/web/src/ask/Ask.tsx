import {
  BUILT_LEVELS,
  calls,
  type Funds,
  greater,
  lesser,
  newSalt,
  type Package,
  packageInput,
  readAllowance,
} from "@opengradient/protocol";
import {
  type OperatorOffer,
  type Step,
  type Tier,
  useChainTime,
  useFunds,
  useOffers,
  useReader,
  useSummary,
} from "@opengradient/react";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { Hex } from "viem";
import { useConnection } from "wagmi";
import { emptyDigit, tensorOf } from "../digit.ts";
import { keepInput } from "../inputs.ts";
import type { Network } from "../network.ts";
import { PlanBox } from "../transact/PlanBox.tsx";
import { named, native, opg, parseOpg, span } from "../words.ts";
import { DigitPad } from "./DigitPad.tsx";
import { Operators, REFUSALS } from "./Operators.tsx";
import { useSilent } from "./ready.ts";

/** Seconds that the operator has; then the fee can be taken back. */
const TIME_TO_ANSWER = 300;

type Props = {
  readonly network: Network;
  /** a digit to begin with */
  readonly drawn: Uint8Array | undefined;
  /** who is not proposed */
  readonly except: string | undefined;
  readonly onAsked: (requestId: bigint) => void;
};

/** Draw a digit, choose who answers it, see what it costs and what it covers, pay. */
export function Ask({ network, drawn, except, onAsked }: Props) {
  const [pixels, setPixels] = useState(() => drawn ?? emptyDigit());
  const [chosen, setChosen] = useState<string>();
  const [coverageText, setCoverageText] = useState("100");
  const [salt, setSalt] = useState(newSalt);
  const offers = useOffers(network.model).data;
  const silent = useSilent(offers?.map(({ endpoint }) => endpoint) ?? []);
  const funds = useFunds(useConnection().address).data;
  const tier = useSummary().data?.tiers[0];
  const offer =
    offers?.find(({ operator }) => operator === chosen) ??
    offers?.find(({ refusal, endpoint, operator }) => !refusal && !silent.has(endpoint) && operator !== except);
  const coverage = parseOpg(coverageText);
  const input = useMemo<Package>(() => ({ salt, tensors: [tensorOf(pixels)] }), [salt, pixels]);
  const missing = inputProblem(pixels) ?? coverageProblem(offer, coverage, tier) ?? fundsProblem(network, offer, funds);
  const ready = useMemo(
    () => (missing || !offer || coverage === undefined || !tier ? undefined : { offer, coverage, tier, input }),
    [missing, offer, coverage, tier, input],
  );
  const steps = useRequestSteps(network, ready);
  return (
    <section aria-labelledby="ask" className="card">
      <h2 id="ask">
        <span className="number">1</span> Ask
      </h2>
      <div className="columns">
        <DigitPad pixels={pixels} onChange={setPixels} />
        <div className="stack grow">
          <Operators {...{ network, offers, silent }} chosen={offer?.operator} onChoose={setChosen} />
          <label className="field">
            Coverage: what you get if the answer is false
            <span>
              <input
                inputMode="decimal"
                value={coverageText}
                onChange={(event) => setCoverageText(event.target.value)}
              />{" "}
              OPG
            </span>
          </label>
        </div>
      </div>
      <PlanBox
        label="Pay and ask"
        steps={steps}
        missing={missing ?? "One moment …"}
        onStart={() => keepInput(input)}
        onDone={(done) => {
          setSalt(newSalt());
          onAsked(done.at(-1)!.result as bigint);
        }}
      >
        {offer && silent.has(offer.endpoint) && (
          <p className="verdict withheld">
            The node of {named(network.names, offer.operator)} does not answer this page right now. Choose somebody
            else, or pay and wait: without an answer you can take your fee back after {span(TIME_TO_ANSWER)}.
          </p>
        )}
        {offer && coverage !== undefined && tier && <Terms {...{ network, offer, coverage, tier }} />}
      </PlanBox>
    </section>
  );
}

const inputProblem = (pixels: Uint8Array): string | undefined =>
  pixels.some((grey) => grey > 0) ? undefined : "Draw a digit first.";

function coverageProblem(offer: OperatorOffer | undefined, coverage: bigint | undefined, tier: Tier | undefined) {
  if (!offer || !tier) return "Nobody who offers this model answers right now.";
  if (offer.refusal) return `This operator ${REFUSALS[offer.refusal]}.`;
  if (coverage === undefined) return "Coverage is an amount of OPG, such as 100.";
  const { minCoverage, maxCoverage } = tier.parameters;
  const least = greater(offer.fee, minCoverage);
  const most = lesser(offer.maxCoverage, maxCoverage);
  if (coverage < least || coverage > most) return `This operator covers from ${opg(least)} to ${opg(most)}.`;
  return undefined;
}

function fundsProblem({ faucet }: Network, offer: OperatorOffer | undefined, funds: Funds | undefined) {
  if (!offer || !funds || (funds.opg >= offer.fee && funds.native > 0n)) return undefined;
  const help = faucet ? "“Get test money”, at the top of this page, brings some." : "Fill it up first.";
  return `Your wallet holds ${opg(funds.opg)} and ${native(funds.native)}; this takes ${opg(offer.fee)} and some gas. ${help}`;
}

type Chosen = { readonly offer: OperatorOffer; readonly coverage: bigint; readonly tier: Tier };

function Terms({ network, offer, coverage, tier }: Chosen & { network: Network }) {
  const who = named(network.names, offer.operator);
  const { window, grace, burnBps, auditBps } = tier.parameters;
  return (
    <>
      <p>
        You pay <b>{opg(offer.fee)}</b> into escrow. When the answer is final, {who} gets it, less {burnBps / 100} %
        that is burnt, {auditBps / 100} % for audits and the royalty of the model's author.
      </p>
      <p>
        {who} locks <b>{opg(3n * coverage)}</b> of stake behind the answer. Anyone can challenge it for {span(window)}.
        Unchallenged it is final {span(grace)} later. If it is proven false you get <b>{opg(coverage)}</b> and your fee
        back.
      </p>
      <p className="hint">
        {who} sees your digit, and serves it to whoever checks the answer. Without an answer you can take your fee back{" "}
        {span(TIME_TO_ANSWER + 60)} after you paid.
      </p>
    </>
  );
}

function useRequestSteps(
  network: Network,
  chosen: (Chosen & { input: Package }) | undefined,
): readonly Step[] | undefined {
  const reader = useReader();
  const { address } = useConnection();
  const now = useChainTime();
  // A fresh deadline every minute, not every second: each change is simulated again.
  const minute = now === undefined ? undefined : Math.floor(now / 60) * 60;
  const spender = reader.addresses.market;
  const allowance = useQuery({
    queryKey: ["opengradient", spender, "allowance", address],
    queryFn: () => readAllowance(reader, { owner: address!, spender }),
    enabled: address !== undefined,
  });
  return useMemo(() => {
    if (!chosen || minute === undefined) return undefined;
    if (address && allowance.data === undefined) return undefined;
    const { offer, coverage, tier, input } = chosen;
    const terms = {
      modelRoot: network.model,
      input: packageInput(input) as Hex,
      operator: offer.operator,
      fee: offer.fee,
      coverage,
      level: BUILT_LEVELS,
      parameters: tier.hash,
      deadline: BigInt(minute + 60 + TIME_TO_ANSWER),
    };
    const ask = { words: `Ask, and pay ${opg(offer.fee)} into escrow`, call: calls.request(reader.addresses, terms) };
    const allow = {
      words: `Allow the Market to take ${opg(offer.fee)} from you, and no more`,
      call: calls.approve(reader.addresses, { spender, amount: offer.fee }),
    };
    return (allowance.data ?? 0n) >= offer.fee ? [ask] : [allow, ask];
  }, [chosen, minute, allowance.data, address, network.model, reader, spender]);
}
