/** Runs ONNX's backend test cases: each passes, fails, or is refused with a reason. */
import { CompileError, compile, type Module } from "@opengradient/compiler";
import {
  type Constant,
  constantOf,
  type Model as FileModel,
  fits,
  type Imported,
  type ImportOptions,
  importGraph,
  numbersOf,
  OnnxError,
  type Outside,
  operatorKey,
  outsideOf,
  type Port,
  readModel,
  readTensor,
  type ValueInfo,
} from "@opengradient/onnx";
import { outputsOf, type Program, runReference, type Tensor } from "@opengradient/program";
import { type CaseFiles, findCases, missingCases, readBytes, readExpected, smallestFirst } from "./conformanceCases.ts";

/** Computes the outputs of a Program. May throw ExecutorRefusal. */
export type Executor = (
  program: Program,
  weights: readonly Tensor[],
  inputs: readonly Tensor[],
) => readonly Tensor[] | Promise<readonly Tensor[]>;

/** An executor that can not run a Program here says so with this; the case counts as refused. */
export class ExecutorRefusal extends Error {
  override readonly name = "ExecutorRefusal";
}

export type ConformanceOptions = {
  /** a case, or a folder of such at any depth */
  readonly dir: string;
  readonly executor: Executor;
  /** |got − expected| ≤ atol + rtol·|expected|; default 1e-3 and 1e-7, those of ONNX's node tests */
  readonly rtol?: number;
  readonly atol?: number;
  /** only cases whose name holds this */
  readonly filter?: string;
  /** only as many cases, the smallest ones, as let every operator pass once */
  readonly eachOperator?: boolean;
  readonly onCase?: (result: CaseResult) => void;
};

export type CaseResult = {
  readonly name: string;
  readonly status: "passed" | "failed" | "refused";
  /** why it failed or was refused */
  readonly reason?: string;
  /** of a refused case: why no Program can be its model */
  readonly outside?: Outside;
  /** operators of its model */
  readonly operators: readonly string[];
};

export type ConformanceReport = {
  readonly totals: {
    readonly passed: number;
    readonly failed: number;
    /** those of `outside` included */
    readonly refused: number;
    /** with cases that tests.tsv lists and that are not there */
    readonly all: number;
  };
  /** refused cases that no Program can be, by why */
  readonly outside: Readonly<Partial<Record<Outside, number>>>;
  readonly missing: readonly string[];
  readonly cases: readonly CaseResult[];
};

export const referenceExecutor: Executor = (program, weights, inputs) =>
  outputsOf(program, runReference(program, weights, inputs));

/** Both, which must agree to the bit. */
export const agreeing =
  (first: Executor, second: Executor): Executor =>
  async (program, weights, inputs) => {
    const [a, b] = [await first(program, weights, inputs), await second(program, weights, inputs)];
    const at = a.findIndex(({ data }, i) => Buffer.compare(data, b[i]!.data) !== 0);
    if (at >= 0) throw new Error(`the executors differ in output ${at}`);
    return b;
  };

export async function conformance(options: ConformanceOptions): Promise<ConformanceReport> {
  const cases: CaseResult[] = [];
  const found = findCases(options.dir);
  const { filter = "", eachOperator = false } = options;
  const chosen = found.filter(({ name }) => name.includes(filter));
  const covered = new Set<string>();
  for (const files of eachOperator ? smallestFirst(chosen) : chosen) {
    const model = modelOf(files);
    const operators = [...new Set(model?.graph.nodes.map(operatorKey))];
    if (eachOperator && operators.every((operator) => covered.has(operator))) continue;
    const result = { ...(await runCase(files, options)), operators };
    if (result.status === "passed") for (const operator of operators) covered.add(operator);
    const outside = result.status === "refused" && model ? outsideOf(model) : undefined;
    cases.push(outside ? { ...result, outside } : result);
    options.onCase?.(cases.at(-1)!);
  }
  return reportOf(cases, eachOperator || filter !== "" ? [] : missingCases(options.dir, found));
}

function modelOf(files: CaseFiles): FileModel | undefined {
  try {
    return readModel(readBytes(files.model));
  } catch (cause) {
    if (cause instanceof OnnxError) return undefined;
    throw cause;
  }
}

function reportOf(cases: readonly CaseResult[], missing: readonly string[]): ConformanceReport {
  const count = (status: CaseResult["status"]): number => cases.filter((c) => c.status === status).length;
  const outside: Partial<Record<Outside, number>> = {};
  for (const { outside: kind } of cases) if (kind) outside[kind] = (outside[kind] ?? 0) + 1;
  const totals = { passed: count("passed"), failed: count("failed"), refused: count("refused") };
  return { totals: { ...totals, all: cases.length + missing.length }, outside, missing, cases };
}

export const isRefusal = (cause: unknown): cause is Error =>
  cause instanceof OnnxError || cause instanceof CompileError || cause instanceof ExecutorRefusal;

type Outcome = Omit<CaseResult, "outside" | "operators">;

async function runCase(files: CaseFiles, options: ConformanceOptions): Promise<Outcome> {
  const { name } = files;
  try {
    const bytes = readBytes(files.model);
    for (const set of files.sets) {
      // the model first: where it is refused, its vectors may be of kinds that can not be read either
      const { model, given } = importFor(bytes, set.inputs);
      const expected = set.outputs.map((path, i) => readExpected(path, model.outputs[i] ?? {}));
      const got = await options.executor(model.program, model.weights, inputsOf(model, given));
      const reason = differenceOf(model.outputs, got, expected, toleranceOf(set.name, options));
      if (reason !== undefined) return { name, status: "failed", reason: `${set.name}: ${reason}` };
    }
    return { name, status: "passed" };
  } catch (cause) {
    if (isRefusal(cause)) return { name, status: "refused", reason: cause.message };
    return {
      name,
      status: "failed",
      reason: cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause),
    };
  }
}

