/**
 * Any kernel as loops around straight-line code: scalar, or with four neighbouring indices of one axis as lanes and
 * `vectors` of them side by side. Each element keeps its own fold, in order.
 */
import { F32, type Fn, I32, newFunction, V128 } from "./emit.ts";
import { emitFolds } from "./folds.ts";
import { divided, emitLoops, emitRoots, type Form, type Forms, type Loop, STAGE_PARAMETERS } from "./forms.ts";
import type { Lowered } from "./lower.ts";
import type { Place } from "./reads.ts";
import {
  assignState,
  evaluate,
  evaluateTogether,
  foldedNan,
  outForm,
  placesTogether,
  prepareSegment,
  type Segment,
  type Shared,
  type StateShape,
  segmentForms,
  stateAs,
  stateShape,
  store,
} from "./segment.ts";
import type { Coded } from "./stages.ts";
import { dispose, newTemps, type Temps, take, type Value } from "./values.ts";

export type Shape = {
  /** −1: no lanes */
  readonly laneAxis: number;
  /** vectors side by side along it */
  readonly vectors: number;
  /** another axis of which several indices are taken at once, sharing the words that do not change along it */
  readonly rowAxis: number;
  readonly rows: number;
};

export const SCALAR: Shape = { laneAxis: -1, vectors: 1, rowAxis: -1, rows: 1 };

/** Elements computed side by side, relative to the running indices. */
export function placesOf({ laneAxis, vectors, rowAxis, rows }: Shape): Place[] {
  const places: Place[] = [];
  for (let row = 0; row < rows; row++) {
    for (let vector = 0; vector < vectors; vector++) {
      const shift = new Map<number, number>();
      if (laneAxis >= 0) shift.set(laneAxis, 4 * vector);
      if (rowAxis >= 0) shift.set(rowAxis, row);
      places.push({ laneAxis, shift });
    }
  }
  return places;
}

type Parts = {
  readonly k: Lowered;
  readonly forms: Forms;
  readonly init: Segment;
  readonly step: Segment;
  readonly done: Segment;
  readonly out: Form;
  readonly places: readonly Place[];
  readonly rowAxis: number;
  readonly state: StateShape;
};

function newState(t: Temps, { k, places, state }: Parts): Value[] {
  return Array.from({ length: k.state }, (_, j): Value => {
    const type = places[0]!.laneAxis >= 0 ? V128 : state.float[j] ? F32 : I32;
    return { kind: "local", type, index: take(t, type), nan: "raw", mask: false };
  });
}

const newShared = ({ rowAxis }: Parts): Shared | undefined =>
  rowAxis < 0 ? undefined : { rowAxis, values: new Map() };

function fold(f: Fn, p: Parts): void {
  const { k, places } = p;
  const kept = newTemps(f);
  const temps = newTemps(f);
  const states = places.map(() => newState(kept, p));
  places.forEach((place, u) => {
    const lookup = evaluate(temps, p.init, [], { place });
    assignState(f, states[u]!, k.results.slice(0, k.state).map(lookup), p.state);
    dispose(temps);
  });
  let nan: (j: number) => "raw" | "dirty" = () => "raw";
  const size = k.step.length * places.length;
  const emit = (shift: ReadonlyMap<number, number>): void => {
    const shared = newShared(p);
    places.forEach((place, u) => {
      const at = { place: { ...place, shift: new Map([...place.shift, ...shift]) }, shared };
      const words = stateAs(states[u]!, () => "raw");
      const results = k.results.slice(k.state, 2 * k.state).map(evaluate(temps, p.step, words, at));
      assignState(f, states[u]!, results, p.state);
      nan = foldedNan(results);
    });
    dispose(temps);
  };
  emitFolds(f, k, segmentForms(p.step), { size, emit });
  places.forEach((place, u) => {
    const lookup = evaluate(temps, p.done, stateAs(states[u]!, nan), { place });
    store(f, { kernel: k, out: p.out, place }, lookup(k.results[2 * k.state]!));
    dispose(temps);
  });
  dispose(kept);
}

/** The list in pieces of so many; the last may be shorter. */
export const inTurns = <T>(list: readonly T[], count: number): T[][] =>
  Array.from({ length: Math.ceil(list.length / count) }, (_, i) => list.slice(count * i, count * (i + 1)));

function map(f: Fn, p: Parts): void {
  const temps = newTemps(f);
  for (const places of inTurns(p.places, placesTogether(p.done))) {
    const lookups = evaluateTogether(
      temps,
      p.done,
      places.map((place) => ({ state: [], at: { place } })),
    );
    places.forEach((place, i) => {
      store(f, { kernel: p.k, out: p.out, place }, lookups[i]!(p.k.results[0]!));
    });
    dispose(temps);
  }
}

export function plainFunction(k: Lowered, shape: Shape): Coded {
  const f = newFunction(STAGE_PARAMETERS);
  const forms: Forms = new Map();
  const [init, step, done] = [k.results.slice(0, k.state), k.results.slice(k.state, 2 * k.state), k.results.slice(-1)];
  const p: Parts = {
    k,
    forms,
    init: prepareSegment(k, forms, { instructions: k.init, reads: k.outer, results: init }),
    step: prepareSegment(k, forms, { instructions: k.step, reads: k.inner, results: step }),
    done: prepareSegment(k, forms, { instructions: k.done, reads: k.outer, results: done }),
    out: outForm(k, forms),
    places: placesOf(shape),
    rowAxis: shape.rowAxis,
    state: stateShape(k),
  };
  emitRoots(f, forms, k.sliced);
  const loops: Loop[] = [];
  for (let axis = k.sliced ? 1 : 0; axis < k.loops.length; axis++) {
    const by = axis === shape.laneAxis ? 4 * shape.vectors : axis === shape.rowAxis ? shape.rows : 1;
    loops.push({ axis, extent: k.loops[axis]!, by });
  }
  const inParts = divided(loops);
  emitLoops(f, [...forms.values()], inParts.loops, () => (k.folds.length > 0 ? fold(f, p) : map(f, p)));
  return { fn: f, blocks: inParts.blocks };
}
