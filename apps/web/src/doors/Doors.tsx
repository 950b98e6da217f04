import { calls, readAllowance } from "@opengradient/protocol";
import { type Step, useChainTime, useReader, useStake, useSummary } from "@opengradient/react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type Address, zeroAddress } from "viem";
import { useConnection } from "wagmi";
import type { Network } from "../network.ts";
import { PlanBox } from "../transact/PlanBox.tsx";
import { named, numbered, opg, parseOpg, span } from "../words.ts";

/** Three small doors: become an operator, see what a stake covers, how challenging pays. */
export function Doors({ network }: { network: Network }) {
  const { address } = useConnection();
  return (
    <section aria-labelledby="doors" className="card doors">
      <h2 id="doors">Take part</h2>
      <details>
        <summary>Become an operator</summary>
        {address ? <Operate network={network} own={address} /> : <p className="hint">Connect a wallet first.</p>}
      </details>
      <details>
        <summary>What does my stake cover?</summary>
        {address ? <Coverage network={network} own={address} /> : <p className="hint">Connect a wallet first.</p>}
      </details>
      <details>
        <summary>Challenge for a living</summary>
        <p>
          Check the recent answers. Whoever proves one false gets half of its coverage, and on an operator's first fault
          a quarter of its fault bond beside. A machine does it around the clock:{" "}
          <code>npm run og -- node watcher --help</code>.
        </p>
      </details>
    </section>
  );
}

type Own = { readonly network: Network; readonly own: Address };

function Operate({ network, own }: Own) {
  const { addresses } = useReader();
  const stake = useStake(own).data;
  const [endpoint, setEndpoint] = useState("https://");
  const [fee, setFee] = useState("2");
  if (!stake) return <p className="hint">Reading …</p>;
  if (stake.signer !== zeroAddress) return <StakeMore network={network} own={own} />;
  const price = parseOpg(fee);
  const ready = price !== undefined && /^https?:\/\/.+/.test(endpoint);
  const offers = [{ modelRoot: network.model, fee: price ?? 0n, maxCoverage: 1_000n * 10n ** 18n }];
  const steps: Step[] = [
    {
      words: "Register as an operator",
      call: calls.register(addresses, { signer: own, payee: own, endpoint, offers }),
    },
    {
      words: "Let the Market lock stake behind your answers",
      call: calls.authorise(addresses, { court: addresses.market }),
    },
  ];
  return (
    <div className="stack">
      <label className="field">
        Where your node answers
        <input value={endpoint} onChange={(event) => setEndpoint(event.target.value)} />
      </label>
      <label className="field">
        Fee for an answer, OPG
        <input inputMode="decimal" value={fee} onChange={(event) => setFee(event.target.value)} />
      </label>
      <PlanBox label="Register" steps={ready ? steps : undefined} missing="A URL of your node and a fee are needed.">
        <p>
          Your address becomes an operator that offers the model {named(network.names, network.model)} for{" "}
          {price === undefined ? "…" : opg(price)} an answer. This key signs answers and receives the fees. Registering
          moves no money; the Market may lock stake of yours behind your answers, and you can withdraw that right
          whenever it holds none.
        </p>
        <p>
          Before you can be asked you must stake: first a fault bond of <b>{opg(stake.faultBond)}</b>, which covers no
          answer and is lost with the first false one, and on top three times the coverage of every open answer. Then
          run a node: <code>npm run og -- node operator --help</code>.
        </p>
      </PlanBox>
    </div>
  );
}

