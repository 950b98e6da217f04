import {
  encodePosition,
  type Hash,
  hashAt,
  hashCount,
  leafBytes,
  OBJECT,
  type Position,
  sameBytes,
  tensorRoot,
} from "@opengradient/commitments";
import { type CommittedShape, type Program, SPACE, sourcesOf, traceKernels, widthOf } from "@opengradient/program";
import type { Known, KnownTree, TensorName } from "./known.ts";
import { type CommittedRun, type Opening, resultShape, treeOf } from "./run.ts";

/** Where the operator's data first differ from ours, or what must be opened to say so. */
export type Lie =
  | { readonly kind: "none" }
  | { readonly kind: "hidden"; readonly positions: readonly Position[] }
  | { readonly kind: "element"; readonly kernel: number; readonly element: number }
  | WrongShape;

/** Source `element` of `kernel` was committed as a tensor of another shape. */
export type WrongShape = {
  readonly kind: "shape";
  readonly kernel: number;
  readonly element: number;
  readonly source: TensorName;
  readonly shape: CommittedShape;
};

export type ShapeOf = (tensor: TensorName) => CommittedShape | undefined;

type Step<T> = { readonly found: T; readonly hidden?: undefined } | { readonly hidden: readonly Position[] };

/**
 * The first wrong element in the order of evaluation. All that it reads comes earlier in that order, so the operator's
 * data for it equal ours, and evaluating it on chain gives our value. A kernel outside a group is wrong at its first
 * differing element; in a group the slices come before the members.
 */
export function locate(known: Known, own: CommittedRun, opening: Opening, shapeOf?: ShapeOf): Lie {
  const first = firstKernel(known, own, opening);
  if (first.hidden) return { kind: "hidden", positions: first.hidden };
  if (first.found === undefined) return { kind: "none" };
  const { groupPos, groupSize } = own.program.kernels[first.found]!;
  const members = Array.from({ length: groupSize }, (_, i) => first.found! - groupPos + i);
  const misshapen = members.map((tensor) => wrongShape(own.program, known, { object: 5, tensor }, shapeOf));
  const shape = misshapen.find((found) => found !== undefined);
  if (shape) return shape;
  const steps = members.map((kernel) => firstElement(known, own, kernel));
  const hidden = steps.flatMap((step) => step.hidden ?? []);
  if (hidden.length) return { kind: "hidden", positions: unique(hidden) };
  const wrong = steps.flatMap((step, i) =>
    step.hidden || step.found === undefined ? [] : [{ kernel: members[i]!, element: step.found }],
  );
  const slice = ({ kernel, element }: { kernel: number; element: number }) => {
    const { loops } = own.program.kernels[kernel]!;
    const { elements } = resultShape(own.program.kernels[kernel]!);
    return groupSize === 1 ? 0 : Math.floor(element / (elements / loops[0]!));
  };
  const [lie] = wrong.sort((a, b) => slice(a) - slice(b) || a.kernel - b.kernel);
  return { kind: "element", ...lie! };
}

/** The lowest kernel whose committed tensorRoot differs from ours; undefined when none does. */
function firstKernel(known: Known, own: CommittedRun, opening: Opening): Step<number | undefined> {
  const kernels = traceKernels(own.program);
  const traced = kernels.length
    ? firstDifference(known.trace, own.trace, (j, i) => ({ object: OBJECT.trace, tensor: 0, j, i }))
    : { found: undefined };
  if (traced.hidden) return traced;
  const inTrace = traced.found === undefined ? Number.POSITIVE_INFINITY : kernels[traced.found]!;
  const outputs = own.program.outputs.map(({ kernel }) => kernel);
  const { groupPos, groupSize } = own.program.kernels[inTrace] ?? { groupPos: 0, groupSize: 1 };
  const mayDiffer = !sameBytes(opening.outputRoot, own.outputRoot);
  if (!mayDiffer || outputs[0]! >= inTrace - groupPos + groupSize)
    return { found: traced.found === undefined ? undefined : inTrace };
  const listed = firstDifference(known.outputs, own.outputList, (j, i) => ({
    object: OBJECT.outputs,
    tensor: 0,
    j,
    i,
  }));
  if (listed.hidden) return listed;
  const inOutputs = listed.found === undefined ? Number.POSITIVE_INFINITY : outputs[listed.found]!;
  const least = Math.min(inTrace, inOutputs);
  return { found: Number.isFinite(least) ? least : undefined };
}

