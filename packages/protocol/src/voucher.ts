import {
  type Address,
  encodeAbiParameters,
  type Hex,
  hashTypedData,
  hexToString,
  keccak256,
  type LocalAccount,
  parseAbiParameters,
  recoverAddress,
  stringToHex,
  zeroHash,
} from "viem";

/** Who pays whom, by whose key: docs/spec/claim.md, Channels. */
export type Parties = {
  readonly requester: Address;
  /** by its owner */
  readonly operator: Address;
  /** ECDSA key that signs vouchers */
  readonly signer: Address;
};

/** What a signer owes an operator in one lane, all told. Everything but `cumulative` is the lane. */
export type Voucher = {
  readonly channel: Hex;
  readonly modelRoot: Hex;
  readonly parameters: Hex;
  /** what fees are counted in, as `unitOf("USD")`; with `price` absent: OPG */
  readonly unit?: Hex;
  /** OPG for one unit, both with 18 decimals */
  readonly price?: bigint;
  /** all fees of the lane so far, in the unit, 18 decimals */
  readonly cumulative: bigint;
};

const ONE = 10n ** 18n;

/** With the fields that the contract wants: who names no unit counts in OPG, which costs one OPG. */
export const inUnit = <T extends Pick<Voucher, "unit" | "price" | "cumulative">>(owed: T) => ({
  unit: zeroHash as Hex,
  price: ONE,
  ...owed,
});

/** The name of a unit as vouchers have it. @throws RangeError unless it is 1 to 32 characters of printable ASCII */
export function unitOf(name: string): Hex {
  if (!/^[\x20-\x7e]{1,32}$/.test(name)) throw new RangeError(`"${name}" is not 1 to 32 characters of ASCII`);
  return stringToHex(name, { size: 32 });
}

/** The same, read back. */
export const unitName = (unit: Hex): string => (unit === zeroHash ? "OPG" : hexToString(unit, { size: 32 }));

/** OPG owed for an amount of a unit at a price, rounded down: nobody pays more than was signed. */
export const charge = (amount: bigint, price: bigint): bigint => (amount * price) / ONE;

/** The least amount that is charged so much OPG. */
export const amountFor = (owed: bigint, price = ONE): bigint => (owed * ONE + price - 1n) / price;

/** OPG is counted at no other price than one: the contract refuses such vouchers. */
export const isPriced = ({ unit = zeroHash, price = ONE }: Pick<Voucher, "unit" | "price">): boolean =>
  unit !== zeroHash || price === ONE;

/** OPG owed in a lane, all told. */
export const owedBy = ({ cumulative, price = ONE }: Pick<Voucher, "cumulative" | "price">): bigint =>
  charge(cumulative, price);

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
        { name: "unit", type: "bytes32" },
        { name: "price", type: "uint128" },
        { name: "cumulative", type: "uint128" },
      ],
    },
    primaryType: "Voucher",
    message: inUnit(voucher),
  }) as const;

export const voucherDigest = (domain: VoucherDomain, voucher: Voucher): Hex =>
  hashTypedData(voucherTypedData(domain, voucher));

/** The signer keeps the running total of a lane: it never signs above it before a receipt for it came. */
export const signVoucher = (
  signer: Pick<LocalAccount, "signTypedData">,
  domain: VoucherDomain,
  voucher: Voucher,
): Promise<Hex> => signer.signTypedData(voucherTypedData(domain, voucher));

/** The voucher that a redemption redeems. */
export const voucherOf = ({ parties, ...owed }: Redemption): Required<Voucher> => {
  const { modelRoot, parameters, unit, price, cumulative } = inUnit(owed);
  return { channel: channelId(parties), modelRoot, parameters, unit, price, cumulative };
};

/** Whether the channel's signer signed it. */
export async function isSigned(domain: VoucherDomain, redemption: Redemption): Promise<boolean> {
  const { signature, parties } = redemption;
  const hash = voucherDigest(domain, voucherOf(redemption));
  const signer = await recoverAddress({ hash, signature }).catch(() => undefined);
  return signer?.toLowerCase() === parties.signer.toLowerCase();
}