function StakeMore({ own }: Own) {
  const reader = useReader();
  const { addresses } = reader;
  const spender = addresses.staking;
  const stake = useStake(own).data;
  const now = useChainTime();
  const [text, setText] = useState("100");
  const [thawText, setThawText] = useState("10");
  const allowance = useQuery({
    queryKey: ["opengradient", spender, "allowance", own],
    queryFn: () => readAllowance(reader, { owner: own, spender }),
  });
  if (!stake || allowance.data === undefined || now === undefined) return <p className="hint">Reading …</p>;
  const amount = parseOpg(text);
  const thawing = parseOpg(thawText);
  const put = amount
    ? { words: `Stake ${opg(amount)}`, call: calls.stake(addresses, { operator: own, amount }) }
    : undefined;
  const allow = amount
    ? { words: `Allow Staking to take ${opg(amount)}`, call: calls.approve(addresses, { spender, amount }) }
    : undefined;
  const steps = put && allow && (allowance.data >= amount! ? [put] : [allow, put]);
  return (
    <div className="stack">
      <Locks own={own} />
      <label className="field">
        Stake more, OPG
        <input inputMode="decimal" value={text} onChange={(event) => setText(event.target.value)} />
      </label>
      <PlanBox label="Stake" steps={steps} missing="An amount of OPG is needed.">
        <Room stake={stake} more={amount ?? 0n} />
        <p>
          {amount ? opg(amount) : "The stake"} leave your wallet and stand behind your answers; a false answer takes
          three times its coverage of it, and the first one the fault bond beside. To come back to you stake must thaw
          for {span(stake.thawPeriod)}.
        </p>
      </PlanBox>
      <label className="field">
        Thaw, OPG
        <input inputMode="decimal" value={thawText} onChange={(event) => setThawText(event.target.value)} />
      </label>
      <PlanBox
        label="Thaw"
        steps={
          thawing ? [{ words: `Thaw ${opg(thawing)}`, call: calls.thaw(addresses, { amount: thawing }) }] : undefined
        }
        missing="An amount of OPG is needed."
      >
        <p>
          {thawing ? opg(thawing) : "The stake"} cover no new answers from now on, can still be slashed for{" "}
          {span(stake.thawPeriod)}, and can then be withdrawn. A thaw can not be called off.
          {stake.thawing > 0n && ` The ${opg(stake.thawing)} that thaw already start anew with it.`}
        </p>
      </PlanBox>
      {stake.thawing > 0n && now > stake.thawedAt && (
        <PlanBox label="Withdraw" steps={[{ words: "Withdraw", call: calls.withdrawStake(addresses, {}) }]}>
          <p>{opg(stake.thawing)} come back to your wallet.</p>
        </PlanBox>
      )}
      {stake.frozenAt !== 0 && (
        <PlanBox
          label="Come back"
          steps={
            stake.locked === 0n && stake.staked >= stake.faultBond
              ? [{ words: "Come back", call: calls.restore(addresses, {}) }]
              : undefined
          }
          missing={`This needs ${opg(stake.faultBond)} of stake and no open answers.`}
        >
          <p>An answer of yours has fallen: you can not be asked until the fault bond is made up again.</p>
        </PlanBox>
      )}
    </div>
  );
}

type Stake = NonNullable<ReturnType<typeof useStake>["data"]>;

/** What the stake covers, and what is missing until it covers anything. */
function Room({ stake: { staked, locked, faultBond }, more }: { stake: Stake; more: bigint }) {
  const over = staked + more - faultBond - locked;
  return (
    <p>
      The first {opg(faultBond)} are the fault bond and cover nothing.{" "}
      {over < 3n * 10n ** 18n
        ? `With this ${opg(3n * 10n ** 18n - over)} are still missing until an answer with a coverage of 1 OPG can be asked of you.`
        : `With this new answers with a coverage of ${opg(over / 3n)} together can be asked of you.`}
    </p>
  );
}

function Locks({ own }: { own: Address }) {
  const stake = useStake(own).data;
  const now = useChainTime();
  if (!stake || now === undefined) return null;
  return (
    <dl className="quote">
      <dt>Staked</dt>
      <dd>{opg(stake.staked)}</dd>
      <dt>Locked behind open answers</dt>
      <dd>{opg(stake.locked)}</dd>
      <dt>Thawing</dt>
      <dd>
        {opg(stake.thawing)}
        {stake.thawing > 0n && (now > stake.thawedAt ? ", can be withdrawn" : `, ${span(stake.thawedAt - now)} left`)}
      </dd>
      <dt>Fault bond</dt>
      <dd>
        {stake.frozenAt === 0
          ? `${opg(stake.faultBond)}, to be staked before anything is covered`
          : "lost: come back first"}
      </dd>
      <dt>New answers covered</dt>
      <dd>{opg(stake.room)}</dd>
    </dl>
  );
}

function Coverage({ network, own }: Own) {
  const open = useSummary().data?.claims.filter(
    ({ claim, state }) => state === "open" && claim.operator.toLowerCase() === own.toLowerCase(),
  );
  return (
    <div className="stack">
      <Locks own={own} />
      <p>
        {open?.length
          ? `Of each open answer three times its coverage is locked: ${open.map(({ claim }) => `${numbered(claim.requestId)} for ${named(network.names, claim.requester)} (${opg(claim.coverage)})`).join(", ")}.`
          : "You have no open answer: nothing can be slashed now."}
      </p>
    </div>
  );
}
