import { disputesAbi } from "@opengradient/bindings";
import { act, type Call, calls, readAllowance, type Writer } from "@opengradient/protocol";
import type { Abi, Hex } from "viem";
import { askMoves } from "../check/ask.ts";
import type { Job, Move } from "../check/messages.ts";
import { knownCommits, rememberCommit } from "./commits.ts";

/** One line of the story of a challenge. */
export type Line = { readonly words: string; readonly gas?: bigint };

export type Telling = { tell(line: Line): void; wait(words: string): void };

const VERBS = {
  demand: "Demand",
  commit: "Commit",
  prove: "Prove",
  expire: "Call the silence",
  wait: "Wait",
  end: "End",
} as const;

/** Milliseconds between two looks while the other side may still answer. */
const PAUSE = 1_500;

/** Follows the honest player's moves until there are none left. @throws ProtocolError from the chain or the wallet */
export async function playChallenge(writer: Writer, job: Job, telling: Telling, signal: AbortSignal): Promise<void> {
  const account = writer.wallet.account.address;
  let demanded = false;
  while (!signal.aborted) {
    const challenger = { account, commits: knownCommits(job.digest, account) };
    const next = await askMoves(job, challenger, telling.wait);
    if (next.some(({ kind }) => kind === "end")) break;
    for (const move of next) {
      if (signal.aborted) return;
      if (move.kind === "wait") telling.wait(`${move.reason} …`);
      else await send(writer, job.digest, move, telling);
      demanded ||= move.kind === "demand";
    }
    await new Promise((done) => setTimeout(done, PAUSE));
  }
  if (demanded) await act(writer, calls.withdrawCredits(writer.addresses, { to: account })).catch(() => {});
}

async function send(writer: Writer, digest: Hex, move: Move, { tell, wait }: Telling): Promise<void> {
  const account = writer.wallet.account.address;
  const { addresses } = writer;
  if (move.price.opg > 0n) {
    const spender = addresses.disputes;
    const allowed = await readAllowance(writer, { owner: account, spender });
    if (allowed < move.price.opg) {
      wait("Your wallet asks you to let the court take the bond …");
      await act(writer, calls.approve(addresses, { spender, amount: move.price.opg }));
      tell({ words: "Allowed the court to take the bond, and no more" });
    }
  }
  if (move.commit) rememberCommit(digest, account, move.commit);
  for (const call of move.calls) {
    wait(`${VERBS[move.kind]}: ${move.reason}. Waiting for your wallet and the chain …`);
    const { receipt } = await act(writer, { ...call, abi: disputesAbi as Abi } satisfies Call);
    tell({ words: `${VERBS[move.kind]}: ${move.reason}`, gas: receipt.gasUsed });
  }
}
