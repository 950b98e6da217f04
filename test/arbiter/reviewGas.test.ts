import { type Access, costOf, encodeKernel, factsOf, type Kernel, type Program, validateProgram, witnessElement } from "@opengradient/program";
import { test } from "vitest";
import { claimOf, honestClaim, proofOf } from "./claim.ts";
import { createEvm } from "./evm.ts";
test("x", async () => {
 const evm = await createEvm(); const arbiter = await evm.deploy("src/arbiter/Arbiter.sol");
 const rows: any = {};
 async function run(name: string, parts: Partial<Kernel>, inputs: {dtype: any, dims: number[]}[], byte: (i: number) => number = () => 0x3f, outputs = 1) {
  const kernel: Kernel = { outType: 1, loops:[4], folds:[], state:0, accesses:[], constants:[0], init:[], step: [], done: [], results:[16], groupPos:0, groupSize:1, ...parts };
  const filler: Kernel = { outType: 1, loops:[4], folds:[], state:0, accesses:[], constants:[0], init:[], step: [], done: [], results:[16], groupPos:0, groupSize:1};
  const program: Program = { inputs, weights: [], kernels:[kernel, ...Array(outputs-1).fill(filler)], outputs: Array.from({length: outputs}, (_, i) => ({kernel:i,dims: i ? [4] : kernel.loops})) };
  try { validateProgram(program);
  const c = honestClaim(program, [], inputs.map(i=>({...i, data: Uint8Array.from({length: i.dims.reduce((a,b)=>a*b,1)*(i.dtype<2?4:1)}, (_, j) => byte(j))})));
  const results=c.results.map(d=>Uint8Array.from(d)); results[0]![4]! ^= 1;
  const lie = claimOf(program,{...c,results}); const w = witnessElement(program,0,1,lie.committed);
  const gas = Number(await arbiter.transact("proveElement", proofOf(lie,0,1,w)));
  const cost = costOf(factsOf(program),0,kernel);
  rows[name] = { gas, most: cost.gas - 60000, share: gas / (cost.gas - 60000), bytes: w.length, mostBytes: cost.bytes }; } catch (e) { rows[name] = { gas: String(e).slice(0, 150) }; }
 }
 const co = (extent: number, stride: number, coef: number[], base = 0) => ({ base, extent, stride, coef });
 const acc = (length: number, dtype: any, coordinates: any[], over: Partial<Access> = {}): Access => ({ space: 0, index: 0, dtype, length, elseWord: 0x3f800000, dynMask: 0, coordinates, ...over });
 for (const dtype of [0, 2] as const) for (const [folds, hop] of [[[400,2,2,2],[0,0,0,1]],[[400,2,2,2],[0,4,2,1]],[[800,2,2],[0,2,1]],[[2,2,2,400],[0,0,0,0]]] as const) {
  const per = dtype === 0 ? 64 : 256; const L = per * 3 * 16;
  const S = 4;
  await run(`hop ${dtype} ${folds} ${hop}`, { folds: [...folds], state: S, accesses: [acc(L, dtype, [co(2**20, 1, [0, ...hop.map((h) => h * per * 3)])])], step: [[0,0,0,0]], results: [16,16,16,16, 17,1,2,3, 0] }, [{ dtype, dims: [L] }]);
  await run(`hop6 ${dtype} ${folds} ${hop}`, { folds: folds.map((f) => f === 400 ? 60 : f === 800 ? 120 : f), state: S, accesses: Array(6).fill(acc(L, dtype, [co(2**20, 1, [0, ...hop.map((h) => h * per * 3)])])), step: [0,1,2,3,4,5].map((i) => [0,i,0,0] as any), results: [16,16,16,16, 17,18,19,20, 0] }, [{ dtype, dims: [L] }]);
 }
 // one access read at two places: dynamic among 2 leaves, and 16 accesses of one deep source
 await run("dyn 16", { folds: [2], state: 1, accesses: Array(16).fill(acc(2**20, 0, [co(2**21, 1, [0, 64*77])], { dynMask: 1 })), step: Array.from({length:16},(_, i) => [0,i,12,0] as any), results: [16,17,0] }, [{ dtype: 0, dims: [2**20] }]);
 // dot with hint each row and else runs, negative steps
 for (const [a, b] of [[-1, -1],[64,-64],[-64,64]] as const) await run(`dot f32 slopes ${a} ${b}`, { outType: 0, folds: [2, 2, 20, 7], state: 1, accesses: [a, b].map((m) => acc(8192, 0, [co(8000, 1, [0, 0, 0, 300, m], m < 0 ? 7 * 64 : 0), ...Array.from({ length: 4 }, (_, j) => co(3 - (j % 2), 0, [0, 1, 1, 0, j % 2 ? 1 : -1], -j))])), step: [[0,0,0,0],[0,1,0,0],[3,17,18,0],[1,0,19,0]], results: [16,20,0] }, [{ dtype: 0, dims: [8192] }], (i) => (i * 37) % 251);
 const bad = Object.fromEntries(Object.entries(rows).sort((a: any, b: any) => (b[1].share ?? 9) - (a[1].share ?? 9)));
 console.table(bad);
}, 600000);
