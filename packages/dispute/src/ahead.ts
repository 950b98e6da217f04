import { listHeight, OBJECT, type Position, tensorHeight } from "@opengradient/commitments";
import type { Program } from "@opengradient/program";
import { listLeaves } from "./demand.ts";
import { inputShape, resultShape, shapeLeaves } from "./run.ts";
import type { View } from "./view.ts";

/** What may still have to be demanded when the operator answers every demand and serves nothing. */
export type Ahead = {
  /** when the trace is ours but for an output: the usual lie */
  readonly likely: readonly Position[];
  /** on the longest way there is */
  readonly most: readonly Position[];
};

/** The part of a `View` that it looks at; of our run only whether there is one. */
export type Begun = Pick<View, "opening" | "demands"> & {
  readonly model: Pick<View["model"], "program">;
  readonly own: object | undefined;
};

/**
 * For a quote: of a list or tensor each level counts once, whichever node is needed there.
 * @param now what is demanded in the present turn: not counted again
 */
export function demandsAhead(view: Begun, now: readonly Position[]): Ahead {
  const { own, opening, demands } = view;
  const { program } = view.model;
  const levels = new Set([...now, ...demands.map(({ position }) => position)].map(levelOf));
  const open = (positions: readonly Position[]) => positions.filter((at) => !levels.has(levelOf(at)));
  const claim: readonly Position[] = opening ? [] : [{ object: OBJECT.claim, tensor: 0, j: 0, i: 0 }];
  const outputs = listWay(program, OBJECT.outputs);
  const ways = program.kernels.map((_, kernel) => groupWay(program, kernel));
  const longest = ways.reduce((a, b) => (b.length > a.length ? b : a));
  const inputs = own ? [] : allInputs(program);
  return {
    likely: open([...claim, ...inputs, ...outputs, ...resultWay(program, program.outputs[0]!.kernel)]),
    most: open([...claim, ...inputs, ...listWay(program, OBJECT.trace), ...outputs, ...longest]),
  };
}

const levelOf = ({ object, tensor, j }: Position): string => `${object}/${tensor}/${j}`;

/** From the root, at j = height, to the foot. */
const way = (object: Position["object"], tensor: number, height: number, foot: number): Position[] =>
  Array.from({ length: height - foot + 1 }, (_, up) => ({ object, tensor, j: height - up, i: 0 }));

const listWay = (program: Program, object: 1 | 2 | 3): Position[] => {
  const count = listLeaves(program, { object, tensor: 0, j: 0, i: 0 });
  return count ? way(object, 0, listHeight(count), 1) : [];
};

const resultWay = (program: Program, kernel: number): Position[] =>
  way(OBJECT.resultTensor, kernel, tensorHeight(shapeLeaves(resultShape(program.kernels[kernel]!))), 0);

/** In a group every member that differs is compared. */
function groupWay(program: Program, kernel: number): Position[] {
  const { groupPos, groupSize } = program.kernels[kernel]!;
  return Array.from({ length: groupSize }, (_, i) => resultWay(program, kernel - groupPos + i)).flat();
}

function allInputs(program: Program): Position[] {
  const tensors = program.inputs.flatMap((_, input) => {
    const leaves = shapeLeaves(inputShape(program, input));
    return way(OBJECT.inputTensor, input, tensorHeight(leaves), 0).flatMap((at) =>
      Array.from({ length: Math.ceil(leaves / 256 ** at.j) }, (_, i) => ({ ...at, i })),
    );
  });
  return [...listWay(program, OBJECT.inputs), ...tensors];
}