/** Index of the first leaf in which a known tree differs from ours, through one node at each height. */
function firstDifference(
  tree: KnownTree,
  own: readonly Uint8Array[],
  at: (j: number, i: number) => Position,
): Step<number | undefined> {
  let i = 0;
  for (let j = tree.height; j >= 1; j--) {
    const theirs = tree.children(j, i);
    if (!theirs) return { hidden: [at(j, i)] };
    const ours = own[Math.min(8 * (j - 1), own.length - 1)]!;
    const child = firstUnequal(theirs, ours.subarray(32 * 256 * i));
    if (child === undefined) return { found: undefined };
    i = 256 * i + child;
  }
  return { found: i };
}

function firstUnequal(theirs: Uint8Array, ours: Uint8Array): number | undefined {
  for (let i = 0; i < hashCount(theirs); i++) if (!sameBytes(hashAt(theirs, i), hashAt(ours, i))) return i;
  return undefined;
}

/** The first element (it may lie in the padding) in which a committed result differs from ours. */
function firstElement(known: Known, own: CommittedRun, kernel: number): Step<number | undefined> {
  const name = { object: OBJECT.resultTensor, tensor: kernel };
  const root: Hash | undefined = known.root(name);
  if (!root) return { hidden: [wayTo(known, kernel)] };
  if (sameBytes(root, hashAt(own.resultRoots, kernel))) return { found: undefined };
  const tensor = known.tensor(name);
  const at = (j: number, i: number): Position => ({ ...name, j, i });
  const leaf = firstDifference(tensor.tree, treeOf(own.results[kernel]!), at);
  if (leaf.hidden) return leaf;
  const index = leaf.found ?? 0;
  const bytes = tensor.leaf(index);
  if (!bytes) return { hidden: [at(0, index)] };
  const mine = leafBytes(own.results[kernel]!, index);
  const byte = bytes.findIndex((value, i) => value !== mine[i]);
  return { found: Math.floor((256 * index + byte) / widthOf(tensor.shape.dtype)) };
}

/** A tensor whose root is known to bind another dtype or length than the Program says, and a kernel that has it as a source. */
export function wrongShape(
  program: Program,
  known: Known,
  source: TensorName,
  shapeOf: ShapeOf | undefined,
): WrongShape | undefined {
  const shape = shapeOf?.(source);
  const root = known.root(source);
  const declared = known.tensor(source).shape;
  if (!shape || !root || !sameBytes(tensorRoot(shape.dtype, shape.elements, shape.root), root)) return undefined;
  if (shape.dtype === declared.dtype && shape.elements === declared.elements) return undefined;
  const isInput = source.object === OBJECT.inputTensor;
  const ordinalIn = (k: number) =>
    sourcesOf(program.kernels[k]!, k).findIndex(
      ({ space, index }) => space === (isInput ? SPACE.input : SPACE.result) && index === source.tensor,
    );
  const kernel = isInput ? program.kernels.findIndex((_, k) => ordinalIn(k) >= 0) : source.tensor;
  return kernel < 0 ? undefined : { kind: "shape", kernel, element: ordinalIn(kernel), source, shape };
}

/** The highest node not yet opened on the way to a kernel's tensorRoot. */
function wayTo(known: Known, kernel: number): Position {
  const { tree, rank } = known.place({ object: OBJECT.resultTensor, tensor: kernel });
  const object = tree === known.trace ? OBJECT.trace : OBJECT.outputs;
  let j = tree.height;
  while (j > 1 && tree.children(j, rank >>> (8 * j))) j--;
  return { object, tensor: 0, j, i: rank >>> (8 * j) };
}

const unique = (positions: readonly Position[]): Position[] => [
  ...new Map(positions.map((position) => [encodePosition(position), position])).values(),
];
