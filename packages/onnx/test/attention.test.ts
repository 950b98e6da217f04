import { describe, expect, it } from "vitest";
import { at, expectNear, tabulate } from "./near.ts";
import type { TensorFacts } from "./onnxFile.ts";
import { random, runNode, runNodeOutputs } from "./run.ts";

const [B, H, G, S, T, D, E] = [2, 4, 2, 3, 5, 6, 4] as const;
const get = (x: TensorFacts, ...index: number[]): number => at(x.dims, x.values, index);

type Plain = {
  readonly q: TensorFacts;
  readonly k: TensorFacts;
  readonly v: TensorFacts;
  readonly scale?: number;
  readonly change?: (score: number, b: number, h: number, s: number, t: number) => number;
};

/** Attention of heads in plain loops: [B, H, S, E]. */
function plain({ q, k, v, scale = 1 / Math.sqrt(q.dims[3]!), change = (x) => x }: Plain): number[] {
  const group = q.dims[1]! / k.dims[1]!;
  const keys = Array.from({ length: k.dims[2]! }, (_, t) => t);
  return tabulate([q.dims[0]!, q.dims[1]!, q.dims[2]!, v.dims[3]!], ([b, h, s, e]) => {
    const g = Math.floor(h! / group);
    const scores = keys.map((t) => {
      let sum = 0;
      for (let i = 0; i < q.dims[3]!; i++) sum += get(q, b!, h!, s!, i) * get(k, b!, g, t, i);
      return change(sum * scale, b!, h!, s!, t);
    });
    const most = Math.max(...scores);
    if (most === Number.NEGATIVE_INFINITY) return 0;
    const weights = scores.map((x) => Math.exp(x - most));
    const all = weights.reduce((x, y) => x + y);
    return keys.reduce((sum, t) => sum + (weights[t]! / all) * get(v, b!, g, t, e!), 0);
  });
}

/** [B, heads, S, d] → [B, S, heads·d] */
const flat = ({ dims: [b, h, s, d], values }: TensorFacts): TensorFacts => ({
  dims: [b!, s!, h! * d!],
  values: tabulate([b!, s!, h!, d!], ([i, j, k, l]) => at([b!, h!, s!, d!], values, [i!, k!, j!, l!])),
});
const after = (past: TensorFacts, now: TensorFacts): TensorFacts => {
  const dims = now.dims.with(2, past.dims[2]! + now.dims[2]!);
  const from = past.dims[2]!;
  return {
    dims,
    values: tabulate(dims, ([b, h, t, i]) => (t! < from ? get(past, b!, h!, t!, i!) : get(now, b!, h!, t! - from, i!))),
  };
};

const q = random(1, [B, H, S, D]);
const [k, v] = [random(2, [B, G, T, D]), random(3, [B, G, T, E])];
const never = Number.NEGATIVE_INFINITY;
const shape = [B, H, S, E];

