import { decodePackage, encodePackage, type Package, packageInput } from "@opengradient/protocol";
import { bytesToHex, type Hex, hexToBytes } from "viem";

const key = (input: string): string => `og:input:${input}`;

/** Keeps the input of an own request: its salt is what ties the receipt to it. */
export function keepInput(input: Package): void {
  localStorage.setItem(key(packageInput(input)), bytesToHex(encodePackage(input)));
}

/** The input of an own request as bytes of a package; undefined for others'. */
export function keptInput(input: Hex): Uint8Array | undefined {
  const text = localStorage.getItem(key(input));
  return text ? hexToBytes(text as Hex) : undefined;
}

export function keptPackage(input: Hex): Package | undefined {
  const bytes = keptInput(input);
  return bytes && decodePackage(bytes);
}
