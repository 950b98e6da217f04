import type { Address } from "viem";
import known from "./deployments.json" with { type: "json" };

/** Where the contracts of one system are. */
export type Addresses = {
  readonly opg: Address;
  readonly modelRegistry: Address;
  readonly staking: Address;
  readonly delegation: Address;
  readonly votes: Address;
  readonly governor: Address;
  /** what every vote acts through */
  readonly timelock: Address;
  readonly market: Address;
  readonly batches: Address;
  readonly newWork: Address;
  readonly channels: Address;
  readonly deliveries: Address;
  readonly disputes: Address;
  readonly arbiter: Address;
  readonly validator: Address;
};

export type Deployment = Addresses & {
  readonly chainId: number;
  /** block of the first contract: where readers of events begin */
  readonly block: number;
};

/** The public system on a chain, or undefined where there is none. */
export const deploymentOf = (chainId: number): Deployment | undefined =>
  (known as Record<string, Deployment>)[String(chainId)];
