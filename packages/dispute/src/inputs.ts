import { concatBytes, OBJECT, type Position } from "@opengradient/commitments";
import type { Program } from "@opengradient/program";
import type { Data } from "./known.ts";
import { type Known, type KnownTensor, knownOf } from "./known.ts";
import type { Opening } from "./run.ts";
import type { ClaimFacts } from "./view.ts";

/** The inputs as whole leaves, or what must be opened first. */
export type Inputs = { readonly leaves: readonly Uint8Array[] } | { readonly hidden: readonly Position[] };

/** Reads the claim's inputs out of what was opened below its inputRoot. */
export function openedInputs(program: Program, claim: ClaimFacts, opening: Opening, data: Data): Inputs {
  const known = knownOf({ program, traceSalt: claim.traceSalt, opening, data }, undefined);
  const list = hiddenNodes(known.inputs, (j, i) => ({ object: OBJECT.inputs, tensor: 0, j, i }));
  if (list.length) return { hidden: list };
  const tensors = program.inputs.map((_, input) => known.tensor({ object: OBJECT.inputTensor, tensor: input }));
  const hidden = tensors.flatMap((tensor, input) => hiddenLeaves(tensor, input));
  return hidden.length ? { hidden } : { leaves: tensors.map(allLeaves) };
}

/** The highest unopened nodes of a tree down to j = 1. */
function hiddenNodes(tree: Known["inputs"], at: (j: number, i: number) => Position): Position[] {
  const hidden: Position[] = [];
  let level = [0];
  for (let j = tree.height; j >= 1; j--) {
    const below: number[] = [];
    for (const i of level) {
      const children = tree.children(j, i);
      if (!children) hidden.push(at(j, i));
      else for (let c = 0; c < children.length / 32; c++) below.push(256 * i + c);
    }
    level = below;
  }
  return hidden;
}

function hiddenLeaves({ tree, leaf }: KnownTensor, input: number): Position[] {
  const at = (j: number, i: number): Position => ({ object: OBJECT.inputTensor, tensor: input, j, i });
  const nodes = hiddenNodes(tree, at);
  if (nodes.length) return nodes;
  return Array.from({ length: tree.count }, (_, i) => i)
    .filter((i) => !leaf(i))
    .map((i) => at(0, i));
}

const allLeaves = ({ tree, leaf }: KnownTensor): Uint8Array =>
  concatBytes(Array.from({ length: tree.count }, (_, i) => leaf(i)!));
