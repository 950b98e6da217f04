import { WIDTH } from "./roots.mjs";

// ---- program.md: decoding ---------------------------------------------------
/** What the spec refuses; any other error is a fault of this file. */
export class Refused extends Error {}

export const reader = (bytes) => {
  let at = 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const need = (n) => {
    if (at + n > bytes.length) throw new Refused("V1 truncated");
    at += n;
    return at - n;
  };
  return {
    u8: () => bytes[need(1)],
    u16: () => view.getUint16(need(2)),
    u32: () => view.getUint32(need(4)),
    i32: () => view.getInt32(need(4)),
    times: (n, f) => Array.from({ length: n }, f),
    end: () => at === bytes.length,
    at: () => at,
  };
};
export const check = (ok, rule) => {
  if (!ok) throw new Refused(rule);
};

export const decodeHeader = (bytes) => {
  const r = reader(bytes);
  check(r.u8() === 1 && r.u8() === 0 && r.u16() === 0, "header version");
  const [inputs, weights, kernels, outputs] = [r.u32(), r.u32(), r.u32(), r.u32()];
  check(
    inputs <= 256 && weights <= 65536 && kernels >= 1 && kernels <= 65536 && outputs >= 1 && outputs <= 256,
    "header counts",
  );
  const outputKernels = r.times(outputs, r.u32);
  check(
    outputKernels.every((k, i) => k < kernels && (i === 0 || k > outputKernels[i - 1])),
    "header outputs",
  );
  const dims = () => {
    const rank = r.u8();
    check(rank <= 8, "rank");
    const list = r.times(rank, r.u32);
    const elements = list.reduce((a, b) => a * b, 1);
    check(elements >= 1 && elements <= 2 ** 30, "elements");
    return { dims: list, elements };
  };
  const tensor = () => {
    const dtype = r.u8();
    check(dtype <= 3, "dtype");
    return { dtype, ...dims() };
  };
  const tensors = r.times(inputs + weights, tensor);
  const outputDims = r.times(outputs, dims);
  check(r.end(), "header length");
  return { inputs: tensors.slice(0, inputs), weights: tensors.slice(inputs), kernels, outputKernels, outputDims };
};

export const decodeKernel = (bytes) => {
  check(bytes.length <= 4096, "V1 length");
  const r = reader(bytes);
  check(r.u8() === 1, "V1 version");
  const [outType, nLoops, nFolds, S, A, nc, zero] = r.times(7, r.u8);
  const [nInit, nStep, nDone, zero2] = r.times(4, r.u8);
  check(zero === 0 && zero2 === 0, "V1 reserved");
  check(nLoops <= 8 && nFolds <= 4, "V2");
  check(S <= 4 && A <= 16 && nc <= 64, "V3");
  const [groupPos, groupSize] = [r.u16(), r.u16()];
  const loops = r.times(nLoops, r.u32);
  const folds = r.times(nFolds, r.u32);
  const accesses = r.times(A, () => {
    const [space, D, dynMask, dtype] = r.times(4, r.u8);
    check(D <= 5, "V3");
    const [index, length, elseWord] = r.times(3, r.u32);
    const coordinates = r.times(D, () => ({
      base: r.i32(),
      extent: r.u32(),
      stride: r.u32(),
      coef: r.times(nLoops + nFolds, r.i32),
    }));
    return { space, dynMask, dtype, index, length, elseWord, coordinates };
  });
  const constants = r.times(nc, r.u32);
  const instructions = (n) => r.times(n, () => r.times(4, r.u8));
  const kernel = {
    outType,
    loops,
    folds,
    S,
    accesses,
    constants,
    groupPos,
    groupSize,
    init: instructions(nInit),
    step: instructions(nStep),
    done: instructions(nDone),
    results: r.times(2 * S + 1, r.u8),
  };
  while (r.at() % 4 !== 0) check(r.u8() === 0, "V1 padding");
  check(r.end(), "V1 length");
  return kernel;
};

// ---- program.md: validity ---------------------------------------------------
export const product = (list) => list.reduce((a, b) => a * b, 1);
export const ARITY = [
  3, 2, 2, 2, 2, 1, 2, 2, 1, 1, 1, 1, 2, 2, 2, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3,
];
export const bits = (mask) => [0, 1, 2, 3, 4, 5, 6, 7].filter((b) => (mask >> b) & 1);

