import { type Address, encodeAbiParameters, type Hex, keccak256 } from "viem";

/** What a commit hides: `element` of `kernel` in claim `digest` is false, says `prover`. */
export type CommitFacts = {
  readonly digest: Hex;
  readonly kernel: number;
  readonly element: number;
  readonly prover: Address;
  readonly salt: Hex;
};

/** keccak256(abi.encode(id, kernel, element, prover, salt)): nobody can use another's. */
export const commitmentOf = ({ digest, kernel, element, prover, salt }: CommitFacts): Hex =>
  keccak256(
    encodeAbiParameters(
      [{ type: "bytes32" }, { type: "uint32" }, { type: "uint32" }, { type: "address" }, { type: "bytes32" }],
      [digest, kernel, element, prover, salt],
    ),
  );
