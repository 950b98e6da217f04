import type { Tensor } from "@opengradient/program";
import { describe, expect, it, vi } from "vitest";
import { compile, EngineError, load } from "../src/index.ts";
import { type Chunk, schedule } from "../src/schedule.ts";
import { type ConvShape, conv, matmul, partialSums, random } from "./builders.ts";
import { runInParts } from "./parts.ts";

const large = matmul(
  { batch: 1, m: 123, n: 70, k: 300, weight: true, batched: false, bias: true },
  random(11),
  "special",
);

describe("threads", () => {
  it("give the bits of one thread, run after run and in traces", async () => {
    const one = await load(await compile(large.program), large.weights);
    const three = await load(await compile(large.program, { threads: 3 }), large.weights);
    expect(three).toMatchObject({ threads: 3, threadsNote: "" });
    try {
      for (let round = 0; round < 12; round++) {
        const inputs = large.inputs.map((t): Tensor => ({ ...t, data: t.data.map((byte) => byte ^ round) }));
        expect(three.run(inputs)).toEqual(one.run(inputs));
        expect(three.trace(inputs)).toEqual(one.trace(inputs));
      }
    } finally {
      three.close();
    }
  });

  it("are as many as pay when nobody says how many: one for little work", async () => {
    vi.stubGlobal("navigator", { hardwareConcurrency: 3 });
    const much = matmul(
      { batch: 1, m: 512, n: 512, k: 512, weight: true, batched: false, bias: false },
      random(12),
      "plain",
    );
    try {
      const threadsOf = async ({ program }: typeof much) => (await compile(program, { threads: "auto" })).threads;
      expect(await threadsOf(large)).toBe(1);
      const three = await load(await compile(much.program, { threads: "auto" }), much.weights);
      expect(three.threads).toBe(3);
      expect(three.run(much.inputs)).toEqual((await load(await compile(much.program), much.weights)).run(much.inputs));
      three.close();
      vi.stubGlobal("navigator", undefined);
      expect(await threadsOf(much)).toBe(1);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it("of a failed look do not wait for ever: the run throws, and so does the next", async () => {
    const engine = await load(await compile(large.program, { threads: 2 }), large.weights);
    const now = vi.spyOn(performance, "now");
    try {
      now
        .mockImplementationOnce(() => 0)
        .mockImplementationOnce(() => {
          throw new Error("look");
        });
      expect(() => engine.profile(large.inputs)).toThrow("look");
      expect(() => engine.run(large.inputs)).toThrow(EngineError);
    } finally {
      now.mockRestore();
      engine.close();
    }
  });

  it("are one, with a note, where memory can not be shared", async () => {
    vi.stubGlobal("crossOriginIsolated", false);
    try {
      const engine = await load(await compile(large.program, { threads: 4 }), large.weights);
      expect(engine.threads).toBe(1);
      expect(engine.threadsNote).toMatch(/cross-origin isolated/);
      expect(engine.run(large.inputs)).toHaveLength(1);
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

describe("a schedule", () => {
  const call = { fn: 7, frame: 64, blocks: 6, nanoseconds: 100_000 };
  const short = { ...call, fn: 8, nanoseconds: 100 };
  const step = (calls: readonly (typeof call)[], slices = 1) => ({ first: 0, kernels: 1, slices, calls });
  const called = ({ pieces }: Chunk): number[] => pieces.flatMap(({ calls }) => calls.map(([fn]) => fn));

  it("is one chunk for one thread", () => {
    expect(schedule([step([call]), step([short], 4)], 1, false).chunks).toHaveLength(1);
  });

  it("hands long work out in parts, which all wait for what was before", () => {
    const { chunks } = schedule([step([short]), step([short, call]), step([short])], 2, false);
    expect(chunks.map(called)).toEqual([[8, 8], [7], [7], [7], [7], [7], [7], [8]]);
    expect(chunks.map(({ ready }) => ready)).toEqual([0, 1, 1, 1, 1, 1, 1, 7]);
  });

  it("goes through the slices of a group in order", () => {
    const { chunks } = schedule([step([{ ...call, blocks: 2 }, short], 3)], 2, false);
    expect(chunks.map(called)).toEqual([[7], [7], [8], [7], [7], [8], [7], [7], [8]]);
    expect(chunks.map(({ pieces }) => pieces[0]!.from)).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2]);
  });

  it("keeps steps apart where they are looked at", () => {
    const { chunks, ends } = schedule([step([short]), step([call]), step([short])], 2, true);
    expect(ends).toEqual([1, 7, 8]);
    expect(chunks.map(({ seen }) => seen)).toEqual([0, 1, 1, 1, 1, 1, 1, 2]);
  });
});

describe("work in parts", () => {
  const shape: ConvShape = {
    ...{ dtype: 0, batch: 2, height: 9, width: 11, channels: 3, groups: 1, outputs: 13, kernel: [3, 3] },
    ...{ stride: 1, dilation: 1, pad: 1, zeroPoints: 0, elseWord: 0, bias: true, epilogue: "relu" },
  };
  it.each([
    ["rows of products", large],
    [
      "panels of one row",
      matmul({ batch: 1, m: 1, n: 170, k: 9, weight: true, batched: false, bias: true }, random(3), "plain"),
    ],
    ["rows of convolutions", conv(shape, random(4), "plain")],
    ["columns that are no last axis", partialSums(random(5), "plain")],
  ] as const)("%s", async (_, given) => {
    const { most } = await runInParts(await compile(given.program), given);
    expect(most).toBeGreaterThan(3);
  });
});
