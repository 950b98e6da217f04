import {
  type Address,
  encodeAbiParameters,
  type Hex,
  hashTypedData,
  keccak256,
  type LocalAccount,
  parseAbiParameters,
  recoverAddress,
} from "viem";

/** Who pays whom, by whose key: docs/spec/claim.md, Channels. */
export type Parties = {
  readonly requester: Address;
  /** by its owner */
  readonly operator: Address;
  /** ECDSA key that signs vouchers */
  readonly signer: Address;
};

/** What a signer owes an operator for a model under a tier, all told. OPG's smallest unit. */
export type Voucher = {
  readonly channel: Hex;
  readonly modelRoot: Hex;
  readonly parameters: Hex;
  readonly cumulative: bigint;
};

export type Redemption = Omit<Voucher, "channel"> & { readonly parties: Parties; readonly signature: Hex };

/** A transfer by ERC-3009 whose nonce is `authorizationNonce`. */
export type Authorization = {
  readonly validAfter: bigint;
  readonly validBefore: bigint;
  readonly salt: Hex;
  readonly signature: Hex;
};

/** An allowance by ERC-2612. */
export type Permit = { readonly deadline: bigint; readonly v: number; readonly r: Hex; readonly s: Hex };

/** `closesAt` of a channel without an end. */
export const NO_END = 2 ** 40 - 1;

export const channelId = ({ requester, operator, signer }: Parties): Hex =>
  keccak256(encodeAbiParameters(parseAbiParameters("address, address, address"), [requester, operator, signer]));

/** Binds a transfer to one channel and end, so that whoever sends it can not turn it elsewhere. */
export const authorizationNonce = (p: Omit<Parties, "requester"> & { closesAt: number; salt: Hex }): Hex =>
  keccak256(
    encodeAbiParameters(parseAbiParameters("address, address, uint40, bytes32"), [
      p.operator,
      p.signer,
      p.closesAt,
      p.salt,
    ]),
  );

export type VoucherDomain = { readonly chainId: number; readonly channels: Address };

const voucherTypedData = ({ chainId, channels }: VoucherDomain, voucher: Voucher) =>
  ({
    domain: { name: "OpenGradient", version: "1", chainId, verifyingContract: channels },
    types: {
      Voucher: [
        { name: "channel", type: "bytes32" },
        { name: "modelRoot", type: "bytes32" },
        { name: "parameters", type: "bytes32" },
        { name: "cumulative", type: "uint128" },
      ],
    },
    primaryType: "Voucher",
    message: voucher,
  }) as const;

export const voucherDigest = (domain: VoucherDomain, voucher: Voucher): Hex =>
  hashTypedData(voucherTypedData(domain, voucher));

/** The signer keeps the running total: it never signs above it before a receipt for it came. */
export const signVoucher = (
  signer: Pick<LocalAccount, "signTypedData">,
  domain: VoucherDomain,
  voucher: Voucher,
): Promise<Hex> => signer.signTypedData(voucherTypedData(domain, voucher));

/** The voucher that a redemption redeems. */
export const voucherOf = ({ parties, modelRoot, parameters, cumulative }: Redemption): Voucher => ({
  channel: channelId(parties),
  modelRoot,
  parameters,
  cumulative,
});

/** Whether the channel's signer signed it. */
export async function isSigned(domain: VoucherDomain, redemption: Redemption): Promise<boolean> {
  const { signature, parties } = redemption;
  const hash = voucherDigest(domain, voucherOf(redemption));
  const signer = await recoverAddress({ hash, signature }).catch(() => undefined);
  return signer?.toLowerCase() === parties.signer.toLowerCase();
}
