import { type Program, ProgramError, type Tensor } from "@opengradient/program";
import { describe, expect, it } from "vitest";
import { compile, EngineError, load } from "../src/index.ts";
import { matmul, random } from "./builders.ts";

const given = matmul({ batch: 1, m: 8, n: 16, k: 4, weight: true, batched: false, bias: true }, random(5), "plain");

async function code(act: Promise<unknown>): Promise<string> {
  const error = await act.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EngineError);
  return (error as EngineError).code;
}

const engine = async () => load(await compile(given.program), given.weights);

describe("what the engine refuses", () => {
  const [weight, other] = given.weights as [Tensor, Tensor];
  const input = given.inputs[0]!;

  it("too few and too many weights", async () => {
    const compiled = await compile(given.program);
    expect(await code(load(compiled, [weight]))).toBe("weights");
    expect(await code(load(compiled, [weight, other, other]))).toBe("weights");
  });

  it("a weight of another dtype, of another shape, with too little data", async () => {
    const compiled = await compile(given.program);
    expect(await code(load(compiled, [{ ...weight, dtype: 1 }, other]))).toBe("dtype");
    expect(await code(load(compiled, [{ ...weight, dims: [15] }, other]))).toBe("shape");
    expect(await code(load(compiled, [{ ...weight, data: weight.data.slice(4) }, other]))).toBe("shape");
  });

  it("inputs that do not fit, and still runs afterwards", async () => {
    const { run, trace } = await engine();
    const want = run([input]);
    expect(await code(Promise.resolve().then(() => run([])))).toBe("inputs");
    expect(await code(Promise.resolve().then(() => trace([input, input])))).toBe("inputs");
    expect(await code(Promise.resolve().then(() => run([{ ...input, dtype: 2 }])))).toBe("dtype");
    expect(await code(Promise.resolve().then(() => run([{ ...input, dims: [31] }])))).toBe("shape");
    expect(run([input])).toEqual(want);
  });

  it("a Program that is not valid", async () => {
    const bad: Program = { ...given.program, kernels: [{ ...given.program.kernels[0]!, loops: [1] }] };
    await expect(compile(bad)).rejects.toBeInstanceOf(ProgramError);
  });

  it("a Program larger than WebAssembly's memory", async () => {
    const dims = [1 << 30];
    const kernel = {
      outType: 0,
      loops: dims,
      folds: [],
      state: 0,
      accesses: [],
      constants: [1],
      init: [],
      step: [],
      done: [],
      results: [16],
      groupPos: 0,
      groupSize: 1,
    } as const;
    const program: Program = { inputs: [], weights: [], kernels: [kernel, kernel], outputs: [{ kernel: 1, dims }] };
    const two = {
      ...program,
      outputs: [
        { kernel: 0, dims },
        { kernel: 1, dims },
      ],
    };
    expect(await code(compile(two))).toBe("memory");
  });
});

describe("an engine", () => {
  it("gives its own bytes: a later run does not change what was returned", async () => {
    const { run, trace } = await engine();
    const first = run(given.inputs);
    const copy = first[0]!.data.slice();
    const zero = given.inputs.map((tensor) => ({ ...tensor, data: new Uint8Array(tensor.data.length) }));
    const traced = trace(zero);
    expect(first[0]!.data).toEqual(copy);
    expect(traced.outputs[0]!.data).toEqual(traced.results[0]);
    expect(traced.outputs[0]!.data).not.toEqual(copy);
  });

  it("is one of many from the same module", async () => {
    const compiled = await compile(given.program);
    const half = given.weights.map((tensor) => ({ ...tensor, data: new Uint8Array(tensor.data.length) }));
    const [a, b] = [await load(compiled, given.weights), await load(compiled, half)];
    const want = a.run(given.inputs);
    expect(b.run(given.inputs)[0]!.data.every((byte) => byte === 0)).toBe(true);
    expect(a.run(given.inputs)).toEqual(want);
  });
});
