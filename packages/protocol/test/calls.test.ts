import {
  batchesAbi,
  channelsAbi,
  delegationAbi,
  deliveriesAbi,
  disputesAbi,
  marketAbi,
  modelRegistryAbi,
  newWorkAbi,
  opgGovernorAbi,
  stakeVotesAbi,
  stakingAbi,
} from "@opengradient/bindings";
import type { Abi } from "viem";
import { expect, test } from "vitest";
import * as actions from "../src/actions.ts";
import { type CallOf, calls } from "../src/index.ts";

const addresses = {
  opg: "0x1",
  modelRegistry: "0x2",
  staking: "0x3",
  market: "0x4",
  disputes: "0x5",
  delegation: "0x6",
  votes: "0x7",
  batches: "0x8",
  channels: "0x9",
  deliveries: "0xa",
  newWork: "0xb",
  governor: "0xc",
} as never;

/** Arguments that are built from; any other may be 0. */
const ARGUMENTS: Readonly<Record<string, unknown>> = {
  redemptions: [],
  calls: [],
  description: "",
  position: { object: 0, tensor: 0, j: 0, i: 0 },
};

/** What only a contract of ours may call, or does where it matters. */
const internal = [
  ...["openAtPost", "hold", "answered", "void", "lockBatch", "unlockBatch"],
  ...["lock", "unlock", "slash", "slashBond", "burnShare", "left", "pull"],
];
/** What a vote does through the Timelock, built by whoever proposes. */
const governed = ["resplit", "setBaseFeeFloor", "appoint", "move"];
/** Wallets know it from OpenZeppelin's contracts. */
const common = [
  ...["delegateBySig", "castVoteBySig", "castVoteWithReason", "castVoteWithReasonAndParams"],
  "castVoteWithReasonAndParamsBySig",
];
/** Of OpenZeppelin's Governor; ours always refuses. */
const refused = [
  ...["relay", "updateTimelock", "setLateQuorumVoteExtension"],
  ...["onERC721Received", "onERC1155Received", "onERC1155BatchReceived"],
];

test("every function that changes something has a call and an action", () => {
  const contracts = {
    "0x2": modelRegistryAbi,
    "0x3": stakingAbi,
    "0x4": marketAbi,
    "0x5": disputesAbi,
    "0x6": delegationAbi,
    "0x7": stakeVotesAbi,
    "0x8": batchesAbi,
    "0x9": channelsAbi,
    "0xa": deliveriesAbi,
    "0xb": newWorkAbi,
    "0xc": opgGovernorAbi,
  } as const;
  const others = [...internal, ...governed, ...common, ...refused];
  const wanted = Object.entries(contracts).flatMap(([address, abi]) =>
    (abi as Abi).flatMap((item) =>
      item.type === "function" &&
      /payable$/.test(item.stateMutability) &&
      !others.includes(item.name) &&
      // the Market's, which Batches calls
      `${address}.${item.name}` !== "0x4.open"
        ? [`${address}.${item.name}`]
        : [],
    ),
  );
  const anything = new Proxy({}, { get: (_, key) => ARGUMENTS[String(key)] ?? 0 });
  const built = Object.values(calls).map((build) => (build as CallOf<object>)(addresses, anything));
  const covered = built.map(({ address, functionName }) => `${address}.${functionName}`);
  expect(covered.filter((name) => !name.startsWith("0x1")).sort()).toEqual(wanted.sort());
  expect(Object.keys(calls).filter((name) => !(name in actions))).toEqual([]);
});
