import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

export type Blobs = {
  /** Durable before it returns; writing a blob that is there already does nothing. */
  put(id: `0x${string}`, bytes: Uint8Array): void;
  get(id: `0x${string}`): Uint8Array | undefined;
  has(id: `0x${string}`): boolean;
  /** Removes all others, and what a kill left half written; how many were removed and are left. */
  retain(wanted: ReadonlySet<string>): { readonly removed: number; readonly left: number };
};

/**
 * Bytes on disk under an id that its caller has checked to be the content's own commitment; a reader checks again.
 * A blob appears under its name only when all of it is written.
 */
export function openBlobs(folder: string): Blobs {
  mkdirSync(folder, { recursive: true });
  const path = (id: string) => {
    if (!/^0x[0-9a-f]{64}$/.test(id)) throw new TypeError(`blob id must be 32 bytes of lower-case hex, got ${id}`);
    return join(folder, id.slice(2));
  };
  return {
    put(id, bytes) {
      const target = path(id);
      if (existsSync(target)) return;
      const file = openSync(`${target}.part`, "w");
      let written = 0;
      while (written < bytes.length) written += writeSync(file, bytes, written);
      fsyncSync(file);
      closeSync(file);
      renameSync(`${target}.part`, target);
    },
    get: (id) => (existsSync(path(id)) ? new Uint8Array(readFileSync(path(id))) : undefined),
    has: (id) => existsSync(path(id)),
    retain(wanted) {
      const files = readdirSync(folder);
      const others = files.filter((name) => !wanted.has(`0x${name}`));
      for (const name of others) rmSync(join(folder, name));
      return { removed: others.length, left: files.length - others.length };
    },
  };
}
