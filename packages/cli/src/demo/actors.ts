import type { Address } from "viem";
import { type DevnetName, devnetAddress } from "../chain/accounts.ts";

/** Who plays in the demo. */
export const ACTORS = {
  author: { name: "Ann", role: "author of the model" },
  operator: { name: "Olga", role: "operator, honest" },
  operator2: { name: "Liam", role: "operator, lies" },
  requester: { name: "Rita", role: "asks and pays" },
  requester2: { name: "Raul", role: "asks and pays" },
  challenger: { name: "Cleo", role: "watches, runs everything again" },
} as const satisfies Partial<Record<DevnetName, { name: string; role: string }>>;

export type ActorName = keyof typeof ACTORS;

let byAddress: ReadonlyMap<string, string> | undefined;

/** Deriving the accounts takes longer than most commands: not before somebody asks. */
const namesByAddress = (): ReadonlyMap<string, string> =>
  new Map(
    (Object.keys(ACTORS) as ActorName[]).map((actor) => [devnetAddress(actor).toLowerCase(), ACTORS[actor].name]),
  );

export function nameOfAddress(address: Address | string): string {
  byAddress ??= namesByAddress();
  return byAddress.get(address.toLowerCase()) ?? address;
}
