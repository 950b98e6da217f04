/** Writes vectors.json from the packages: `node test/vectors/generate.ts [--check]`. second.mjs reproduces it from the spec alone. */
import { readFileSync, writeFileSync } from "node:fs";
import * as commitments from "@opengradient/commitments";
import {
  checkWitness,
  commitTensors,
  costOf,
  decodeHeader,
  decodeProgram,
  encodeHeader,
  encodeKernel,
  factsOf,
  INSTRUCTIONS,
  type Program,
  programRoot,
  provableElements,
  resultRoots,
  runReference,
  SCALAR,
  tensorsRoot,
  traceLeaves,
  validateProgram,
  witnessElement,
} from "@opengradient/program";
import {
  OPERAND_CLASSES,
  programOfSeed,
  type Random,
  randomFrom,
  randomTensors,
  wordOfClass,
} from "@opengradient/program/random";
import { type Claim, claimDigest } from "@opengradient/protocol";

type Vector = { kind: string; name: string; given: unknown; expected: unknown };
const { toHex, fromHex, concatBytes } = commitments;
const random: Random = randomFrom(20261121);
const vectors: Vector[] = [];
const add = (kind: string, name: string, given: unknown, expected: unknown): number =>
  vectors.push({ kind, name, given, expected });
const bytes = (n: number): Uint8Array => Uint8Array.from({ length: n }, () => random.below(256));
const hashes = (n: number): Uint8Array => bytes(32 * n);
const split = (list: Uint8Array): string[] =>
  Array.from({ length: list.length / 32 }, (_, i) => toHex(list.subarray(32 * i, 32 * i + 32)));

const SPECIAL = [
  0, 0x80000000, 1, 0xffffffff, 0x7fffffff, 0x7f800000, 0xff800000, 0x7fc00001, 0xffa00000, 0x00800000, 0x007fffff,
  0x3f800000, 0xbf000000, 0x3f000000, 0x4b000001, 0xcf000000, 0x4f000000,
];
function instructionVectors(): void {
  INSTRUCTIONS.forEach((info, op) => {
    if (info.name === "ld") return;
    const word = (): number =>
      random.oneIn(2) ? random.pick(SPECIAL) : wordOfClass(random, random.pick(OPERAND_CLASSES)) >>> 0;
    const operands = Array.from({ length: 48 }, () => [word(), word(), word()] as const);
    const expected = operands.map(([a, b, c]) => SCALAR[op]!(a | 0, b | 0, c | 0) >>> 0);
    add("instruction", info.name, { op, operands }, expected);
  });
}

function treeVectors(): void {
  const places: [n: number, level: number, index: number, first: number, count: number][] = [
    [1, 0, 0, 0, 1],
    [2, 0, 1, 0, 2],
    [3, 0, 2, 1, 2],
    [5, 0, 4, 1, 3],
    [7, 1, 3, 2, 5],
    [11, 0, 10, 9, 2],
    [16, 2, 1, 3, 6],
    [23, 0, 7, 5, 13],
  ];
  for (const [n, level, index, first, count] of places) {
    const list = hashes(n);
    const levels = commitments.treeLevels(list);
    const path = split(commitments.pathOf(levels, level, index));
    const siblings = split(commitments.spanSiblings(levels, first, count));
    const given = { leaves: split(list), level, index, first, count };
    add("tree", `${n} leaves`, given, { root: toHex(commitments.rootOf(levels)), path, siblings });
  }
}

function rootVectors(): void {
  const sizes = [
    [0, 1],
    [1, 64],
    [0, 65],
    [2, 1],
    [3, 256],
    [2, 257],
    [1, 200],
    [3, 1000],
  ] as const;
  for (const [dtype, elements] of sizes) {
    const data = bytes(elements * (dtype <= 1 ? 4 : 1));
    const expected = toHex(commitments.hashTensor(dtype, elements, data));
    add("tensor", `dtype ${dtype}, ${elements} elements`, { dtype, data: toHex(data) }, expected);
  }
  for (const n of [0, 1, 3]) {
    const list = hashes(n);
    add("list", `${n} tensors`, { roots: split(list) }, toHex(commitments.listRoot(list)));
  }
  for (const side of [0, 1] as const) {
    const [salt, root] = [hashes(1), hashes(1)];
    const given = { salt: toHex(salt), side, root: toHex(root) };
    add("claimSide", side ? "output" : "input", given, toHex(commitments.claimSide(salt, side, root)));
  }
  for (const requestId of [0n, 2n ** 255n + 7n]) {
    const [operator, requester, tensorRoot] = [toHex(bytes(20)), toHex(bytes(20)), hashes(1)];
    const kernel = random.below(65536);
    const salt = commitments.traceSalt(operator, requester, requestId);
    const given = { operator, requester, requestId: `0x${requestId.toString(16).padStart(64, "0")}`, kernel };
    const expected = toHex(commitments.traceLeaf(salt, kernel, tensorRoot));
    add("traceLeaf", `request ${requestId}`, { ...given, tensorRoot: toHex(tensorRoot) }, expected);
  }
  const [p, w, s, c] = [hashes(1), hashes(1), hashes(1), hashes(1)];
  const given = { programRoot: toHex(p), weightsRoot: toHex(w), sourceHash: toHex(s), compilerHash: toHex(c) };
  const parts = { programRoot: p, weightsRoot: w, sourceHash: s, compilerHash: c };
  add("modelRoot", "four parts", given, toHex(commitments.modelRoot(parts)));
}

