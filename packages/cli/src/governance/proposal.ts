import { governedAct, type Proposal, type Reader, readProposals } from "@opengradient/protocol";
import { toHex } from "viem";
import type { Place } from "../chain/connect.ts";
import { CommandError, EXIT } from "../failure.ts";
import { dateFrom, opg, short, table } from "../words.ts";
import { wordsOfAct } from "./act.ts";

/** As commands name it; other interfaces of Governors write the same number in decimals. */
export const nameOf = ({ id }: Pick<Proposal, "id">): string => toHex(id, { size: 32 });

/** @param text a name as `og vote list` prints it, or the number in decimals */
export async function findProposal(reader: Reader, { deployment }: Place, text: string): Promise<Proposal> {
  if (!/^(0x[0-9a-fA-F]{1,64}|\d{1,78})$/.test(text))
    throw new CommandError(`proposal ${text}: its name is needed, as og vote list prints it`);
  const all = await readProposals(reader, BigInt(deployment.block));
  const found = all.find(({ id }) => id === BigInt(text));
  if (!found) throw new CommandError(`there is no proposal ${text}`, { todo: "see them with: og vote list" });
  return found;
}

/** @throws CommandError that says how it stands, unless it stands as an act needs it */
export function expectState(proposal: Proposal, state: Proposal["state"], now: number): void {
  const waits = state === "queued" && proposal.executableAt! > now;
  if (proposal.state === state && !waits) return;
  throw new CommandError(`proposal ${short(nameOf(proposal), 8)}: ${stateWords(proposal, now)}`, { code: EXIT.chain });
}

/** How it stands, and what comes next. */
export function stateWords(proposal: Proposal, now: number): string {
  const { state, snapshot, deadline, executableAt } = proposal;
  switch (state) {
    case "pending":
      return `waits: the votes of ${dateFrom(snapshot, now)} count, then the vote begins`;
    case "active":
      return `is voted on until ${dateFrom(deadline, now)}`;
    case "canceled":
      return "was cancelled by its proposer";
    case "defeated":
      return `was defeated: ${missing(proposal) > 0n ? "too few votes for a quorum" : "not more votes for than against"}`;
    case "succeeded":
      return "is decided for: anyone can queue it (og vote queue)";
    case "queued":
      return executableAt !== undefined && executableAt <= now
        ? "is queued, and its delay has passed: anyone can execute it (og vote execute)"
        : `is queued: it can be executed from ${dateFrom(executableAt!, now)}`;
    case "expired":
      return "has expired";
    case "executed":
      return "is executed";
  }
}

const missing = ({ votes, quorum }: Proposal): bigint => (quorum ?? 0n) - votes.for - votes.abstaining;

function voteWords(proposal: Proposal): string {
  const { votes, quorum } = proposal;
  const left = missing(proposal);
  const need =
    quorum === undefined ? "" : `; a quorum of ${opg(quorum)}${left > 0n ? ` lacks ${opg(left)}` : " is there"}`;
  return `${opg(votes.for)} for, ${opg(votes.against)} against, ${opg(votes.abstaining)} abstaining${need}`;
}

/** The words that its proposer gave, without the mark that keeps others from proposing it. */
const reasonOf = ({ description }: Proposal): string => description.replace(/\s*#proposer=0x[0-9a-fA-F]{40}$/, "");

export const actWords = (reader: Reader, { calls }: Pick<Proposal, "calls">): string[] =>
  calls.map((call) => {
    const act = governedAct(reader, call);
    return act
      ? wordsOfAct(act)
      : `a call of ${call.target} that no contract here takes from a vote: it can not be executed`;
  });

export const proposalLines = (reader: Reader, proposal: Proposal, now: number): string[] =>
  table([
    ["proposal", nameOf(proposal)],
    ...actWords(reader, proposal).map((words, i) => [i ? "" : "decides", words]),
    ["why", reasonOf(proposal)],
    ["proposer", proposal.proposer],
    ["state", stateWords(proposal, now)],
    ["votes", voteWords(proposal)],
  ]);

/** For --json. */
export const proposalFacts = (reader: Reader, proposal: Proposal) => ({
  ...proposal,
  id: nameOf(proposal),
  acts: proposal.calls.map((call) => governedAct(reader, call) ?? null),
});
