import { describe, expect, it } from "vitest";
import { expectNear, tabulate } from "./near.ts";
import type { AttributeValue, TensorFacts } from "./onnxFile.ts";
import { random, runNodeOutputs } from "./run.ts";

const [T, B, I, H] = [4, 3, 2, 5] as const;

type Activation = (x: number) => number;
const sigmoid: Activation = (x) => 1 / (1 + Math.exp(-x));

/** One layer said anew, in plain loops and double precision. */
type Plain = {
  readonly gates: number;
  readonly directions: readonly boolean[];
  readonly lengths?: readonly number[];
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly r: readonly number[];
  readonly bias?: readonly number[];
  /** states [s][D, B, H] */
  readonly initial: readonly (readonly number[] | undefined)[];
  /** the next states of unit u from the sums of the gates: w·x + Wb, r·h + Rb, and r·v for any v */
  readonly cell: (at: Cell) => readonly number[];
};
type Cell = {
  readonly d: number;
  readonly u: number;
  readonly input: (gate: number, u?: number) => number;
  readonly past: (gate: number, u?: number) => number;
  readonly product: (gate: number, v: (u: number) => number) => number;
  readonly recurrentBias: (gate: number) => number;
  readonly states: (s: number, u?: number) => number;
};

function plain({ gates, directions, lengths, x, w, r, bias, initial, cell }: Plain) {
  const D = directions.length;
  const rows = gates * H;
  const y = new Array<number>(T * D * B * H).fill(0);
  const last = initial.map(() => new Array<number>(D * B * H).fill(0));
  for (let d = 0; d < D; d++)
    for (let b = 0; b < B; b++) {
      let states = initial.map((given) => Array.from({ length: H }, (_, u) => given?.[(d * B + b) * H + u] ?? 0));
      const length = lengths?.[b] ?? T;
      for (let step = 0; step < length; step++) {
        const t = directions[d] ? length - 1 - step : step;
        const dot = (m: readonly number[], width: number, row: number, v: (i: number) => number): number => {
          let sum = 0;
          for (let i = 0; i < width; i++) sum += m[(d * rows + row) * width + i]! * v(i);
          return sum;
        };
        const own = states;
        const at = (u: number): Cell => ({
          d,
          u,
          input: (g, unit = u) =>
            dot(w, I, g * H + unit, (i) => x[(t * B + b) * I + i]!) + (bias?.[2 * d * rows + g * H + unit] ?? 0),
          past: (g, unit = u) =>
            dot(r, H, g * H + unit, (i) => own[0]![i]!) + (bias?.[(2 * d + 1) * rows + g * H + unit] ?? 0),
          product: (g, v) => dot(r, H, g * H + u, v),
          recurrentBias: (g) => bias?.[(2 * d + 1) * rows + g * H + u] ?? 0,
          states: (s, unit = u) => own[s]![unit]!,
        });
        const next = Array.from({ length: H }, (_, u) => cell(at(u)));
        states = initial.map((_, s) => next.map((unit) => unit[s]!));
        for (let u = 0; u < H; u++) y[((t * D + d) * B + b) * H + u] = states[0]![u]!;
      }
      for (const [s, state] of states.entries()) for (let u = 0; u < H; u++) last[s]![(d * B + b) * H + u] = state[u]!;
    }
  return { y, last };
}

const DIRECTIONS = { forward: [false], reverse: [true], bidirectional: [false, true] } as const;
const lengthsTensor = { type: "i32" as const, dims: [B], values: [2, 4, 1] };

/** [a, b, …] ↔ [b, a, …] */
const swapped = ({ dims, values }: TensorFacts): TensorFacts => {
  const [a, b, ...rest] = dims as [number, number, ...number[]];
  const inner = rest.reduce((x, y) => x * y, 1);
  return { dims: [b, a, ...rest], values: tabulate([b, a, inner], ([j, i, k]) => values[(i! * b + j!) * inner + k!]!) };
};

type Case = {
  readonly direction: keyof typeof DIRECTIONS;
  readonly lens: boolean;
  readonly initial: boolean;
  readonly biased: boolean;
  readonly batchFirst: boolean;
};
const yesNo = [false, true];
const CASES: Case[] = (["forward", "reverse", "bidirectional"] as const).flatMap((direction) =>
  yesNo.flatMap((lens) =>
    yesNo.flatMap((initial) =>
      yesNo.map((batchFirst) => ({ direction, lens, initial, batchFirst, biased: initial !== batchFirst })),
    ),
  ),
);

type Operator = {
  readonly op: string;
  readonly gates: number;
  readonly states: number;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly peepholes?: boolean;
  /** what the activations of direction d are */
  readonly cell: (at: Cell, peephole: (gate: number) => number) => readonly number[];
};