function positionVectors(): void {
  const positions = [
    { object: 0, tensor: 0, j: 0, i: 0, list: 1, leaves: 1 },
    { object: 1, tensor: 0, j: 1, i: 0, list: 13, leaves: 1 },
    { object: 1, tensor: 0, j: 1, i: 2, list: 600, leaves: 1 },
    { object: 3, tensor: 0, j: 1, i: 0, list: 1, leaves: 1 },
    { object: 4, tensor: 3, j: 0, i: 0, list: 5, leaves: 1 },
    { object: 5, tensor: 65535, j: 2, i: 0, list: 65536, leaves: 300 },
    { object: 5, tensor: 12, j: 1, i: 4, list: 13, leaves: 1100 },
  ] as const;
  for (const at of positions) {
    const counted = at.object >= 4 ? at.leaves : at.list;
    const expected = {
      packed: `0x${commitments.encodePosition(at).toString(16).padStart(64, "0")}`,
      depth: commitments.positionDepth(at, at.list, at.leaves),
      children: at.object === 0 ? 4 : at.j === 0 ? 1 : commitments.childCount(counted, at.j, at.i),
    };
    add("position", `object ${at.object}, node (${at.j}, ${at.i})`, at, expected);
  }
}

function claimVectors(): void {
  for (const chainId of [1, 31337, 42161]) {
    const domain = { chainId, market: toHex(bytes(20)) };
    const claim: Claim = {
      modelRoot: toHex(bytes(32)),
      input: toHex(bytes(32)),
      output: toHex(bytes(32)),
      operator: toHex(bytes(20)),
      requester: toHex(bytes(20)),
      requestId: BigInt(toHex(bytes(32))),
      fee: BigInt(toHex(bytes(16))),
      coverage: BigInt(toHex(bytes(16))),
      level: 3,
      parameters: toHex(bytes(32)),
      postBy: BigInt(toHex(bytes(8))),
    };
    const written = Object.fromEntries(
      Object.entries(claim).map(([key, value]) => [key, typeof value === "bigint" ? `0x${hexOf(value)}` : value]),
    );
    add("claim", `chain ${chainId}`, { domain, claim: written }, claimDigest(domain, claim));
  }
}
const hexOf = (value: bigint): string => {
  const digits = value.toString(16);
  return digits.length % 2 ? `0${digits}` : digits;
};

/** Random Programs small enough to be read in a file, as [seed, Program]. */
function* smallPrograms(): Generator<[number, Program]> {
  for (let seed = 1; ; seed++) {
    const program = programOfSeed(seed);
    const tensors = [...program.inputs, ...program.weights].map(({ dims }) => dims.reduce((a, b) => a * b, 1));
    const results = program.kernels.map(({ loops }) => loops.reduce((a, b) => a * b, 1));
    if ([...tensors, ...results].reduce((a, b) => a + b, 0) <= 900) yield [seed, program];
  }
}
const written = (program: Program) => ({
  header: toHex(encodeHeader(program)),
  kernels: program.kernels.map((kernel, k) => toHex(encodeKernel(kernel, k))),
});
const costs = (program: Program) =>
  program.kernels.map((kernel, k) => {
    const { gas, bytes } = costOf(factsOf(program), k, kernel);
    return { gas, bytes };
  });

function judged(header: Uint8Array, descriptors: readonly Uint8Array[]): unknown {
  try {
    const program = decodeProgram(header, descriptors);
    validateProgram(program);
    return costs(program);
  } catch {
    return "invalid";
  }
}