export const checkSegment = (kernel, segment, readsFolds, readsState, results) => {
  const { loops, folds, S, constants, accesses } = kernel;
  const first = 16 + constants.length;
  const readable = (reg, done) =>
    (reg < 4 && readsState && reg < S) ||
    (reg >= 4 && reg < 4 + loops.length && reg < 12) ||
    (reg >= 12 && reg < 16 && readsFolds && reg - 12 < folds.length) ||
    (reg >= 16 && reg < first) ||
    (reg >= first && reg < first + done);
  segment.forEach(([op, a, b, c], i) => {
    check(op <= 36, "V1 op");
    if (op === 0) {
      check(a < accesses.length, "V5 access");
      const dynamic = bits(accesses[a].dynMask).length;
      check(dynamic >= 1 ? readable(b, i) : b === 0, "V5 ld");
      check(dynamic >= 2 ? readable(c, i) : c === 0, "V5 ld");
      return;
    }
    [a, b, c].forEach((reg, j) =>
      check(j < ARITY[op] ? readable(reg, i) : reg === 0, j < ARITY[op] ? "V5" : "V1 unused"),
    );
  });
  for (const reg of results) check(readable(reg, segment.length), "V5 result");
};

export const validate = (header, shapes, k, kernel, descriptorLength) => {
  const { loops, folds, S, accesses, constants, init, step, done, results, groupPos, groupSize } = kernel;
  check(kernel.outType <= 3, "V1");
  check([...loops, ...folds].every((e) => e >= 2) && product(loops) <= 2 ** 30 && product(folds) <= 2 ** 20, "V2");
  check((S === 0) === (folds.length === 0) && (S > 0 || (init.length === 0 && step.length === 0)), "V3");
  for (const segment of [init, step, done]) check(constants.length + segment.length <= 240, "V3");
  checkSegment(kernel, init, false, false, results.slice(0, S));
  checkSegment(kernel, step, true, true, results.slice(S, 2 * S));
  checkSegment(kernel, done, false, true, results.slice(2 * S));
  const extents = [...loops, ...folds];
  check(
    groupSize >= 1 &&
      groupSize <= 4096 &&
      groupPos < groupSize &&
      k >= groupPos &&
      k - groupPos + groupSize <= header.kernels,
    "V8",
  );
  let readsItself = false;
  for (const a of accesses) {
    check(a.dtype <= 3, "V1");
    check(a.dynMask < 2 ** a.coordinates.length && bits(a.dynMask).length <= 2, "V4");
    for (const c of a.coordinates) {
      const reach = Math.abs(c.base) + c.coef.reduce((sum, f, i) => sum + Math.abs(f) * (extents[i] - 1), 0);
      check(reach < 2 ** 30 && c.extent >= 1 && c.extent < 2 ** 30, "V6");
    }
    check(a.coordinates.reduce((sum, c) => sum + (c.extent - 1) * c.stride, 0) < 2 ** 31, "V6");
    check(a.space <= 2, "V7");
    const first = k - groupPos;
    const source =
      a.space === 0
        ? header.inputs[a.index]
        : a.space === 1
          ? header.weights[a.index]
          : a.index < k || (a.index >= first && a.index < first + groupSize)
            ? shapes[a.index]
            : undefined;
    check(source !== undefined && source.dtype === a.dtype && source.elements === a.length, "V7");
    readsItself ||= a.space === 2 && a.index === k;
  }
  check((groupSize === 1 && !readsItself) || loops.length >= 1, "V8");
  const c = cost(header, kernel, k, descriptorLength);
  check(c.gas <= 6_000_000 && c.bytes <= 65_536, "V9");
  return c;
};

// ---- cost.md ----------------------------------------------------------------
export const clog2 = (n) => {
  let d = 0;
  while (2 ** d < n) d++;
  return d;
};
export const OP_GAS = (op) => {
  if (op >= 17 || op === 8 || op === 9) return 350;
  if (op >= 12 && op <= 14) return 500;
  if (op === 6 || op === 7) return 500;
  if (op === 15 || op === 16 || op === 10 || op === 11) return 550;
  return op === 3 ? 850 : 950;
};

export const footprint = (kernel, a, index) => {
  const { folds, loops } = kernel;
  const uses = (segment) => segment.filter((i) => i[0] === 0 && i[1] === index).length;
  const x = uses(kernel.init) + uses(kernel.done);
  const y = uses(kernel.step);
  const F = product(folds);
  const per = 256 / WIDTH[a.dtype];
  const leaves = Math.ceil(a.length / per);
  const depth = clog2(leaves);
  if (a.dynMask !== 0) return { spans: x + y * F, leafCount: x + y * F, hints: x + y * F, depth };
  if (y === 0) return { spans: Math.min(x, 1), leafCount: Math.min(x, 1), hints: Math.min(x, 1), depth };
  const stepOf = (i) => Math.abs(a.coordinates.reduce((sum, c) => sum + c.coef[loops.length + i] * c.stride, 0));
  let [L, N] = [1, 1];
  for (let i = folds.length - 1; i >= 0; i--) {
    if (stepOf(i) <= Math.max(L, per)) L += stepOf(i) * (folds[i] - 1);
    else N *= folds[i];
  }
  const perSpan = Math.ceil((L - 1) / per) + 1;
  const whole = N * perSpan >= leaves;
  const last = folds.length - 1;
  return {
    spans: whole ? 1 : N,
    leafCount: whole ? leaves : N * perSpan,
    hints: 2 + (stepOf(last) <= per ? F / folds[last] : F),
    depth,
  };
};

