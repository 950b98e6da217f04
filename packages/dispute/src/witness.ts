import { clog2, hashAt, leafBytes, OBJECT, pathOf, treeLevels } from "@opengradient/commitments";
import { type OpenedSource, type Source, SPACE, witnessOpened, witnessOpenedShape } from "@opengradient/program";
import { knownPath } from "./demand.ts";
import type { Known, KnownTensor, TensorName } from "./known.ts";
import type { Lie } from "./locate.ts";
import { type CommittedRun, treeOf } from "./run.ts";
import type { Model } from "./view.ts";

/** The witness of a located lie, on the operator's own tensors as far as they were opened. */
export function lieWitness(
  model: Model,
  known: Known,
  own: CommittedRun | undefined,
  lie: Exclude<Lie, { kind: "none" | "hidden" }>,
): Uint8Array {
  const { kernel, element } = lie;
  if (lie.kind === "shape") {
    const { tree, rank } = known.place(lie.source);
    const path = knownPath(tree, 0, rank);
    return witnessOpenedShape(model.program, { k: kernel, ordinal: element }, lie.shape, path);
  }
  return witnessOpened(model.program, kernel, element, (source) =>
    source.space === SPACE.weight ? openWeight(model, source.index) : openTensor(known, own!, source),
  );
}

function openWeight({ weights, weightRoots }: Model, index: number): OpenedSource {
  const data = weights[index]!;
  const levels = treeOf(data);
  return {
    data,
    root: levels.at(-1)!,
    node: (level, at) => hashAt(levels[level]!, at),
    path: pathOf(treeLevels(weightRoots), 0, index),
  };
}

function openTensor(known: Known, own: CommittedRun, { space, index }: Source): OpenedSource {
  const isInput = space === SPACE.input;
  const name: TensorName = { object: isInput ? OBJECT.inputTensor : OBJECT.resultTensor, tensor: index };
  const tensor = known.tensor(name);
  const { tree, rank } = known.place(name);
  const node: OpenedSource["node"] = (level, at) => {
    const hash = tensor.tree.node(level, at);
    if (!hash) throw new Error(`node ${at} of level ${level} of tensor ${index} was never opened`);
    return hash;
  };
  const ours = (isInput ? own.inputs : own.results)[index]!;
  return {
    data: committedData(tensor, ours),
    root: node(clog2(tensor.tree.count), 0),
    node,
    path: knownPath(tree, 0, rank),
  };
}

/**
 * Ours, with the leaves that were opened in place of the differing ones. The witness reads nothing behind the first
 * differing leaf, and that one was opened when the lie was located.
 */
function committedData({ tree, leaf }: KnownTensor, ours: Uint8Array): Uint8Array {
  const levels = treeOf(ours);
  const differs = (i: number) => {
    const hash = tree.node(0, i);
    return hash?.some((byte, at) => byte !== levels[0]![32 * i + at]);
  };
  const opened = Array.from({ length: tree.count }, (_, i) => i).filter((i) => differs(i) && leaf(i));
  if (!opened.length) return ours;
  const data = new Uint8Array(256 * tree.count);
  for (let i = 0; i < tree.count; i++) data.set(leafBytes(ours, i), 256 * i);
  for (const i of opened) data.set(leaf(i)!, 256 * i);
  return data;
}
