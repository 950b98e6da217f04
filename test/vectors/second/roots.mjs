import { keccak_256 } from "@noble/hashes/sha3.js";

// ---- bytes ----------------------------------------------------------------
export const fromHex = (h) =>
  Uint8Array.from(
    h
      .slice(2)
      .match(/../g)
      ?.map((x) => Number.parseInt(x, 16)) ?? [],
  );
export const toHex = (b) => `0x${Array.from(b, (x) => x.toString(16).padStart(2, "0")).join("")}`;
export const cat = (...parts) => Uint8Array.from(parts.flatMap((p) => [...p]));
export const be = (value, bytes) =>
  fromHex(
    `0x${BigInt.asUintN(bytes * 8, BigInt(value))
      .toString(16)
      .padStart(bytes * 2, "0")}`,
  );
export const H = (tag, ...parts) => keccak_256(cat([tag], ...parts));
export const ZERO = new Uint8Array(32);

// ---- commitments.md: trees -------------------------------------------------
export const levelsOf = (leaves) => {
  const levels = [leaves];
  while (levels.at(-1).length > 1) {
    const below = levels.at(-1);
    const level = [];
    for (let i = 0; i < below.length; i += 2)
      level.push(i + 1 < below.length ? H(1, below[i], below[i + 1]) : below[i]);
    levels.push(level);
  }
  return levels;
};
export const root = (leaves) => (leaves.length === 0 ? ZERO : levelsOf(leaves).at(-1)[0]);
export const pathOf = (leaves, level, index) => {
  const path = [];
  for (const nodes of levelsOf(leaves).slice(level, -1)) {
    if ((index ^ 1) < nodes.length) path.push(nodes[index ^ 1]);
    index >>= 1;
  }
  return path;
};
export const spanOf = (leaves, first, count) => {
  const siblings = [];
  let [low, high] = [first, first + count];
  for (const nodes of levelsOf(leaves).slice(0, -1)) {
    if (low % 2 === 1) siblings.push(nodes[--low]);
    if (high % 2 === 1 && high < nodes.length) siblings.push(nodes[high++]);
    [low, high] = [low >> 1, (high + 1) >> 1];
  }
  return siblings;
};

// ---- commitments.md: tensors, lists, program, claim -------------------------
export const WIDTH = [4, 4, 1, 1];
export const leavesOf = (data) => {
  const leaves = [];
  for (let at = 0; at === 0 || at < data.length; at += 256) {
    const leaf = new Uint8Array(256);
    leaf.set(data.slice(at, at + 256));
    leaves.push(H(0, leaf));
  }
  return leaves;
};
export const tensorRoot = (dtype, data) => H(2, [dtype], be(data.length / WIDTH[dtype], 4), root(leavesOf(data)));
export const listRoot = (roots) => H(5, be(roots.length, 4), root(roots));
export const programRoot = (header, descriptors) => root([H(4, header), ...descriptors.map((d) => H(3, d))]);
export const word = (hexOrInt, bytes = 32) =>
  typeof hexOrInt === "string" && hexOrInt.startsWith("0x")
    ? cat(new Uint8Array(bytes - (hexOrInt.length - 2) / 2), fromHex(hexOrInt))
    : be(hexOrInt, bytes);
export const traceSalt = (c) => keccak_256(cat(word(c.operator), word(c.requester), word(c.requestId)));
export const traceLeaf = (salt, k, tensor) => H(6, salt, be(k, 4), tensor);
