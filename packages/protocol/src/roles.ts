import {
  type Addresses,
  channelsAbi,
  delegationAbi,
  deliveriesAbi,
  disputesAbi,
  marketAbi,
  modelRegistryAbi,
  newWorkAbi,
  opgAbi,
  opgGovernorAbi,
  stakeVotesAbi,
  stakingAbi,
  timelockAbi,
} from "@opengradient/bindings";
import { type Abi, type Address, type Hex, isAddressEqual, keccak256, toHex, zeroAddress, zeroHash } from "viem";
import type { Reader } from "./client.ts";

type Name = keyof Addresses;

/** Somebody who may do what others may not, as the chain says. */
export type Role = {
  readonly on: Name;
  readonly may: string;
  readonly holder: Address;
  /** the contract of this system that holds it; undefined: an account outside */
  readonly name: Name | "anyone" | undefined;
};

export type RolesPage = {
  readonly roles: readonly Role[];
  /** what is not as it should be, in words */
  readonly objections: readonly string[];
};

/** A contract, the getter of an address that it trusts, what that may do there, and who it must be (undefined: the deployment chose). */
type Wire = readonly [on: Name, abi: Abi, getter: string, may: string, expected: Name | undefined];

const WIRES: readonly Wire[] = [
  ["modelRegistry", modelRegistryAbi, "validator", "says which models may be published", "validator"],
  ["staking", stakingAbi, "opg", "is the token of stake", "opg"],
  ["staking", stakingAbi, "delegation", "holds what is delegated", "delegation"],
  ["staking", stakingAbi, "votes", "counts votes", "votes"],
  ["delegation", delegationAbi, "staking", "burns delegated OPG with the operator's stake", "staking"],
  ["votes", stakeVotesAbi, "delegation", "tells of withdrawals", "delegation"],
  ["governor", opgGovernorAbi, "token", "counts the votes", "votes"],
  ["governor", opgGovernorAbi, "timelock", "carries out what was decided", "timelock"],
  ["market", marketAbi, "staking", "holds the stake that covers claims", "staking"],
  ["market", marketAbi, "registry", "says which models there are", "modelRegistry"],
  ["market", marketAbi, "disputes", "makes claims void", "disputes"],
  ["market", marketAbi, "batches", "opens claims without a request", "batches"],
  ["market", marketAbi, "newWork", "stops requests and new batches", "newWork"],
  ["market", marketAbi, "governance", "moves new work to a tier of another split", "timelock"],
  ["market", marketAbi, "auditPool", "gets the audit share of fees", undefined],
  ["newWork", newWorkAbi, "market", "closes and opens tiers", "market"],
  ["newWork", newWorkAbi, "governance", "names the guardian, pauses and resumes new work", "timelock"],
  ["disputes", disputesAbi, "market", "holds and ends claims", "market"],
  ["disputes", disputesAbi, "arbiter", "says whether an element is right", "arbiter"],
  ["disputes", disputesAbi, "governance", "sets the floor of demand prices for new claims", "timelock"],
  ["channels", channelsAbi, "market", "says which tiers there are", "market"],
  ["channels", channelsAbi, "auditPool", "gets the audit share of fees", undefined],
  ["deliveries", deliveriesAbi, "market", "says how claims stand", "market"],
];

const TIMELOCK_ROLES: Readonly<Record<Hex, string>> = {
  [zeroHash]: "administers roles, which are for good",
  [keccak256(toHex("PROPOSER_ROLE"))]: "schedules operations",
  [keccak256(toHex("CANCELLER_ROLE"))]: "cancels operations",
  [keccak256(toHex("EXECUTOR_ROLE"))]: "carries out operations whose delay has passed",
};

/**
 * Every privileged address of a system, read back from the chain.
 * @param deployer must hold none of them, and no OPG or votes; undefined: nobody is looked for
 * @param fromBlock the first contract's
 */
