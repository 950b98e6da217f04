import { GOVERNED_BOUNDS, type GovernedAct, type Tier } from "@opengradient/protocol";
import { parseGwei, zeroAddress } from "viem";
import { addressOf, basisPoints } from "../commands/stake.ts";
import { CommandError } from "../failure.ts";
import { hashOf } from "../model/load.ts";
import { amount } from "../words.ts";

/** What a vote can do, as it is typed. */
export const ACTS = [
  "floor GWEI",
  "resplit TIER AUDITS-PERCENT BURNT-PERCENT",
  "pause",
  "resume",
  "guardian ADDRESS",
  "guardian none",
] as const;

/** @throws CommandError that names the bounds, where it is outside of what the contracts take */
export function parseAct(name: string, values: readonly string[], tiers: readonly Tier[]): GovernedAct {
  const [first, second, third] = values;
  const given = `${name}/${values.length}`;
  if (given === "floor/1") return { kind: "floor", floor: floorOf(first!) };
  if (given === "resplit/3") return resplit(tiers, { tier: first!, audits: second!, burnt: third! });
  if (given === "pause/0" || given === "resume/0") return { kind: name as "pause" | "resume" };
  if (given === "guardian/1")
    return { kind: "appoint", guardian: first === "none" ? zeroAddress : addressOf("the guardian", first!) };
  throw new CommandError(`${[name, ...values].join(" ")}: no vote can do this`, {
    todo: `it can: ${ACTS.join(" · ")}`,
  });
}

const gwei = (wei: bigint): string => (wei < 1_000_000n ? `${wei} wei` : `${amount(wei, 9)} gwei`);

function floorOf(text: string): bigint {
  const { least, most } = GOVERNED_BOUNDS.floor;
  const floor = /^\d{1,12}(\.\d{1,9})?$/.test(text) ? parseGwei(text) : 0n;
  if (floor < least || floor > most)
    throw new CommandError(`floor ${text}: gwei are needed, from 0.000000001 (${gwei(least)}) to 100 (${gwei(most)})`);
  return floor;
}

type Resplit = { readonly tier: string; readonly audits: string; readonly burnt: string };

function resplit(tiers: readonly Tier[], { tier, audits, burnt }: Resplit): GovernedAct {
  const hash = hashOf("the tier", tier);
  const auditBps = basisPoints("the share for audits", audits, GOVERNED_BOUNDS.auditBps);
  const burnBps = basisPoints("the share to be burnt", burnt, GOVERNED_BOUNDS.burnBps);
  const known = tiers.find((one) => one.hash === hash);
  if (!known)
    throw new CommandError(`tier ${hash}: this Market has none of this hash`, {
      todo: `it has: ${tiers.map((one) => one.hash).join(" ")}`,
    });
  if (known.parameters.auditBps === auditBps && known.parameters.burnBps === burnBps)
    throw new CommandError(`tier ${hash} gives ${audits} % to audits and burns ${burnt} % already`);
  return { kind: "resplit", tier: hash, auditBps, burnBps };
}

/** What happens once it is executed. */
export function wordsOfAct(act: GovernedAct): string {
  switch (act.kind) {
    case "floor":
      return `demands on claims made from then on are priced at a base fee of ${gwei(act.floor)} at least`;
    case "resplit":
      return `new requests of tier ${act.tier} go to one that gives ${act.auditBps / 100} % of fees to audits and burns ${act.burnBps / 100} %`;
    case "pause":
      return "no new work for 14 days; what was begun goes on";
    case "resume":
      return "new work goes on";
    case "appoint":
      return act.guardian === zeroAddress
        ? "nobody is guardian"
        : `${act.guardian} is guardian: it can pause new work once, for 14 days`;
  }
}
