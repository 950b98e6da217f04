import { check, decodeKernel, dotRate, product, reader } from "./kernel.mjs";
import { be, cat, H, toHex, traceLeaf, WIDTH } from "./roots.mjs";
import { addressOf, digits, evaluate, load } from "./run.mjs";

// ---- commitments.md: witness ---------------------------------------------------
export const rootOfPath = (node, level, index, count, next) => {
  for (let n = Math.ceil(count / 2 ** level); n > 1; n = Math.ceil(n / 2)) {
    if ((index ^ 1) < n) {
      const sibling = next();
      node = index % 2 === 1 ? H(1, sibling, node) : H(1, node, sibling);
    }
    index >>= 1;
  }
  return node;
};
export const rootOfSpan = (nodes, first, count, next) => {
  for (let n = count; n > 1; n = Math.ceil(n / 2)) {
    if (first % 2 === 1) {
      nodes = [next(), ...nodes];
      first--;
    }
    if ((first + nodes.length) % 2 === 1 && first + nodes.length < n) nodes = [...nodes, next()];
    const level = [];
    for (let i = 0; i < nodes.length; i += 2)
      level.push(i + 1 < nodes.length ? H(1, nodes[i], nodes[i + 1]) : nodes[i]);
    [nodes, first] = [level, first >> 1];
  }
  return nodes[0];
};
export const equal = (a, b) => toHex(a) === toHex(b);

/** "wrong", "right" or "malformed: …" for roots {programRoot, weightsRoot, inputRoot, outputRoot, traceRoot, traceSalt} */
export const judge = (header, roots, k, e, witness) => {
  const r = reader(witness);
  const take = (n) => Uint8Array.from(r.times(n, r.u8));
  const hash = () => take(32);
  const mode = r.u8();
  const descriptor = take(r.u16());
  check(equal(rootOfPath(H(3, descriptor), 0, k + 1, header.kernels + 1, hash), roots.programRoot), "kernel path");
  const kernel = decodeKernel(descriptor);
  const elements = product(kernel.loops);
  const own = { space: 2, index: k, dtype: kernel.outType, length: elements };
  const sources = [];
  for (const a of [...kernel.accesses, own])
    if (!sources.some((x) => x.space === a.space && x.index === a.index)) sources.push(a);
  const openList = (space, index, tensor) => {
    const list = (count, expected) =>
      check(equal(H(5, be(count, 4), rootOfPath(tensor, 0, index, count, hash)), expected), "list path");
    if (space === 0) return list(header.inputs.length, roots.inputRoot);
    if (space === 1) return list(header.weights.length, roots.weightsRoot);
    const rank = header.outputKernels.indexOf(index);
    if (rank >= 0)
      return check(
        equal(
          H(5, be(header.outputKernels.length, 4), rootOfPath(tensor, 0, rank, header.outputKernels.length, hash)),
          roots.outputRoot,
        ),
        "output path",
      );
    const position = index - header.outputKernels.filter((o) => o < index).length;
    check(
      equal(
        rootOfPath(
          traceLeaf(roots.traceSalt, index, tensor),
          0,
          position,
          header.kernels - header.outputKernels.length,
          hash,
        ),
        roots.traceRoot,
      ),
      "trace path",
    );
  };
  if (mode === 1) {
    const source = sources[e];
    check(source !== undefined && source.space !== 1, "shape source");
    const [dtype, length, tree] = [r.u8(), r.u32(), hash()];
    openList(source.space, source.index, H(2, [dtype], be(length, 4), tree));
    check(r.end(), "trailing bytes");
    return dtype !== source.dtype || length !== source.length ? "wrong" : "right";
  }
  check(mode === 0, "mode");
  const per = (s) => 256 / WIDTH[s.dtype];
  const leaves = (s) => Math.ceil(s.length / per(s));
  check(e < leaves(own) * per(own), "element");
  const padding = e >= elements;
  const used = padding ? [own] : sources;
  const trees = used.map((s) => {
    const tree = hash();
    openList(s.space, s.index, H(2, [s.dtype], be(s.length, 4), tree));
    return tree;
  });
  const spans = r.times(r.u16(), () => {
    const [source, first, count] = [r.u8(), r.u32(), r.u16()];
    check(source < used.length && count >= 1 && first + count <= leaves(used[source]), "span range");
    const data = r.times(count, () => take(256));
    check(
      equal(
        rootOfSpan(
          data.map((d) => H(0, d)),
          first,
          leaves(used[source]),
          hash,
        ),
        trees[source],
      ),
      "span root",
    );
    return { source, first, count, data: cat(...data) };
  });
  const hints = [];
  while (!r.end()) hints.push(r.u8());
  const holds = (span, ordinal, low, high) =>
    span !== undefined && span.source === ordinal && low >= span.first && high < span.first + span.count;
  const at = (span, s, address) => load(s.dtype, span.data, address - span.first * per(s));
  const ownOrdinal = used.findIndex((s) => s.space === 2 && s.index === k);
  const ownSpan = spans.find((span) => holds(span, ownOrdinal, Math.floor(e / per(own)), Math.floor(e / per(own))));
  check(ownSpan !== undefined, "no span of the result");
  const committed = at(ownSpan, own, e);
  const narrow = (w) => (kernel.outType <= 1 ? w : kernel.outType === 2 ? ((w << 24) >> 24) >>> 0 : w & 255);
  const current = kernel.accesses.map(() => undefined);
  const need = (a, low, high) => {
    const s = kernel.accesses[a];
    const ordinal = used.findIndex((x) => x.space === s.space && x.index === s.index);
    const [lo, hi] = [Math.floor(low / per(s)), Math.floor(high / per(s))];
    if (!holds(current[a], ordinal, lo, hi)) {
      check(hints.length > 0, "hint missing");
      current[a] = spans[hints.shift()];
      check(holds(current[a], ordinal, lo, hi), "hint wrong");
    }
    return current[a];
  };
  const readOpened = (a, address) => at(need(a, address, address), kernel.accesses[a], address);
  const wanted = padding ? 0 : narrow(evaluate(kernel, k, e, readOpened, rowHints(kernel, k, e, need)));
  check(hints.length === 0, "hints left");
  return wanted === committed ? "right" : "wrong";
};

/** A dot fold at dot rate takes its hints at the beginning of each row, for p before q. */
const rowHints = (kernel, k, e, need) => {
  if (dotRate(kernel) === undefined) return undefined;
  const row = kernel.folds.at(-1);
  const loop = digits(e, kernel.loops);
  const pair = kernel.step.filter((i) => i[0] === 0).map((i) => i[1]);
  const rowOf = (a, f) =>
    Array.from({ length: row }, (_, i) => addressOf(kernel, k, a, loop, digits(f + i, kernel.folds)));
  return (f) => {
    if (f % row !== 0) return;
    for (const a of pair) {
      const addresses = rowOf(a, f).filter((x) => x !== undefined);
      if (addresses.length > 0) need(a, Math.min(...addresses), Math.max(...addresses));
    }
  };
};
