import { encodePosition, toHex } from "@opengradient/commitments";
import type { Act } from "@opengradient/dispute";
import { wireProof } from "@opengradient/node/client";
import { type Call, calls, commitmentOf, newSalt } from "@opengradient/protocol";
import type { Hex } from "viem";
import type { Challenger, Job, KnownCommit, Move } from "./messages.ts";
import { type Held, nextOf, openCase } from "./session.ts";

const GWEI = 10n ** 9n;

/** What the honest player does next in a challenge, as transactions of one account. */
export async function moves(job: Job, challenger: Challenger, say: (words: string) => void): Promise<Move[]> {
  const held = await openCase(job, say);
  const { acts } = await nextOf(held, challenger.commits);
  return acts.map((act) => moveOf(held, act, challenger));
}

function moveOf(held: Held, act: Act, challenger: Challenger): Move {
  const { reason } = act;
  const sent = { reason, opg: act.price.opg, object: undefined, commit: undefined };
  switch (act.kind) {
    case "demand":
      return { ...sent, kind: "demand", call: bare(demandCall(held, act)), object: act.position.object };
    case "commit":
      return { ...sent, kind: "commit", ...commitCall(held, act, challenger) };
    case "prove":
      return { ...sent, kind: "prove", call: bare(proveCall(held, act, challenger)) };
    case "expire":
      return { ...sent, kind: "expire", call: bare(expireCall(held, act)) };
    case "none":
      return { reason, kind: "end", verdict: act.verdict, object: undefined };
    default:
      return { reason, kind: "wait", until: act.kind === "wait" ? act.until : 0, object: undefined };
  }
}

/** An ABI is large and the page has it. */
const bare = ({ abi: _, ...call }: Call): Omit<Call, "abi"> => call;

function demandCall({ reader, history }: Held, act: Extract<Act, { kind: "demand" }>): Call {
  const { claim, opening } = history;
  // The base fee can rise by an eighth a block until it is mined.
  const value = (((act.price.native * 5n) / 4n + GWEI - 1n) / GWEI) * GWEI;
  if (act.position.object === 0 || !opening) return calls.demandOpening(reader.addresses, { claim, value });
  return calls.demand(reader.addresses, { claim, opening, position: act.position, proof: wireProof(act.proof), value });
}

function commitCall({ reader, history }: Held, act: Extract<Act, { kind: "commit" }>, challenger: Challenger) {
  const { kernel, element } = act;
  const known = challenger.commits.find((at) => at.kernel === kernel && at.element === element);
  const commit = known ?? freshCommit(history.digest, kernel, element, challenger);
  const call = calls.commit(reader.addresses, { id: history.digest, commitment: commit.commitment });
  return { call: bare(call), commit };
}

function freshCommit(digest: Hex, kernel: number, element: number, { account }: Challenger): KnownCommit {
  const salt = newSalt();
  return { kernel, element, salt, commitment: commitmentOf({ digest, kernel, element, prover: account, salt }) };
}

function proveCall({ reader, history }: Held, act: Extract<Act, { kind: "prove" }>, { commits }: Challenger): Call {
  const { kernel, element, witness } = act;
  const { salt } = commits.find((at) => at.kernel === kernel && at.element === element)!;
  const proof = { kernel, element, salt, witness: toHex(witness) };
  return calls.prove(reader.addresses, { claim: history.claim, opening: history.opening!, proof });
}

function expireCall({ reader, history }: Held, act: Extract<Act, { kind: "expire" }>): Call {
  const key = encodePosition(act.position);
  const { target } = history.demands.find((at) => at.key === key && at.state === "asked")!;
  return calls.expire(reader.addresses, { claim: history.claim, position: act.position, target });
}