export type CaseModel = Module & Pick<Imported, "inputs" | "outputs">;

const importModel = (bytes: Uint8Array, options: ImportOptions = {}): CaseModel => {
  const imported = importGraph(bytes, options);
  return { ...imported, ...compile(imported) };
};

export type Given = ReadonlyMap<string, Constant>;

/** Inputs that are bound to the test set's values: none, and if that is refused, more and more of what may decide shapes. */
const BINDINGS: readonly ((value: Constant) => boolean)[] = [
  () => false,
  ({ type }) => type === "i64" || type === "bool",
  ({ type, dims }) => type === "i64" || type === "bool" || dims.every((d) => d === 1),
  ({ type, dims }) => type === "i64" || type === "bool" || dims.length <= 1,
];

/** A model as a test set's inputs bind and shape it. */
export function importFor(bytes: Uint8Array, paths: readonly string[]): { model: CaseModel; given: Given } {
  const { graph } = readModel(bytes);
  const initialized = new Set(graph.initializers.map((tensor) => tensor.name));
  const open = graph.inputs.filter((info) => !initialized.has(info.name));
  const given = givenFor(bytes, open, paths);
  const symbolic = open.filter(
    ({ name, dims }) => given.has(name) && dims?.every((d) => typeof d === "number") !== true,
  );
  const shapes = Object.fromEntries(symbolic.map(({ name }) => [name, given.get(name)!.dims]));
  let refusal: OnnxError | undefined;
  for (const isBound of BINDINGS) {
    const set = Object.fromEntries([...given].filter(([, value]) => isBound(value)));
    if (refusal !== undefined && Object.keys(set).length === 0) continue;
    try {
      return { model: importModel(bytes, { shapes, set }), given };
    } catch (cause) {
      if (!(cause instanceof OnnxError)) throw cause;
      refusal = cause;
    }
  }
  throw refusal;
}

/** Where the inputs are of kinds that can not be read, the model's own refusal says more. */
function givenFor(bytes: Uint8Array, open: readonly ValueInfo[], paths: readonly string[]): Given {
  try {
    return readInputs(
      open.map(({ name }) => name),
      paths,
    );
  } catch (cause) {
    if (cause instanceof OnnxError) importModel(bytes);
    throw cause;
  }
}

function readInputs(names: readonly string[], paths: readonly string[]): Given {
  const inputs = new Map<string, Constant>();
  for (const [i, path] of paths.entries()) {
    const proto = readTensor(readBytes(path));
    const name = names.includes(proto.name) && !inputs.has(proto.name) ? proto.name : names[i];
    if (name !== undefined) inputs.set(name, constantOf(proto));
  }
  return inputs;
}

export function inputsOf(model: CaseModel, given: Given): Tensor[] {
  return model.inputs.map(({ name }, i) => {
    const value = given.get(name);
    if (value === undefined) throw new Error(`the test set has no input ${name}`);
    const info = model.program.inputs[i]!;
    if (!fits(value)) throw new OnnxError(`input ${name} has values beyond 32 bits`);
    return { ...info, data: value.data };
  });
}

/** `scale` times the greatest expected magnitude of the tensor is allowed besides. */
type Tolerance = { readonly rtol: number; readonly atol: number; readonly scale: number };

/** Sets called derived_… are another engine's outputs for a whole model: near 0 they differ by the rounding of larger sums. */
export const toleranceOf = (
  set: string,
  { rtol = 1e-3, atol = 1e-7 }: Pick<ConformanceOptions, "rtol" | "atol">,
): Tolerance => ({
  rtol,
  atol,
  scale: set.startsWith("derived_") ? 1e-5 : 0,
});

/** What differs, or undefined. */
function differenceOf(
  ports: readonly Port[],
  got: readonly Tensor[],
  expected: readonly Constant[],
  tolerance: Tolerance,
): string | undefined {
  if (got.length !== expected.length) return `${got.length} outputs, expected ${expected.length}`;
  for (const [i, want] of expected.entries()) {
    const { name, type, dims } = ports[i]!;
    if (type !== want.type) return `output ${name} is ${type}, expected ${want.type}`;
    if (String(dims) !== String(want.dims)) return `output ${name} is [${dims}], expected [${want.dims}]`;
    const words = numbersOf({ type, dims, data: got[i]!.data });
    const numbers = numbersOf(want);
    const near = type === "f32" ? nearness(numbers, tolerance) : (x: number, y: number): boolean => x === y;
    const at = words.findIndex((word, e) => !near(word, numbers[e]!));
    if (at >= 0) return `output ${name}, element ${at}: ${words[at]}, expected ${numbers[at]}`;
  }
  return undefined;
}

export function nearness(
  expected: readonly number[],
  { rtol, atol, scale }: Tolerance,
): (got: number, want: number) => boolean {
  const greatest = expected.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 0);
  const least = atol + scale * greatest;
  return (got, want) => {
    if (Number.isNaN(want)) return Number.isNaN(got);
    return got === want || Math.abs(got - want) <= least + rtol * Math.abs(want);
  };
}
