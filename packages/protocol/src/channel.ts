import { channelsAbi, opgAbi } from "@opengradient/bindings";
import { type Hex, type LocalAccount, parseSignature } from "viem";
import type { Reader } from "./client.ts";
import { newSalt } from "./sides.ts";
import {
  type Authorization,
  authorizationNonce,
  channelId,
  inUnit,
  type Parties,
  type Permit,
  type Voucher,
  type VoucherDomain,
} from "./voucher.ts";

export const voucherDomainOf = ({ chainId, addresses }: Pick<Reader, "chainId" | "addresses">): VoucherDomain => ({
  chainId,
  channels: addresses.channels,
});

/** A channel on chain; OPG's smallest unit, unix seconds. */
export type ChannelState = {
  readonly id: Hex;
  readonly deposit: bigint;
  /** vouchers are redeemed until then; 0: never opened */
  readonly closesAt: number;
};

/** @param blockNumber the block to look at (default: the newest) */
export async function readChannel(reader: Reader, parties: Parties, blockNumber?: bigint): Promise<ChannelState> {
  const id = channelId(parties);
  const { deposit, closesAt } = await reader.chain.readContract({
    address: reader.addresses.channels,
    abi: channelsAbi,
    functionName: "channels",
    args: [id],
    ...(blockNumber === undefined ? {} : { blockNumber }),
  });
  return { id, deposit, closesAt: Number(closesAt) };
}

/** OPG that was paid of a lane so far. */
export const readRedeemed = (
  { chain, addresses }: Reader,
  lane: Omit<Voucher, "cumulative">,
  blockNumber?: bigint,
): Promise<bigint> =>
  chain.readContract({
    address: addresses.channels,
    abi: channelsAbi,
    functionName: "redeemed",
    args: [inUnit({ ...lane, cumulative: 0n })],
    ...(blockNumber === undefined ? {} : { blockNumber }),
  });

/** Seconds from setting a channel's end to reaching it, at least. */
export const channelThaw = async ({ chain, addresses }: Reader): Promise<number> =>
  Number(await chain.readContract({ address: addresses.channels, abi: channelsAbi, functionName: "thawPeriod" }));

type TypedSigner = Pick<LocalAccount, "address" | "signTypedData">;

const opgDomain = ({ chainId, addresses }: Reader) =>
  ({ name: "OpenGradient", version: "1", chainId, verifyingContract: addresses.opg }) as const;

/** An allowance of `amount` for Channels, good until `deadline` (unix seconds): `openChannelWithPermit` needs no approve. */
export async function signChannelPermit(
  reader: Reader,
  owner: TypedSigner,
  { amount, deadline }: { amount: bigint; deadline: bigint },
): Promise<Permit> {
  const nonce = await reader.chain.readContract({
    address: reader.addresses.opg,
    abi: opgAbi,
    functionName: "nonces",
    args: [owner.address],
  });
  const signature = await owner.signTypedData({
    domain: opgDomain(reader),
    types: {
      Permit: [
        { name: "owner", type: "address" },
        { name: "spender", type: "address" },
        { name: "value", type: "uint256" },
        { name: "nonce", type: "uint256" },
        { name: "deadline", type: "uint256" },
      ],
    },
    primaryType: "Permit",
    message: { owner: owner.address, spender: reader.addresses.channels, value: amount, nonce, deadline },
  });
  const { r, s, yParity } = parseSignature(signature);
  return { deadline, v: 27 + yParity, r, s };
}

export type Deposit = { readonly parties: Parties; readonly amount: bigint; readonly closesAt: number };

/**
 * A transfer into one channel with one end, that anyone may send for the requester (`openChannelWithAuthorization`):
 * the requester needs no native coin.
 * @param requester signs; it is `parties.requester`
 * @param validBefore unix seconds
 */
export async function signDeposit(
  reader: Reader,
  requester: TypedSigner,
  { parties, amount, closesAt, validBefore }: Deposit & { validBefore: bigint },
): Promise<Authorization> {
  const salt = newSalt();
  const validAfter = 0n;
  const signature = await requester.signTypedData({
    domain: opgDomain(reader),
    types: {
      ReceiveWithAuthorization: [
        { name: "from", type: "address" },
        { name: "to", type: "address" },
        { name: "value", type: "uint256" },
        { name: "validAfter", type: "uint256" },
        { name: "validBefore", type: "uint256" },
        { name: "nonce", type: "bytes32" },
      ],
    },
    primaryType: "ReceiveWithAuthorization",
    message: {
      from: parties.requester,
      to: reader.addresses.channels,
      value: amount,
      validAfter,
      validBefore,
      nonce: authorizationNonce({ ...parties, closesAt, salt }),
    },
  });
  return { validAfter, validBefore, salt, signature };
}