describe("Attention", () => {
  it("shares keys among heads; takes heads apart and together", () => {
    const expected = plain({ q, k, v });
    expectNear(runNode("Attention", [q, k, v]), shape, expected);
    const heads = { q_num_heads: H, kv_num_heads: G };
    const y = flat({ dims: shape, values: expected });
    expectNear(runNode("Attention", [flat(q), flat(k), flat(v)], heads), y.dims, y.values);
  });
  it("scale, softcap, then the mask, which may end early or cover whole rows", () => {
    const bias = random(4, [S, 4]);
    const change: Plain["change"] = (x, _b, _h, s, t) => 2 * Math.tanh(x / 2) + (t < 4 ? get(bias, s, t) : never);
    const attributes = { scale: { float: 0.25 }, softcap: { float: 2 } };
    expectNear(runNode("Attention", [q, k, v, bias], attributes), shape, plain({ q, k, v, scale: 0.25, change }));
    const seen = {
      type: "bool" as const,
      dims: [B, 1, S, T],
      values: tabulate([B, 1, S, T], ([b, , s, t]) => (b === 1 && s === 2 ? 0 : (b! + s! + t!) % 2)),
    };
    const masked = plain({ q, k, v, change: (x, b, _h, s, t) => (get(seen, b, 0, s, t) ? x : never) });
    expectNear(runNode("Attention", [q, k, v, seen]), shape, masked);
  });
  it("is causal behind a past, and behind what nonpad_kv_seqlen leaves", () => {
    const [pastKey, pastValue] = [random(5, [B, G, 2, D]), random(6, [B, G, 2, E])];
    const [keys, values] = [after(pastKey, k), after(pastValue, v)];
    const change: Plain["change"] = (x, _b, _h, s, t) => (t <= s + 2 ? x : never);
    const [y, present, presentValue] = runNodeOutputs(
      "Attention",
      [q, k, v, undefined, pastKey, pastValue],
      { is_causal: 1 },
      { outputs: 3 },
    );
    expectNear(y!, shape, plain({ q, k: keys, v: values, change }));
    expectNear(present!, keys.dims, keys.values);
    expectNear(presentValue!, values.dims, values.values);
    const valid = { type: "i64" as const, dims: [B], values: [5, 3] };
    const ends: Plain["change"] = (x, b, _h, s, t) =>
      t < valid.values[b]! && t <= s + valid.values[b]! - S ? x : never;
    const got = runNode(
      "Attention",
      [q, k, v, undefined, undefined, undefined, valid],
      { is_causal: 1 },
      { opset: 24 },
    );
    expectNear(got, shape, plain({ q, k, v, change: ends }));
  });
  it("gives the scores of each stage", () => {
    const scores = (mode: number) =>
      runNodeOutputs(
        "Attention",
        [q, k, v],
        { qk_matmul_output_mode: mode, softcap: { float: 1 } },
        { outputs: 4 },
      )[3]!;
    const product = tabulate([B, H, S, T], ([b, h, s, t]) => {
      let sum = 0;
      for (let i = 0; i < D; i++) sum += get(q, b!, h!, s!, i) * get(k, b!, h! >> 1, t!, i);
      return sum / Math.sqrt(D);
    });
    expectNear(scores(0), [B, H, S, T], product);
    expectNear(scores(1), [B, H, S, T], product.map(Math.tanh));
    const rows = scores(3).values;
    for (let row = 0; row < B * H * S; row++)
      expect(rows.slice(row * T, (row + 1) * T).reduce((x, y) => x + y)).toBeCloseTo(1, 5);
  });
  it("FlexAttention: graphs change the scores and the probabilities", () => {
    const ports = { inputs: [{ name: "s" }], outputs: [{ name: "t" }] };
    const twice = { ...ports, nodes: [{ op: "Add", inputs: ["s", "s"], outputs: ["t"] }] };
    const changes = { score_mod: { graph: twice }, prob_mod: { graph: twice } };
    const got = runNode("FlexAttention", [q, k, v], changes, { opset: 26, domain: "ai.onnx.preview" });
    const expected = plain({ q, k, v, change: (x) => 2 * x });
    expectNear(
      got,
      shape,
      expected.map((x) => 2 * x),
    );
  });
  it("refuses heads that do not fit", () => {
    expect(() => runNode("Attention", [random(1, [B, 3, S, D]), k, v])).toThrow(/do not fit/);
    expect(() => runNode("Attention", [flat(q), flat(k), flat(v)])).toThrow(/does not make 0 heads/);
  });
});

