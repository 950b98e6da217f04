import type { Access, Coordinate, Instruction, Kernel } from "@opengradient/program";
import { describe, expect, it } from "vitest";
import { plan } from "../src/index.ts";
import { access, type Case, coordinate, random, tensor, words } from "./builders.ts";
import { compare } from "./compare.ts";

type Map = {
  readonly loops: readonly number[];
  readonly source?: readonly [dtype: 0 | 1 | 2 | 3, length: number];
  readonly coordinates: readonly Coordinate[];
  readonly dynMask?: number;
  readonly outType?: 0 | 1 | 2 | 3;
  readonly done?: readonly Instruction[];
};

const ELSE = 0xffc54321;

/** A map that reads one input (and, for `dynMask`, adds a loop index or a word of the second). */
function mapCase(m: Map): Case {
  const [dtype, length] = m.source ?? [0, 60];
  const next = random(length);
  const inputs = [tensor(next, dtype, [length], "special"), words(Array.from({ length: 97 }, (_, i) => (i * 7) % 70))];
  const read: Access = {
    ...access({ space: 0, index: 0, dtype, length }, m.coordinates, ELSE),
    dynMask: m.dynMask ?? 0,
  };
  const done = m.done ?? [[0, 0, 0, 0]];
  const kernel: Kernel = {
    outType: m.outType ?? 1,
    loops: m.loops,
    folds: [],
    state: 0,
    accesses: [
      read,
      access({ space: 0, index: 1, dtype: 1, length: 97 }, [
        coordinate(
          97,
          1,
          [...m.loops.keys()].map(() => 1),
        ),
      ]),
    ],
    constants: [],
    init: [],
    step: [],
    done,
    results: [15 + done.length],
    groupPos: 0,
    groupSize: 1,
  };
  const dims = [m.loops.reduce((a, b) => a * b, 1)];
  return { program: { inputs, weights: [], kernels: [kernel], outputs: [{ kernel: 0, dims }] }, weights: [], inputs };
}

const MAPS: readonly (readonly [string, Map, "vectors" | "scalar"])[] = [
  ["a copy", { loops: [60], coordinates: [coordinate(60, 1, [1])] }, "vectors"],
  ["a copy of 5, whose last vector overlaps", { loops: [5], coordinates: [coordinate(60, 1, [1])] }, "vectors"],
  [
    "a transpose by squares, the last of which overlap",
    { loops: [21, 7], source: [0, 147], coordinates: [coordinate(147, 1, [1, 21])] },
    "vectors",
  ],
  [
    "a transpose of the outer axes' rows, one axis downwards",
    { loops: [3, 5, 4], coordinates: [coordinate(60, 1, [20, 1, -5], 15)] },
    "vectors",
  ],
  ["a transpose too narrow for squares", { loops: [20, 3], coordinates: [coordinate(60, 1, [1, 20])] }, "scalar"],
  ["three elements", { loops: [3], coordinates: [coordinate(60, 1, [1])] }, "scalar"],
  ["one element", { loops: [], coordinates: [coordinate(60, 1, [], 7)] }, "scalar"],
  ["axes that are one", { loops: [3, 4, 5], coordinates: [coordinate(60, 1, [20, 5, 1])] }, "vectors"],
  ["one word for all", { loops: [13], coordinates: [coordinate(60, 1, [0], 7)] }, "vectors"],
  ["no coordinates", { loops: [13], coordinates: [] }, "vectors"],
  ["padding on both sides", { loops: [77], coordinates: [coordinate(60, 1, [1], -9)] }, "vectors"],
  [
    "padding in two dimensions",
    { loops: [9, 13], coordinates: [coordinate(6, 10, [1, 0], -2), coordinate(10, 1, [0, 1], -1)] },
    "vectors",
  ],
  ["a box past the tensor's end", { loops: [80], coordinates: [coordinate(200, 1, [1])] }, "vectors"],
  ["all outside", { loops: [8], coordinates: [coordinate(5, 1, [1], 100)] }, "vectors"],
  ["reversed", { loops: [60], coordinates: [coordinate(60, 1, [-1], 59)] }, "vectors"],
  ["transposed", { loops: [6, 10], coordinates: [coordinate(60, 1, [1, 6])] }, "vectors"],
  ["i8 words", { loops: [59], source: [2, 60], coordinates: [coordinate(60, 1, [1], 1)] }, "vectors"],
  ["u8 words, padded", { loops: [70], source: [3, 60], coordinates: [coordinate(60, 1, [1], -3)] }, "vectors"],
  ["stored as i8", { loops: [60], coordinates: [coordinate(60, 1, [1])], outType: 2 }, "vectors"],
  ["stored as u8", { loops: [60], coordinates: [coordinate(60, 1, [1])], outType: 3 }, "vectors"],
  [
    "the loop indices",
    {
      loops: [6, 7],
      coordinates: [],
      done: [
        [19, 4, 5, 0],
        [17, 16, 5, 0],
      ],
    },
    "vectors",
  ],
  [
    "a gather, sometimes outside",
    {
      loops: [97],
      coordinates: [coordinate(60, 1, [0])],
      dynMask: 1,
      done: [
        [0, 1, 0, 0],
        [0, 0, 16, 0],
      ],
    },
    "vectors",
  ],
  [
    "a gather of rows",
    {
      loops: [9, 10],
      coordinates: [coordinate(6, 10, [0, 0]), coordinate(10, 1, [0, 1])],
      dynMask: 1,
      done: [[0, 0, 4, 0]],
    },
    "vectors",
  ],
  [
    "two coordinates from registers, with wrapping",
    {
      loops: [9, 10],
      coordinates: [coordinate(6, 10, [0, 0], -3), coordinate(10, 1, [0, 0])],
      dynMask: 3,
      done: [[0, 0, 4, 5]],
    },
    "vectors",
  ],
];

