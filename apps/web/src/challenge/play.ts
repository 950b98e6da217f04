import { disputesAbi } from "@opengradient/bindings";
import type { Verdict } from "@opengradient/dispute";
import {
  act,
  type Call,
  calls,
  type Done,
  ProtocolError,
  readAllowance,
  submit,
  type Writer,
} from "@opengradient/protocol";
import type { Abi } from "viem";
import { askMoves } from "../check/ask.ts";
import type { Job, Move } from "../check/messages.ts";
import { opg } from "../words.ts";
import { forgetCommits, knownCommits, rememberCommit } from "./commits.ts";

/** One line of the story of a challenge: what was done, and why as the honest player puts it. */
export type Line = { readonly words: string; readonly reason?: string; readonly gas?: bigint };

/** What is waited for; `until` in unix seconds of the chain. */
export type Pause = { readonly words: string; readonly until?: number };

export type Telling = { tell(line: Line): void; wait(pause: Pause): void };

type Sent = Exclude<Move, { kind: "wait" | "end" }>;

/** By the object of a position: packages/commitments. */
const OBJECTS = [
  "the fingerprints of inputs, outputs and steps",
  "the list of steps",
  "the list of inputs",
  "the list of outputs",
  "the input",
  "the results",
];

const pieces = (moves: readonly Sent[]): string => {
  const object = OBJECTS[moves[0]!.object ?? 0]!;
  return moves.length > 1 ? `${moves.length} pieces of ${object}` : object;
};

const DONE = {
  demand: (moves: readonly Sent[]) => `Demanded on chain: ${pieces(moves)}`,
  commit: ([move]: readonly Sent[]) =>
    `Announced the proof, sealed so that nobody can copy it; ${opg(move!.opg)} of bond are locked until the verdict`,
  prove: () => "Proved it: the court ran one number of the model again and got another one",
  expire: () => "Called the silence: the time to answer had passed",
} as const;

/** Milliseconds between two looks while the other side may still answer. */
const PAUSE = 1_500;

/** Follows the honest player's moves to the end. @throws ProtocolError from the chain or the wallet */
export async function playChallenge(
  writer: Writer,
  job: Job,
  telling: Telling,
  signal: AbortSignal,
): Promise<Verdict | undefined> {
  const account = writer.wallet.account.address;
  while (!signal.aborted) {
    const commits = knownCommits(job.digest, account);
    const next = await askMoves(job, { account, commits }, (words) => telling.wait({ words }));
    for (const move of next) {
      if (move.kind === "end") return move.verdict;
      if (move.kind === "wait") telling.wait(pauseOf(move));
    }
    const sent = next.filter((move): move is Sent => move.kind !== "wait" && move.kind !== "end");
    if (sent.length && !signal.aborted) await sendAll(writer, job, sent, telling).catch(orForget(job, writer));
    else await new Promise((done) => setTimeout(done, PAUSE));
  }
  return undefined;
}

const pauseOf = ({ until, reason }: Extract<Move, { kind: "wait" }>): Pause =>
  reason.includes("two blocks")
    ? { words: "The court takes a proof two blocks after it was announced …" }
    : { words: "Waiting for the operator's answer. If none comes in time, its silence loses", until };

/** A commit that was left too long is made anew. */
const orForget =
  ({ digest }: Job, { wallet }: Writer) =>
  (error: unknown): void => {
    if (!(error instanceof ProtocolError) || error.refusal !== "DisputesProofTooLate") throw error;
    forgetCommits(digest, wallet.account.address);
  };

/** Moves of one turn do not depend on each other: each is sent at once, and then all are waited for. */
async function sendAll(writer: Writer, { digest }: Job, moves: readonly Sent[], telling: Telling): Promise<void> {
  await allow(writer, moves, telling);
  const { kind } = moves[0]!;
  const mined: (() => Promise<Done>)[] = [];
  for (const [at, { call, commit }] of moves.entries()) {
    const which = moves.length > 1 ? ` ${at + 1} of ${moves.length}` : "";
    telling.wait({ words: `Transaction${which}: waiting for your wallet …` });
    if (commit) rememberCommit(digest, writer.wallet.account.address, commit);
    mined.push(await submit(writer, { ...call, abi: disputesAbi as Abi } satisfies Call));
  }
  telling.wait({ words: "Sent. Waiting for the chain …" });
  const done = await Promise.all(mined.map((wait) => wait()));
  const gas = done.reduce((sum, { receipt }) => sum + receipt.gasUsed, 0n);
  telling.tell({ words: DONE[kind](moves), reason: moves[0]!.reason, gas });
}

async function allow(writer: Writer, moves: readonly Sent[], { tell, wait }: Telling): Promise<void> {
  const amount = moves.reduce((sum, move) => sum + move.opg, 0n);
  const spender = writer.addresses.disputes;
  const owner = writer.wallet.account.address;
  if (amount === 0n || (await readAllowance(writer, { owner, spender })) >= amount) return;
  wait({ words: `Your wallet asks you to let the court take ${opg(amount)} …` });
  await act(writer, calls.approve(writer.addresses, { spender, amount }));
  tell({ words: `Allowed the court to take ${opg(amount)}, and no more` });
}