describe("com.microsoft attention", () => {
  const options = { domain: "com.microsoft", outputs: 3 };
  it("MultiHeadAttention: biases, padding, a past", () => {
    const [Q, K, V] = [random(1, [B, S, H * D]), random(2, [B, T, H * D]), random(3, [B, T, H * E])];
    const bias = random(4, [2 * H * D + H * E]);
    const padding = { type: "i32" as const, dims: [B, T], values: [1, 1, 1, 0, 0, 1, 1, 1, 1, 1] };
    const heads = (x: TensorFacts, d: number, from: number): TensorFacts => ({
      dims: [B, H, x.dims[1]!, d],
      values: tabulate(
        [B, H, x.dims[1]!, d],
        ([b, h, s, i]) => get(x, b!, s!, h! * d + i!) + get(bias, from + h! * d + i!),
      ),
    });
    const [y] = runNodeOutputs("MultiHeadAttention", [Q, K, V, bias, padding], { num_heads: H }, options);
    const expected = plain({
      q: heads(Q, D, 0),
      k: heads(K, D, H * D),
      v: heads(V, E, 2 * H * D),
      change: (x, b, _h, _s, t) => x + (get(padding, b, t) ? 0 : -10000),
    });
    const together = flat({ dims: [B, H, S, E], values: expected });
    expectNear(y!, together.dims, together.values);
    const back = { num_heads: H, unidirectional: 1 };
    expect(() => runNodeOutputs("MultiHeadAttention", [Q, K, V], back, options)).toThrow(/unidirectional with/);
  });
  it("Attention: packed weights", () => {
    const [X, W, bias] = [random(1, [B, S, 5]), random(2, [5, 3 * H * D]), random(3, [3 * H * D])];
    const heads = (from: number): TensorFacts => ({
      dims: [B, H, S, D],
      values: tabulate([B, H, S, D], ([b, h, s, i]) => {
        const column = from + h! * D + i!;
        let sum = get(bias, column);
        for (let n = 0; n < 5; n++) sum += get(X, b!, s!, n) * get(W, n, column);
        return sum;
      }),
    });
    const y = runNode("Attention", [X, W, bias], { num_heads: H, unidirectional: 1 }, { domain: "com.microsoft" });
    const change: Plain["change"] = (x, _b, _h, s, t) => (t <= s ? x : never);
    const all = plain({ q: heads(0), k: heads(H * D), v: heads(2 * H * D), change });
    const together = flat({ dims: [B, H, S, D], values: all });
    expectNear(y, together.dims, together.values);
  });
  it("GroupQueryAttention: new entries go behind the valid part of the cache, turned by their position", () => {
    const [N, P] = [2, 6];
    const [Q, K, V] = [random(1, [B, H, N, D]), random(2, [B, G, N, D]), random(3, [B, G, N, D])];
    const [pastKey, pastValue] = [random(4, [B, G, P, D]), random(5, [B, G, P, D])];
    const lengths = { type: "i32" as const, dims: [B], values: [5, 3] };
    const start = (b: number): number => lengths.values[b]! + 1 - N;
    const [cos, sin] = [random(6, [9, D / 2]), random(7, [9, D / 2])];
    const turned = (x: TensorFacts): TensorFacts => ({
      dims: x.dims,
      values: tabulate(x.dims, ([b, h, s, i]) => {
        const half = D / 2;
        const [c, t] = [cos, sin].map((table) => get(table, start(b!) + s!, i! % half));
        const other = get(x, b!, h!, s!, i! < half ? i! + half : i! - half);
        return c! * get(x, b!, h!, s!, i!) + (i! < half ? -1 : 1) * t! * other;
      }),
    });
    const cache = (past: TensorFacts, now: TensorFacts): TensorFacts => {
      const dims = [B, G, P + N, D];
      return {
        dims,
        values: tabulate(dims, ([b, g, t, i]) =>
          t! < start(b!) ? get(past, b!, g!, t!, i!) : get(now, b!, g!, t! - start(b!), i!),
        ),
      };
    };
    const got = runNodeOutputs(
      "GroupQueryAttention",
      [flat(Q), flat(K), flat(V), pastKey, pastValue, lengths, undefined, cos, sin],
      { num_heads: H, kv_num_heads: G, do_rotary: 1, local_window_size: 4 },
      options,
    );
    const [keys, values] = [cache(pastKey, turned(K)), cache(pastValue, V)];
    const change: Plain["change"] = (x, b, _h, s, t) => {
      const own = start(b) + s;
      return t <= own && t > own - 4 ? x : never;
    };
    const y = flat({ dims: [B, H, N, D], values: plain({ q: turned(Q), k: keys, v: values, change }) });
    expectNear(got[0]!, y.dims, y.values);
    expectNear(got[1]!, keys.dims, keys.values);
    expectNear(got[2]!, values.dims, values.values);
  });
});