export async function readRoles(reader: Reader, deployer: Address | undefined, fromBlock: bigint): Promise<RolesPage> {
  const wires = await Promise.all(WIRES.map((wire) => readWire(reader, wire)));
  const timelock = await timelockRoles(reader, fromBlock);
  const guardian = await guardianRole(reader);
  const roles = [...wires.map(({ role }) => role), ...timelock.map(({ role }) => role), ...guardian];
  const objections = [
    ...(await withoutCode(reader)),
    ...wires.flatMap(({ objection }) => objection),
    ...timelock.flatMap(({ objection }) => objection),
    ...(deployer ? await leftTo(reader, deployer, roles) : []),
  ];
  return { roles, objections };
}

const nameOf = ({ addresses }: Reader, holder: Address): Role["name"] =>
  (Object.keys(addresses) as Name[]).find((name) => isAddressEqual(addresses[name], holder));

async function readWire(reader: Reader, [on, abi, functionName, may, expected]: Wire) {
  const { chain, addresses } = reader;
  const holder = (await chain.readContract({ address: addresses[on], abi, functionName })) as Address;
  const role: Role = { on, may, holder, name: nameOf(reader, holder) };
  const right = expected === undefined || isAddressEqual(holder, addresses[expected]);
  return { role, objection: right ? [] : [`${on}.${functionName} is ${holder} and should be the ${expected}`] };
}

/** From the events, since a role's holders can not be listed; each is asked again. */
async function timelockRoles(reader: Reader, fromBlock: bigint) {
  const { chain, addresses } = reader;
  const { timelock: address, governor } = addresses;
  const granted = await chain.getContractEvents({ address, abi: timelockAbi, eventName: "RoleGranted", fromBlock });
  const held = await Promise.all(
    granted.map(async ({ args: { role, account } }) => {
      const args = [role!, account!] as const;
      const holds = await chain.readContract({ address, abi: timelockAbi, functionName: "hasRole", args });
      return holds ? [{ role: role!, account: account! }] : [];
    }),
  );
  return held.flat().map(({ role: id, account }) => {
    const may = TIMELOCK_ROLES[id] ?? `role ${id}`;
    const name = account === zeroAddress ? "anyone" : nameOf(reader, account);
    const right = id === zeroHash ? address : id === keccak256(toHex("EXECUTOR_ROLE")) ? zeroAddress : governor;
    const role: Role = { on: "timelock", may, holder: account, name };
    return { role, objection: isAddressEqual(account, right) ? [] : [`${account} ${may} on the timelock`] };
  });
}

async function guardianRole(reader: Reader): Promise<Role[]> {
  const { chain, addresses } = reader;
  const at = { address: addresses.newWork, abi: newWorkAbi } as const;
  const { account, aliveUntil, spent } = await chain.readContract({ ...at, functionName: "guardian" });
  if (account === zeroAddress) return [];
  const until = new Date(1000 * Number(aliveUntil)).toISOString();
  const may = spent
    ? "has paused once, and resumes"
    : `pauses new work once, for 14 days at most; lapses ${until} without a beat`;
  return [{ on: "newWork", may, holder: account, name: nameOf(reader, account) }];
}

async function withoutCode({ chain, addresses }: Reader): Promise<string[]> {
  const names = Object.keys(addresses) as Name[];
  const codes = await Promise.all(names.map((name) => chain.getCode({ address: addresses[name] })));
  return names.filter((_, i) => !codes[i]).map((name) => `${name} at ${addresses[name]} has no code`);
}

async function leftTo({ chain, addresses }: Reader, account: Address, roles: readonly Role[]): Promise<string[]> {
  const args = [account] as const;
  const [held, votes] = await Promise.all([
    chain.readContract({ address: addresses.opg, abi: opgAbi, functionName: "balanceOf", args }),
    chain.readContract({ address: addresses.votes, abi: stakeVotesAbi, functionName: "getVotes", args }),
  ]);
  return [
    ...roles
      .filter(({ holder }) => isAddressEqual(holder, account))
      .map(({ on, may }) => `the deployer ${may} (${on})`),
    ...(held ? [`the deployer holds ${held} units of OPG`] : []),
    ...(votes ? ["the deployer has votes"] : []),
  ];
}