describe("maps", () => {
  it.each(MAPS)("%s", async (name, map, path) => {
    const compiled = await compare(mapCase(map));
    const { path: taken, note } = plan(compiled)[0]!;
    expect(taken).toBe(path);
    if (name.startsWith("a transpose")) expect(note.startsWith("transposed")).toBe(path === "vectors");
  });
});

/** Registers with the two words of state after a step of so many instructions. */
const STATE_RESULTS: Readonly<Record<number, readonly [number, number]>> = { 4: [20, 21], 5: [22, 23] };

/** Folds of [H, W] windows over channels last, as pooling and means are. */
function foldCase(step: readonly Instruction[], state: number, done: readonly Instruction[], channels: number): Case {
  const inputs = [tensor(random(channels), 0, [6, 7, channels], "special")];
  const length = 42 * channels;
  const kernel: Kernel = {
    outType: 0,
    loops: [3, 4, channels],
    folds: [3, 2],
    state,
    accesses: [
      access(
        { space: 0, index: 0, dtype: 0, length },
        [
          coordinate(6, 7 * channels, [2, 0, 0, 1, 0], -1),
          coordinate(7, channels, [0, 2, 0, 0, 1], -1),
          coordinate(channels, 1, [0, 0, 1, 0, 0]),
        ],
        0xff800000,
      ),
    ],
    constants: [0xff800000, 0, 1],
    init: [],
    step,
    done,
    results: [
      ...[16, 17].slice(0, state),
      ...(state === 1 ? [18 + step.length] : STATE_RESULTS[step.length]!),
      done.length > 0 ? 18 + done.length : 0,
    ],
    groupPos: 0,
    groupSize: 1,
  };
  const dims = [12 * channels];
  return { program: { inputs, weights: [], kernels: [kernel], outputs: [{ kernel: 0, dims }] }, weights: [], inputs };
}

describe("folds", () => {
  const LD: Instruction = [0, 0, 0, 0];
  it.each([4, 7, 16, 21])("the largest of a window, %i channels", async (channels) => {
    const compiled = await compare(foldCase([LD, [7, 0, 19, 0]], 1, [], channels));
    expect(plan(compiled)[0]!.path).toBe("vectors");
  });

  it("a sum with a root after it", async () => {
    await compare(foldCase([LD, [1, 0, 19, 0]], 1, [[5, 0, 0, 0]], 9));
  });

  it("which of a window is the largest: two words of state, one of them moved bits", async () => {
    // state 0: best, state 1: its number
    const step: Instruction[] = [LD, [12, 0, 19, 0], [17, 1, 18, 0], [36, 20, 19, 0], [36, 20, 21, 1]];
    await compare(foldCase(step, 2, [[32, 0, 1, 0]], 6));
  });

  it.each([3, 6])("a computed word of state whose bits the next step sees, %i channels", async (channels) => {
    // state 0: x − state 0, often a NaN; state 1: its bits, gathered
    const step: Instruction[] = [LD, [2, 19, 0, 0], [32, 0, 1, 0], [3, 20, 18, 0]];
    await compare(foldCase(step, 2, [[17, 0, 1, 0]], channels));
  });

  it("leaves three channels to scalar code", async () => {
    const compiled = await compare(foldCase([LD, [7, 0, 19, 0]], 1, [], 3));
    expect(plan(compiled)[0]!.path).toBe("scalar");
  });
});

