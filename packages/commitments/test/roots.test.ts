import { describe, expect, it } from "vitest";
import {
  CommitmentError,
  claimSide,
  concatBytes,
  decodePosition,
  encodePosition,
  fromHex,
  hashTensor,
  keccak,
  listHeight,
  listRoot,
  modelRoot,
  OBJECT,
  type Position,
  positionDepth,
  programLeaves,
  rootOf,
  tensorHeight,
  tensorRoot,
  tensorTree,
  toHex,
  traceLeaf,
  traceSalt,
} from "../src/index.ts";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const filled = (value: number): Uint8Array => new Uint8Array(32).fill(value);

describe("roots, spelled out byte by byte", () => {
  it("tensor and list", () => {
    const data = bytes(1, 2, 3, 4, 5, 6, 7, 8);
    const leaf = keccak(concatBytes([bytes(0), data, new Uint8Array(248)]));
    const root = keccak(concatBytes([bytes(2, 0, 0, 0, 0, 2), leaf]));
    expect(hashTensor(0, 2, data)).toEqual(root);
    expect(listRoot(root)).toEqual(keccak(concatBytes([bytes(5, 0, 0, 0, 1), root])));
    expect(listRoot(new Uint8Array(0))).toEqual(keccak(concatBytes([bytes(5, 0, 0, 0, 0), filled(0)])));
  });

  it.each([1, 2, 3, 5, 1_023, 1_024, 1_025, 2_047, 3_001])(
    "is that of the tree over all leaves: %i of them",
    (leaves) => {
      const data = Uint8Array.from({ length: 256 * leaves - 7 }, (_, i) => (i * 31) ^ (i >> 8));
      expect(hashTensor(2, data.length, data)).toEqual(tensorRoot(2, data.length, rootOf(tensorTree(data))));
    },
  );

  it("an empty tensor's data has one zero leaf", () => {
    expect(tensorTree(new Uint8Array(0))).toEqual([keccak(new Uint8Array(257))]);
  });

  it("program, model, claim side, trace", () => {
    expect(programLeaves(bytes(9), [bytes(7, 7)])).toEqual(concatBytes([keccak(bytes(4, 9)), keccak(bytes(3, 7, 7))]));
    const parts = { programRoot: filled(1), weightsRoot: filled(2), sourceHash: filled(3), compilerHash: filled(4) };
    expect(modelRoot(parts)).toEqual(keccak(concatBytes([bytes(8), filled(1), filled(2), filled(3), filled(4)])));
    expect(claimSide(filled(5), 1, filled(6))).toEqual(keccak(concatBytes([bytes(7), filled(5), bytes(1), filled(6)])));
    const leaf = keccak(concatBytes([bytes(6), filled(7), bytes(0, 0, 1, 2), filled(8)]));
    expect(traceLeaf(filled(7), 258, filled(8))).toEqual(leaf);
  });

  it("the trace salt is the ABI encoding of two addresses and a number", () => {
    const [operator, requester] = [`0x${"11".repeat(20)}`, `0x${"22".repeat(20)}`] as const;
    const encoded = `0x${"00".repeat(12)}${"11".repeat(20)}${"00".repeat(12)}${"22".repeat(20)}${"0".repeat(62)}2a`;
    expect(traceSalt(operator, requester, 42n)).toEqual(keccak(fromHex(encoded)));
    expect(() => traceSalt("0x1234", requester, 1n)).toThrow(CommitmentError);
    expect(() => traceSalt(operator, requester, 1n << 256n)).toThrow(CommitmentError);
  });
});

describe("hex", () => {
  it("goes both ways and refuses what is no bytes", () => {
    expect(toHex(fromHex("0x00ff10"))).toBe("0x00ff10");
    for (const bad of ["00", "0x0", "0xzz", ""]) expect(() => fromHex(bad)).toThrow(CommitmentError);
    expect(() => fromHex("0x00", 32)).toThrow(/expected 32 bytes/);
  });
});

describe("positions", () => {
  it("survive their word", () => {
    const positions: Position[] = [
      { object: 0, tensor: 0, j: 0, i: 0 },
      { object: 5, tensor: 65_535, j: 3, i: 0xfffffffe },
      { object: 4, tensor: 255, j: 255, i: 1 },
    ];
    for (const position of positions) expect(decodePosition(encodePosition(position))).toEqual(position);
    expect(encodePosition({ object: 5, tensor: 1, j: 2, i: 3 })).toBe(0x05_00000001_02_00000003n);
    for (const bad of [-1n, 6n << 72n, 1n << 80n]) expect(() => decodePosition(bad)).toThrow(CommitmentError);
  });

  it("have the heights of the table", () => {
    expect([1, 2, 256, 257, 65_536, 65_537].map(listHeight)).toEqual([1, 1, 1, 2, 2, 3]);
    expect([1, 2, 256, 257, 65_536, 65_537].map(tensorHeight)).toEqual([0, 1, 1, 2, 2, 3]);
  });

  it("have the depths of the table", () => {
    const at = (object: Position["object"], j: number): Position => ({ object, tensor: 0, j, i: 0 });
    expect(positionDepth(at(OBJECT.claim, 0), 9)).toBe(0);
    expect([2, 1].map((j) => positionDepth(at(OBJECT.trace, j), 300))).toEqual([6, 7]);
    expect([2, 1, 0].map((j) => positionDepth(at(OBJECT.resultTensor, j), 300, 1000))).toEqual([8, 9, 10]);
    expect(positionDepth(at(OBJECT.inputTensor, 0), 1, 1)).toBe(2);
  });
});
