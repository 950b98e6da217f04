import { type Address, type Hex, hashTypedData, type LocalAccount, recoverTypedDataAddress } from "viem";

/** One result, as the operator signs it: docs/spec/claim.md. Amounts in OPG's smallest unit, times in seconds. */
export type Claim = {
  readonly modelRoot: Hex;
  /** H(7 ‖ salt ‖ 0 ‖ inputRoot) */
  readonly input: Hex;
  /** H(7 ‖ salt ‖ 1 ‖ outputRoot) */
  readonly output: Hex;
  /** the operator's owner, by which Staking knows it */
  readonly operator: Address;
  readonly requester: Address;
  readonly requestId: bigint;
  readonly fee: bigint;
  readonly coverage: bigint;
  /** set of levels */
  readonly level: number;
  readonly parameters: Hex;
  readonly postBy: bigint;
};

/** Where a claim counts: one Market on one chain. */
export type ClaimDomain = { readonly chainId: number; readonly market: Address };

export const claimTypes = {
  Claim: [
    { name: "modelRoot", type: "bytes32" },
    { name: "input", type: "bytes32" },
    { name: "output", type: "bytes32" },
    { name: "operator", type: "address" },
    { name: "requester", type: "address" },
    { name: "requestId", type: "uint256" },
    { name: "fee", type: "uint128" },
    { name: "coverage", type: "uint128" },
    { name: "level", type: "uint32" },
    { name: "parameters", type: "bytes32" },
    { name: "postBy", type: "uint64" },
  ],
} as const;

export const claimTypedData = ({ chainId, market }: ClaimDomain, claim: Claim) =>
  ({
    domain: { name: "OpenGradient", version: "1", chainId, verifyingContract: market },
    types: claimTypes,
    primaryType: "Claim",
    message: claim,
  }) as const;

/** The claim's identity, on chain and off. */
export const claimDigest = (domain: ClaimDomain, claim: Claim): Hex => hashTypedData(claimTypedData(domain, claim));

export type ClaimSigner = Pick<LocalAccount, "signTypedData">;

/** 65 bytes of plain ECDSA. A caller whose signature could be slashed remembers the digest before it calls this. */
export const signClaim = (signer: ClaimSigner, domain: ClaimDomain, claim: Claim): Promise<Hex> =>
  signer.signTypedData(claimTypedData(domain, claim));

export const recoverClaimSigner = (domain: ClaimDomain, claim: Claim, signature: Hex): Promise<Address> =>
  recoverTypedDataAddress({ ...claimTypedData(domain, claim), signature });