describe("RotaryEmbedding", () => {
  it("turns pairs, neighbours or halves, of all or the first entries", () => {
    const x = random(1, [B, H, S, 8]);
    for (const [interleaved, size] of [
      [0, 8],
      [1, 8],
      [0, 4],
      [1, 4],
    ] as const) {
      const half = size / 2;
      const [cos, sin] = [random(2, [7, half]), random(3, [7, half])];
      const ids = { type: "i64" as const, dims: [B, S], values: [0, 1, 2, 4, 5, 6] };
      const expected = tabulate(x.dims, ([b, h, s, i]) => {
        if (i! >= size) return get(x, b!, h!, s!, i!);
        const [part, n] = interleaved ? [i! % 2, i! >> 1] : [i! < half ? 0 : 1, i! % half];
        const other = interleaved ? i! ^ 1 : (i! + half) % size;
        const [c, t] = [cos, sin].map((table) => get(table, get(ids, b!, s!), n));
        return c! * get(x, b!, h!, s!, i!) + (part ? 1 : -1) * t! * get(x, b!, h!, s!, other);
      });
      const attributes = { interleaved, ...(size < 8 && { rotary_embedding_dim: size }) };
      expectNear(runNode("RotaryEmbedding", [x, cos, sin, ids], attributes, { opset: 23 }), x.dims, expected);
      const theirs = { ...attributes, ...(size < 8 && { num_heads: H }) };
      const got = runNode("RotaryEmbedding", [x, ids, cos, sin], theirs, { domain: "com.microsoft" });
      expectNear(got, x.dims, expected);
    }
  });
});

describe("LinearAttention", () => {
  it("every update rule, from a past state, shared heads", () => {
    const [Q, K, V] = [random(1, [B, S, H * D]), random(2, [B, S, G * D]), random(3, [B, S, G * E])];
    const [past, decay, beta] = [random(4, [B, G, D, E]), random(5, [B, S, G]), random(6, [B, S, G])];
    for (const rule of ["linear", "gated", "delta", "gated_delta"]) {
      const [gated, delta] = [rule.startsWith("gated"), rule.endsWith("delta")];
      let state = [...past.values];
      const slot = (b: number, g: number, d: number, e: number): number => ((b * G + g) * D + d) * E + e;
      const steps = Array.from({ length: S }, (_, s) => {
        const kept = tabulate(
          [B, G, D, E],
          ([b, g, d, e]) => state[slot(b!, g!, d!, e!)]! * (gated ? Math.exp(get(decay, b!, s, g!)) : 1),
        );
        const written = tabulate([B, G, E], ([b, g, e]) => {
          const value = get(V, b!, s, g! * E + e!);
          if (!delta) return value;
          let found = 0;
          for (let d = 0; d < D; d++) found += kept[slot(b!, g!, d, e!)]! * get(K, b!, s, g! * D + d);
          return get(beta, b!, s, g!) * (value - found);
        });
        state = tabulate(
          [B, G, D, E],
          ([b, g, d, e]) =>
            kept[slot(b!, g!, d!, e!)]! + get(K, b!, s, g! * D + d!) * at([B, G, E], written, [b!, g!, e!]),
        );
        return state;
      });
      const y = tabulate([B, S, H, E], ([b, s, h, e]) => {
        let sum = 0;
        for (let d = 0; d < D; d++) sum += get(Q, b!, s!, h! * D + d) * steps[s!]![slot(b!, h! >> 1, d, e!)]!;
        return sum / Math.sqrt(D);
      });
      const inputs = [Q, K, V, past, gated ? decay : undefined, delta ? beta : undefined];
      const heads = { q_num_heads: H, kv_num_heads: G, update_rule: rule };
      const got = runNodeOutputs("LinearAttention", inputs, heads, { opset: 27, outputs: 2 });
      expectNear(got[0]!, [B, S, H * E], y);
      expectNear(got[1]!, [B, G, D, E], state);
    }
  });
});

describe("CausalConvWithState", () => {
  it("looks back on a past, or on nothing", () => {
    const [x, w, bias, past] = [random(1, [B, H, 5]), random(2, [H, 1, 3]), random(3, [H]), random(4, [B, H, 2])];
    for (const before of [undefined, past]) {
      const value = (b: number, c: number, l: number): number =>
        l < 0 ? (before ? get(before, b, c, l + 2) : 0) : get(x, b, c, l);
      const expected = tabulate(x.dims, ([b, c, l]) => {
        let sum = get(bias, c!);
        for (let i = 0; i < 3; i++) sum += value(b!, c!, l! + i - 2) * get(w, c!, 0, i);
        return sum / (1 + Math.exp(-sum));
      });
      const got = runNodeOutputs(
        "CausalConvWithState",
        [x, w, bias, before],
        { activation: "silu" },
        { opset: 27, outputs: 2 },
      );
      expectNear(got[0]!, x.dims, expected);
      expectNear(
        got[1]!,
        [B, H, 2],
        tabulate([B, H, 2], ([b, c, i]) => value(b!, c!, i! + 3)),
      );
    }
  });
});