describe("maps in parts", () => {
  /** Two tensors side by side along an axis: each reads as 0 where the other is, and both are or-ed. */
  function joined(rows: number, columns: readonly [number, number], change: Partial<Kernel> = {}): Case {
    const next = random(rows);
    const inputs = columns.map((n) => tensor(next, 0, [rows, n], "special"));
    const read = (index: 0 | 1, base: number): Access =>
      access({ space: 0, index, dtype: 0, length: rows * columns[index] }, [
        coordinate(columns[index], 1, [0, 1], base),
        coordinate(rows, columns[index], [1, 0]),
      ]);
    const kernel: Kernel = {
      outType: 0,
      loops: [rows, columns[0] + columns[1]],
      folds: [],
      state: 0,
      accesses: [read(0, 0), read(1, -columns[0])],
      constants: [],
      init: [],
      step: [],
      done: [
        [0, 0, 0, 0],
        [0, 1, 0, 0],
        [31, 16, 17, 0],
      ],
      results: [18],
      groupPos: 0,
      groupSize: 1,
      ...change,
    };
    const outputs = [{ kernel: 0, dims: kernel.loops }];
    return { program: { inputs, weights: [], kernels: [kernel], outputs }, weights: [], inputs };
  }

  it.each([
    ["side by side", joined(9, [8, 12])],
    ["cut where no vector ends", joined(7, [5, 13])],
    ["narrower than a vector", joined(5, [2, 17])],
    ["stored as bytes", joined(6, [9, 10], { outType: 3 })],
  ] as const)("two tensors %s", async (_, given) => {
    expect(plan(await compare(given))[0]).toMatchObject({ path: "vectors", note: "2 parts" });
  });

  it("stay one where an index is seen as a word", async () => {
    const done: Instruction[] = [
      [0, 0, 0, 0],
      [0, 1, 0, 0],
      [31, 16, 17, 0],
      [17, 18, 5, 0],
    ];
    const compiled = await compare(joined(7, [8, 13], { outType: 1, done, results: [19] }));
    expect(plan(compiled)[0]!.note).not.toMatch(/parts/);
  });

  it("padding: a part that is all else-words, whatever NaN they are", async () => {
    const compiled = await compare(
      mapCase({ loops: [4, 9, 6], coordinates: [coordinate(60, 1, [0, 0, 1]), coordinate(5, 12, [0, 1, 0], -2)] }),
    );
    expect(plan(compiled)[0]).toMatchObject({ note: "3 parts" });
  });

  it("a product whose rows are never inside", async () => {
    const next = random(77);
    const inputs = [tensor(next, 0, [40], "plain")];
    const weights = [tensor(next, 0, [8, 5], "plain")];
    const kernel: Kernel = {
      outType: 0,
      loops: [6, 8],
      folds: [5],
      state: 1,
      accesses: [
        access({ space: 0, index: 0, dtype: 0, length: 40 }, [coordinate(30, 1, [5, 0, 1], 30)], 0x40490fdb),
        access({ space: 1, index: 0, dtype: 0, length: 40 }, [coordinate(40, 1, [0, 5, 1])]),
      ],
      constants: [0],
      init: [],
      step: [
        [0, 0, 0, 0],
        [0, 1, 0, 0],
        [3, 17, 18, 0],
        [1, 0, 19, 0],
      ],
      done: [],
      results: [16, 20, 0],
      groupPos: 0,
      groupSize: 1,
    };
    await compare({
      program: { inputs, weights, kernels: [kernel], outputs: [{ kernel: 0, dims: [6, 8] }] },
      weights,
      inputs,
    });
  });
});