export const dotRate = (kernel) => {
  const { S, step, results, folds, loops, accesses, constants } = kernel;
  if (S !== 1 || results[1] !== 16 + constants.length + step.length - 1) return undefined;
  const P = 16 + constants.length;
  const isConstant = (reg) => reg >= 16 && reg < P;
  const lds = step.filter((i) => i[0] === 0);
  if (lds.length !== 2) return undefined;
  const [p, q] = lds.map((i) => i[1]);
  const same = (pattern) =>
    pattern.length === step.length &&
    pattern.every((ins, i) => ins.every((v, j) => (v === "const" ? isConstant(step[i][j]) : v === step[i][j])));
  const f32 = same([
    [0, p, 0, 0],
    [0, q, 0, 0],
    [3, P, P + 1, 0],
    [1, 0, P + 2, 0],
  ]);
  const i8 =
    same([
      [0, p, 0, 0],
      [0, q, 0, 0],
      [19, P, P + 1, 0],
      [17, 0, P + 2, 0],
    ]) ||
    same([
      [0, p, 0, 0],
      [18, P, "const", 0],
      [0, q, 0, 0],
      [19, P + 1, P + 2, 0],
      [17, 0, P + 3, 0],
    ]) ||
    same([
      [0, p, 0, 0],
      [18, P, "const", 0],
      [0, q, 0, 0],
      [18, P + 2, "const", 0],
      [19, P + 1, P + 3, 0],
      [17, 0, P + 4, 0],
    ]);
  if (!f32 && !i8) return undefined;
  const lastStep = (a) => a.coordinates.reduce((sum, c) => sum + c.coef[loops.length + folds.length - 1] * c.stride, 0);
  const fits = (a) =>
    a.dynMask === 0 &&
    Math.abs(lastStep(a)) <= 256 / WIDTH[a.dtype] &&
    (f32 ? a.dtype === 0 : a.dtype >= 2 && lastStep(a) === 1);
  if (!fits(accesses[p]) || !fits(accesses[q])) return undefined;
  const coordinates = accesses[p].coordinates.length + accesses[q].coordinates.length;
  return { step: f32 ? 800 : 30, row: 10500 + coordinates * (550 + 110 * folds.length) };
};

export const cost = (header, kernel, k, descriptorLength) => {
  const { loops, folds, accesses, constants, init, step, done } = kernel;
  const [r, s] = [loops.length, folds.length];
  const F = product(folds);
  const ops = (segment) =>
    segment.reduce(
      (sum, [op, a]) =>
        sum +
        (op === 0 ? (accesses[a].dynMask ? 1100 : 750) + accesses[a].coordinates.length * (120 + 60 * s) : OP_GAS(op)),
      0,
    );
  const prints = accesses.map((a, i) => footprint(kernel, a, i));
  const depthOfList = (space) => clog2([header.inputs.length, header.weights.length, header.kernels][space]);
  const sources = new Map(accesses.map((a) => [`${a.space} ${a.index}`, depthOfList(a.space)]));
  sources.set(`2 ${k}`, depthOfList(2));
  const own = clog2(Math.ceil(product(loops) / (256 / WIDTH[kernel.outType])));
  const sum = (list, f) => list.reduce((total, x) => total + f(x), 0);
  const depths = [...sources.values()];
  const rate = dotRate(kernel);
  const fold = s === 0 ? 0 : rate !== undefined ? (F / folds[s - 1]) * rate.row + F * rate.step : F * (320 + ops(step));
  const bytes =
    1500 +
    descriptorLength +
    32 * clog2(header.kernels + 1) +
    sum(depths, (d) => 32 + 32 * d) +
    sum(prints, (f) => f.spans * (8 + 64 * f.depth) + 256 * f.leafCount + f.hints) +
    (8 + 64 * own + 256);
  const work =
    150_000 +
    400 * (init.length + step.length + done.length) +
    100 * constants.length +
    10 * descriptorLength +
    sum(accesses, (a) => 2200 + a.coordinates.length * (400 + 150 * (r + s))) +
    ops(init) +
    ops(done) +
    fold +
    sum(depths, (d) => 3500 + 300 * d) +
    sum(prints, (f) => f.spans * (1500 + 500 * f.depth) + 600 * f.leafCount + 450 * f.hints) +
    (2100 + 500 * own);
  return { gas: Math.max(work + 16 * bytes, 21_000 + 40 * bytes), bytes };
};
