import { describe, expect, it } from "vitest";
import { concatBytes, keccak, tensorLeaves, toHex, treeRoot } from "../src/index.ts";
import { plainKeccak } from "./plainKeccak.ts";

const message = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => Math.imul(i + seed, 2654435761) >>> 24);

describe("keccak256", () => {
  it("gives the published digests", () => {
    expect(toHex(keccak(new Uint8Array(0)))).toBe("0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    expect(toHex(keccak(new TextEncoder().encode("abc")))).toBe(
      "0x4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45",
    );
  });

  it("agrees with the plain one around every block boundary", () => {
    for (const length of [1, 7, 8, 31, 32, 33, 64, 65, 135, 136, 137, 256, 257, 271, 272, 273, 1000])
      expect(toHex(keccak(message(length, length))), `${length} bytes`).toBe(
        toHex(plainKeccak(message(length, length))),
      );
  });

  it("hashes a concatenation", () => {
    expect(keccak(message(5, 1), message(200, 2))).toEqual(keccak(concatBytes([message(5, 1), message(200, 2)])));
  });
});

describe("bulk hashing", () => {
  it.each([0, 1, 255, 256, 257, 511, 512, 513, 769, 1024])(
    "leaves of %i bytes agree with the plain keccak",
    (length) => {
      const data = message(length, 9);
      const count = Math.max(1, Math.ceil(length / 256));
      const plain = Array.from({ length: count }, (_, i) => {
        const record = new Uint8Array(257);
        record.set(data.subarray(256 * i, 256 * i + 256), 1);
        return plainKeccak(record);
      });
      expect(toHex(tensorLeaves(data))).toBe(toHex(concatBytes(plain)));
    },
  );

  it("hashes more than one buffer's worth", () => {
    const data = message((1 << 19) + 300, 4);
    const leaves = tensorLeaves(data);
    for (const i of [0, 1, 1023, 1024, 1025, 2047, 2048, 2049]) {
      const record = new Uint8Array(257);
      record.set(data.subarray(256 * i, 256 * i + 256), 1);
      expect(toHex(leaves.subarray(32 * i, 32 * i + 32)), `leaf ${i}`).toBe(toHex(keccak(record)));
    }
  });

  it("nodes agree with the plain keccak", () => {
    const leaves = message(32 * 5, 8);
    const node = (left: Uint8Array, right: Uint8Array): Uint8Array =>
      plainKeccak(concatBytes([Uint8Array.of(1), left, right]));
    const [a, b, c, d, e] = [0, 1, 2, 3, 4].map((i) => leaves.subarray(32 * i, 32 * i + 32));
    expect(treeRoot(leaves)).toEqual(node(node(node(a!, b!), node(c!, d!)), e!));
  });
});