function check({ op, gates, states, attributes = {}, peepholes = false, cell }: Operator, c: Case): void {
  const directions = DIRECTIONS[c.direction];
  const D = directions.length;
  const [x, w, r] = [random(1, [T, B, I]), random(2, [D, gates * H, I]), random(3, [D, gates * H, H])];
  const bias = c.biased ? random(4, [D, 2 * gates * H]) : undefined;
  const initial = Array.from({ length: states }, (_, s) => (c.initial ? random(5 + s, [D, B, H]) : undefined));
  const p = peepholes ? random(9, [D, 3 * H]) : undefined;
  const lens = c.lens ? lengthsTensor : undefined;
  const expected = plain({
    gates,
    directions,
    ...(lens && { lengths: lens.values }),
    x: x.values,
    w: w.values,
    r: r.values,
    ...(bias && { bias: bias.values }),
    initial: initial.map((state) => state?.values),
    cell: (at) => cell(at, (gate) => p?.values[(at.d * 3 + gate) * H + at.u] ?? 0),
  });
  const outer = <V extends TensorFacts | undefined>(v: V): TensorFacts | undefined =>
    v && c.batchFirst ? swapped(v) : v;
  const got = runNodeOutputs(
    op,
    [outer(x), w, r, bias, lens, ...initial.map(outer), ...(p ? [p] : [])],
    { hidden_size: H, direction: c.direction, layout: c.batchFirst ? 1 : 0, ...attributes },
    { outputs: 1 + states, bound: [1, 2, 3, 7] },
  );
  const y = tabulate(c.batchFirst ? [B, T, D, H] : [T, D, B, H], (i) => {
    const [t, d, b, u] = (c.batchFirst ? [i[1], i[2], i[0], i[3]] : i) as [number, number, number, number];
    return expected.y[((t * D + d) * B + b) * H + u]!;
  });
  expectNear(got[0]!, c.batchFirst ? [B, T, D, H] : [T, D, B, H], y);
  for (const [s, values] of expected.last.entries()) {
    const state = outer({ dims: [D, B, H], values })!;
    expectNear(got[1 + s]!, state.dims, state.values);
  }
}

const clip =
  (limit: number): Activation =>
  (x) =>
    Math.max(-limit, Math.min(limit, x));

describe("recurrent layers", () => {
  it("RNN: directions, lengths, initial states, layouts", () => {
    for (const c of CASES)
      check({ op: "RNN", gates: 1, states: 1, cell: ({ input, past }) => [Math.tanh(input(0) + past(0))] }, c);
  });
  it("RNN: activations with parameters, clip", () => {
    const cell = ({ d, input, past }: Cell): number[] => {
      const x = clip(0.5)(input(0) + past(0));
      return [d === 0 ? (x < 0 ? 0.3 * x : x) : 1.5 * x + 0.25];
    };
    const attributes = {
      activations: { texts: ["LeakyRelu", "Affine"] },
      activation_alpha: { floats: [0.3, 1.5] },
      activation_beta: { floats: [0.25] },
      clip: { float: 0.5 },
    };
    for (const c of CASES.filter(({ direction }) => direction === "bidirectional"))
      check({ op: "RNN", gates: 1, states: 1, attributes, cell }, c);
  });
  it("GRU: reset before and after the product", () => {
    for (const c of CASES)
      for (const after of [0, 1]) {
        const reset = (at: Cell, u: number): number => sigmoid(at.input(1, u) + at.past(1, u));
        const cell = (at: Cell): number[] => {
          const z = sigmoid(at.input(0) + at.past(0));
          const n = after
            ? Math.tanh(at.input(2) + reset(at, at.u) * at.past(2))
            : Math.tanh(at.input(2) + at.product(2, (u) => reset(at, u) * at.states(0, u)) + at.recurrentBias(2));
          return [(1 - z) * n + z * at.states(0)];
        };
        check({ op: "GRU", gates: 3, states: 1, attributes: { linear_before_reset: after }, cell }, c);
      }
  });
  it("LSTM: peepholes, coupled gates, clip", () => {
    for (const c of CASES)
      for (const [peepholes, coupled, limit] of [
        [false, 0, 9],
        [true, 0, 0.6],
        [true, 1, 9],
      ] as const) {
        const cell = (at: Cell, peephole: (gate: number) => number): number[] => {
          const sum = (gate: number): number => at.input(gate) + at.past(gate);
          const bounded = clip(limit);
          const old = at.states(1);
          const input = sigmoid(bounded(sum(0) + peephole(0) * old));
          const forget = coupled ? 1 - input : sigmoid(bounded(sum(2) + peephole(2) * old));
          const now = forget * old + input * Math.tanh(bounded(sum(3)));
          return [sigmoid(bounded(sum(1) + peephole(1) * now)) * Math.tanh(now), now];
        };
        const attributes = { input_forget: coupled, ...(limit < 9 && { clip: { float: limit } }) };
        check({ op: "LSTM", gates: 4, states: 2, attributes, peepholes, cell }, c);
      }
  });
  it("one step needs no group; a state that is missing is 0", () => {
    const [x, w, r] = [random(1, [1, B, I]), random(2, [1, 4 * H, I]), random(3, [1, 4 * H, H])];
    const zeros = { dims: [1, B, H], values: new Array<number>(B * H).fill(0) };
    const c = random(6, [1, B, H]);
    const run = (h: TensorFacts | undefined) =>
      runNodeOutputs("LSTM", [x, w, r, undefined, undefined, h, c], { hidden_size: H }, { outputs: 3 });
    expect(run(undefined)).toEqual(run(zeros));
  });
  it("refuses what it does not know", () => {
    const [x, w, r] = [random(1, [T, B, I]), random(2, [1, H, I]), random(3, [1, H, H])];
    const run = (attributes: Readonly<Record<string, AttributeValue>>) => () =>
      runNodeOutputs("RNN", [x, w, r], attributes);
    expect(run({ direction: "sideways" })).toThrow(/direction sideways/);
    expect(run({ hidden_size: 7 })).toThrow(/hidden_size 7/);
    expect(run({ activations: { texts: ["Cube"] } })).toThrow(/activation Cube/);
    expect(run({ activations: { texts: ["ScaledTanh"] } })).toThrow(/activation ScaledTanh without parameters/);
    expect(run({ activations: { texts: ["Tanh", "Tanh"] } })).toThrow(/2 activations, expected 1/);
    expect(() => runNodeOutputs("GRU", [x, w, r])).toThrow(/do not fit/);
  });
});
