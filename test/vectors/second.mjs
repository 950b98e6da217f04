// A second implementation of docs/spec, written against its text alone. It shares no code with packages/: only a
// keccak from a public library. `node test/vectors/second.mjs [vectors.json]` recomputes every expected value of the
// vectors and names those that differ.
import { readFileSync } from "node:fs";
import { claimDigest, describePosition } from "./second/claim.mjs";
import { check, decodeHeader, decodeKernel, product, Refused, validate } from "./second/kernel.mjs";
import {
  fromHex,
  H,
  listRoot,
  pathOf,
  programRoot,
  root,
  spanOf,
  tensorRoot,
  toHex,
  traceLeaf,
  traceSalt,
} from "./second/roots.mjs";
import { OPS, runProgram } from "./second/run.mjs";
import { judge } from "./second/witness.mjs";

const attempt = (f) => {
  try {
    return f();
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
};
const parts = (v) => ({
  header: decodeHeader(fromHex(v.header)),
  kernels: v.kernels.map((d) => decodeKernel(fromHex(d))),
});

/** Every kernel's cost, or throws the rule that is broken. */
const validateProgram = (v) => {
  const { header, kernels } = parts(v);
  check(header.kernels === kernels.length, "count");
  const shapes = kernels.map((kernel) => ({ dtype: kernel.outType, elements: product(kernel.loops) }));
  for (const [i, k] of header.outputKernels.entries())
    check(header.outputDims[i].elements === shapes[k].elements, "dims");
  for (const [k, kernel] of kernels.entries()) {
    const [before, after] = [kernels[k - 1], kernels[k + 1]];
    if (kernel.groupPos > 0) {
      check(before?.groupPos === kernel.groupPos - 1 && before.groupSize === kernel.groupSize, "V8");
      check(before.loops[0] === kernel.loops[0], "V8");
    }
    if (kernel.groupPos + 1 < kernel.groupSize) check(after?.groupPos === kernel.groupPos + 1, "V8");
  }
  return kernels.map((kernel, k) => validate(header, shapes, k, kernel, fromHex(v.kernels[k]).length));
};

const runVector = (v) => {
  const { header, kernels } = parts(v);
  const [weights, inputs] = [v.weights.map(fromHex), v.inputs.map(fromHex)];
  const results = runProgram(kernels, weights, inputs);
  const roots = results.map((data, k) => tensorRoot(kernels[k].outType, data));
  const inner = [...roots.keys()].filter((k) => !header.outputKernels.includes(k));
  const list = (infos, tensors) => toHex(listRoot(tensors.map((data, i) => tensorRoot(infos[i].dtype, data))));
  return {
    results: results.map(toHex),
    programRoot: toHex(programRoot(fromHex(v.header), v.kernels.map(fromHex))),
    weightsRoot: list(header.weights, weights),
    inputRoot: list(header.inputs, inputs),
    outputRoot: toHex(listRoot(header.outputKernels.map((k) => roots[k]))),
    traceRoot: toHex(root(inner.map((k) => traceLeaf(traceSalt(v), k, roots[k])))),
  };
};

const judgeVector = (v) => {
  const roots = Object.fromEntries(Object.entries(v.roots).map(([name, hex]) => [name, fromHex(hex)]));
  return (
    attempt(() => judge(decodeHeader(fromHex(v.header)), roots, v.kernel, v.element, fromHex(v.witness))) ?? "malformed"
  );
};

const treeVector = (v) => {
  const leaves = v.leaves.map(fromHex);
  const path = pathOf(leaves, v.level, v.index).map(toHex);
  return { root: toHex(root(leaves)), path, siblings: spanOf(leaves, v.first, v.count).map(toHex) };
};

const KINDS = {
  instruction: (v) => v.operands.map(([a, b, c]) => OPS[v.op](a, b, c)),
  tree: treeVector,
  tensor: (v) => toHex(tensorRoot(v.dtype, fromHex(v.data))),
  list: (v) => toHex(listRoot(v.roots.map(fromHex))),
  claimSide: (v) => toHex(H(7, fromHex(v.salt), [v.side], fromHex(v.root))),
  traceLeaf: (v) => toHex(traceLeaf(traceSalt(v), v.kernel, fromHex(v.tensorRoot))),
  modelRoot: (v) => toHex(H(8, ...[v.programRoot, v.weightsRoot, v.sourceHash, v.compilerHash].map(fromHex))),
  position: describePosition,
  claim: (v) => toHex(claimDigest(v.domain, v.claim)),
  validity: (v) => attempt(() => validateProgram(v)) ?? "invalid",
  program: runVector,
  witness: judgeVector,
};

/** The expected value of a vector, computed anew. */
export const recompute = (vector) => KINDS[vector.kind](vector.given);

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const file = process.argv[2] ?? new URL("vectors.json", import.meta.url);
  const { vectors } = JSON.parse(readFileSync(file, "utf8"));
  const differing = vectors.filter((v) => JSON.stringify(recompute(v)) !== JSON.stringify(v.expected));
  for (const v of differing) console.error(`differs: ${v.kind} ${v.name}`);
  console.log(`${vectors.length - differing.length} of ${vectors.length} vectors reproduced`);
  process.exitCode = differing.length === 0 ? 0 : 1;
}
