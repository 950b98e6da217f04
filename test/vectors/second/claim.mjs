import { keccak_256 } from "@noble/hashes/sha3.js";
import { clog2 } from "./kernel.mjs";
import { be, cat, toHex, word } from "./roots.mjs";

// ---- claim.md: the Claim as typed data
const text = (s) => new TextEncoder().encode(s);
const FIELDS =
  "bytes32 modelRoot,bytes32 input,bytes32 output,address operator,address requester,uint256 requestId,uint128 fee,uint128 coverage,uint32 level,bytes32 parameters,uint64 postBy";
const DOMAIN = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";

export const claimDigest = (domain, claim) => {
  const named = [DOMAIN, "OpenGradient", "1"].map((s) => keccak_256(text(s)));
  const separator = keccak_256(cat(...named, word(domain.chainId), word(domain.market)));
  const values = FIELDS.split(",").map((field) => word(claim[field.split(" ")[1]]));
  return keccak_256(cat([0x19, 0x01], separator, keccak_256(cat(keccak_256(text(`Claim(${FIELDS})`)), ...values))));
};

// ---- commitments.md: positions
const clog256 = (n) => Math.ceil(clog2(n) / 8);

/** list: leaves of the list or trace; leaves: leaves of the tensor (objects 4 and 5) */
export const describePosition = ({ object, tensor, j, i, list, leaves }) => {
  const J = Math.max(1, clog256(list));
  const K = object >= 4 ? clog256(leaves) : 0;
  const count = object >= 4 ? leaves : list;
  const packed = toHex(cat(new Uint8Array(22), [object], be(tensor, 4), [j], be(i, 4)));
  const below = j === 0 ? 1 : Math.min(256, Math.ceil(count / 2 ** (8 * (j - 1))) - 256 * i);
  if (object === 0) return { packed, depth: 0, children: 4 };
  return { packed, depth: (object === 2 || object === 4 ? 1 : 6) + J + K - j, children: below };
};
