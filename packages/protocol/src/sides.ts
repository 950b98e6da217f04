import { claimSide, fromHex, toHex, traceSalt } from "@opengradient/commitments";
import type { Hex } from "viem";
import type { Claim } from "./claim.ts";

/** 32 random bytes of the requester: what keeps a small input from being guessed from its hash. */
export const newSalt = (): Hex => toHex(crypto.getRandomValues(new Uint8Array(32)));

export const inputSide = (salt: Hex, inputRoot: Hex): Hex =>
  toHex(claimSide(fromHex(salt, 32), 0, fromHex(inputRoot, 32)));

export const outputSide = (salt: Hex, outputRoot: Hex): Hex =>
  toHex(claimSide(fromHex(salt, 32), 1, fromHex(outputRoot, 32)));

/** What salts the trace leaves of a claim. */
export const claimTraceSalt = ({ operator, requester, requestId }: Claim): Hex =>
  toHex(traceSalt(operator, requester, requestId));
