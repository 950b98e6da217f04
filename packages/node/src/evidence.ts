import { fromHex, toHex } from "@opengradient/commitments";
import type { DemandProof, Opening } from "@opengradient/dispute";
import type { NodeProof, Opening as WireOpening } from "@opengradient/protocol";
import type { Hex } from "viem";
import { fetchNode } from "./remote.ts";

const HASH = 32;

const hashList = (bytes: Uint8Array): Hex[] =>
  Array.from({ length: bytes.length / HASH }, (_, i) => toHex(bytes.subarray(HASH * i, HASH * (i + 1))));

export const wireProof = ({ tensorRoot, listPath, node, path }: DemandProof): NodeProof => ({
  tensorRoot: toHex(tensorRoot),
  listPath: hashList(listPath),
  node: toHex(node),
  path: hashList(path),
});

export const openingBytes = ({ salt, inputRoot, outputRoot, traceRoot }: WireOpening): Opening => ({
  salt: fromHex(salt, HASH),
  inputRoot: fromHex(inputRoot, HASH),
  outputRoot: fromHex(outputRoot, HASH),
  traceRoot: fromHex(traceRoot, HASH),
});

/** What an operator serves of a claim's run, as far as it was asked for; the dispute checks every byte. */
export type Served = {
  readonly known: ReadonlyMap<bigint, Uint8Array>;
  /** Asks for positions that were not asked for lately; true if anything came. */
  fetch(positions: ReadonlySet<bigint>, now: number): Promise<boolean>;
};

/** Seconds after which a node that was not served is asked for again. */
const ASK_AGAIN = 30;

const AT_ONCE = 16;

export function servedNodes(endpoint: string, digest: Hex): Served {
  const known = new Map<bigint, Uint8Array>();
  const asked = new Map<bigint, number>();
  return {
    known,
    async fetch(positions, now) {
      const due = [...positions].filter((key) => now - (asked.get(key) ?? Number.NEGATIVE_INFINITY) >= ASK_AGAIN);
      for (const key of due) asked.set(key, now);
      const before = known.size;
      for (let at = 0; at < due.length; at += AT_ONCE) {
        const part = due.slice(at, at + AT_ONCE);
        const found = await Promise.all(part.map((key) => fetchNode(endpoint, digest, key).catch(() => undefined)));
        for (const [i, bytes] of found.entries()) if (bytes) known.set(part[i]!, bytes);
        // Whoever serves none of so many serves none.
        if (found.every((bytes) => !bytes)) break;
      }
      return known.size > before;
    },
  };
}