function validityVectors(programs: Iterator<[number, Program]>): void {
  for (let i = 0; i < 20; i++) {
    const [seed, program] = programs.next().value as [number, Program];
    const header = encodeHeader(program);
    const descriptors = program.kernels.map((kernel, k) => encodeKernel(kernel, k));
    if (i >= 8) {
      const victim = descriptors[random.below(descriptors.length)]!;
      victim[random.below(victim.length)]! ^= 1 << random.below(8);
    }
    const given = { header: toHex(header), kernels: descriptors.map((d) => toHex(d)) };
    add("validity", i < 8 ? `seed ${seed}` : `seed ${seed}, one bit flipped`, given, judged(header, descriptors));
  }
}

type Run = { program: Program; given: ReturnType<typeof written>; weights: Uint8Array[]; inputs: Uint8Array[] };
const party = { operator: toHex(bytes(20)), requester: toHex(bytes(20)), requestId: `0x${"00".repeat(31)}2a` };
const salt = commitments.traceSalt(party.operator, party.requester, 42n);

function programVectors(programs: Iterator<[number, Program]>): Run[] {
  return Array.from({ length: 14 }, () => {
    const [seed, program] = programs.next().value as [number, Program];
    const { weights, inputs } = randomTensors(random, program);
    const results = runReference(program, weights, inputs);
    const roots = resultRoots(program, results);
    const hash = (k: number): Uint8Array => roots.subarray(32 * k, 32 * k + 32);
    const expected = {
      results: results.map(toHex),
      programRoot: toHex(programRoot(program)),
      weightsRoot: toHex(tensorsRoot(weights)),
      inputRoot: toHex(tensorsRoot(inputs)),
      outputRoot: toHex(commitments.listRoot(concatBytes(program.outputs.map(({ kernel }) => hash(kernel))))),
      traceRoot: toHex(commitments.treeRoot(traceLeaves(program, salt, roots))),
    };
    const tensors = { weights: weights.map(({ data }) => data), inputs: inputs.map(({ data }) => data) };
    const given = { ...written(program), weights: tensors.weights.map(toHex), inputs: tensors.inputs.map(toHex) };
    add("program", `seed ${seed}`, { ...given, ...party }, expected);
    return { program, given: written(program), ...tensors };
  });
}

function witnessVectors(runs: readonly Run[]): void {
  runs.slice(0, 12).forEach(({ program, given, weights, inputs }, n) => {
    const typed = (infos: Program["inputs"], data: Uint8Array[]) =>
      infos.map((info, i) => ({ ...info, data: data[i]! }));
    const tensors = { weights: typed(program.weights, weights), inputs: typed(program.inputs, inputs) };
    const results = runReference(program, tensors.weights, tensors.inputs);
    const k = random.below(program.kernels.length);
    const padded = provableElements(program.kernels[k]!);
    const size = results[k]!.length / (program.kernels[k]!.outType <= 1 ? 4 : 1);
    const element = n % 4 === 3 ? padded - 1 : random.below(size);
    if (n % 2 === 1 && element < size) results[k]![element * (program.kernels[k]!.outType <= 1 ? 4 : 1)]! ^= 1;
    const committed = commitTensors(program, { ...tensors, results, traceSalt: salt });
    const [inputRoots, weightRoots, all] = committed.roots;
    const outputs = concatBytes(program.outputs.map(({ kernel }) => all.subarray(32 * kernel, 32 * kernel + 32)));
    const roots = {
      programRoot: programRoot(program),
      weightsRoot: commitments.listRoot(weightRoots),
      inputRoot: commitments.listRoot(inputRoots),
      outputRoot: commitments.listRoot(outputs),
      traceRoot: commitments.treeRoot(traceLeaves(program, salt, all)),
      traceSalt: salt,
    };
    const witness = witnessElement(program, k, element, committed);
    if (n % 5 === 4) witness[random.below(witness.length)]! ^= 1 << random.below(8);
    const header = decodeHeader(fromHex(given.header));
    const { verdict } = checkWitness({ header, ...roots }, k, element, witness);
    const hexRoots = Object.fromEntries(Object.entries(roots).map(([name, root]) => [name, toHex(root)]));
    const name = `kernel ${k}, element ${element}: ${verdict}`;
    add(
      "witness",
      name,
      { header: given.header, roots: hexRoots, kernel: k, element, witness: toHex(witness) },
      verdict,
    );
  });
}

instructionVectors();
treeVectors();
rootVectors();
positionVectors();
claimVectors();
const programs = smallPrograms();
validityVectors(programs);
witnessVectors(programVectors(programs));

const file = new URL("vectors.json", import.meta.url);
const text = `{"vectors": [\n${vectors.map((vector) => JSON.stringify(vector)).join(",\n")}\n]}\n`;
if (process.argv.includes("--check")) {
  if (readFileSync(file, "utf8") !== text)
    throw new Error("vectors.json is not what the packages give: did a format change?");
} else writeFileSync(file, text);
console.log(`${vectors.length} vectors`);
