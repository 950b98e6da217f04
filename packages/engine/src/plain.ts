/**
 * Any kernel as loops around straight-line code: scalar, or with four neighbouring indices of one axis as lanes and
 * `vectors` of them side by side. Each element keeps its own fold, in order.
 */
import { F32, type Fn, I32, newFunction, V128 } from "./emit.ts";
import { emitLoops, emitRoots, type Form, type Forms, type Loop } from "./forms.ts";
import type { Lowered } from "./lower.ts";
import type { Place } from "./reads.ts";
import {
  assignState,
  evaluate,
  foldedNan,
  outForm,
  prepareSegment,
  type Segment,
  type StateShape,
  segmentForms,
  stateAs,
  stateShape,
  store,
} from "./segment.ts";
import { dispose, newTemps, type Temps, take, type Value } from "./values.ts";

export type Shape = { readonly laneAxis: number; readonly vectors: number };

export const SCALAR: Shape = { laneAxis: -1, vectors: 1 };

type Parts = {
  readonly k: Lowered;
  readonly forms: Forms;
  readonly init: Segment;
  readonly step: Segment;
  readonly done: Segment;
  readonly out: Form;
  readonly places: readonly Place[];
  readonly state: StateShape;
};

function newState(t: Temps, { k, places, state }: Parts): Value[] {
  return Array.from({ length: k.state }, (_, j): Value => {
    const type = places[0]!.laneAxis >= 0 ? V128 : state.float[j] ? F32 : I32;
    return { kind: "local", type, index: take(t, type), nan: "raw", mask: false };
  });
}

function fold(f: Fn, p: Parts): void {
  const { k, places } = p;
  const kept = newTemps(f);
  const temps = newTemps(f);
  const states = places.map(() => newState(kept, p));
  places.forEach((place, u) => {
    const lookup = evaluate(temps, p.init, [], place);
    assignState(f, states[u]!, k.results.slice(0, k.state).map(lookup), p.state);
    dispose(temps);
  });
  let nan: (j: number) => "raw" | "dirty" = () => "raw";
  const loops = k.folds.map((extent, i): Loop => ({ axis: k.loops.length + i, extent, by: 1 }));
  emitLoops(f, segmentForms(p.step), loops, () => {
    places.forEach((place, u) => {
      const lookup = evaluate(
        temps,
        p.step,
        stateAs(states[u]!, () => "raw"),
        place,
      );
      const results = k.results.slice(k.state, 2 * k.state).map(lookup);
      nan = foldedNan(p.state, results);
      assignState(f, states[u]!, results, p.state);
      dispose(temps);
    });
  });
  places.forEach((place, u) => {
    const lookup = evaluate(temps, p.done, stateAs(states[u]!, nan), place);
    store(f, { kernel: k, out: p.out, place }, lookup(k.results[2 * k.state]!));
    dispose(temps);
  });
  dispose(kept);
}

function map(f: Fn, p: Parts): void {
  const temps = newTemps(f);
  for (const place of p.places) {
    const lookup = evaluate(temps, p.done, [], place);
    store(f, { kernel: p.k, out: p.out, place }, lookup(p.k.results[0]!));
    dispose(temps);
  }
}

export function plainFunction(k: Lowered, { laneAxis, vectors }: Shape): Fn {
  const f = newFunction([I32, I32]);
  const forms: Forms = new Map();
  const [init, step, done] = [k.results.slice(0, k.state), k.results.slice(k.state, 2 * k.state), k.results.slice(-1)];
  const places = Array.from({ length: vectors }, (_, u): Place => ({ laneAxis, shift: new Map([[laneAxis, 4 * u]]) }));
  const p: Parts = {
    k,
    forms,
    init: prepareSegment(k, forms, { instructions: k.init, reads: k.outer, results: init }),
    step: prepareSegment(k, forms, { instructions: k.step, reads: k.inner, results: step }),
    done: prepareSegment(k, forms, { instructions: k.done, reads: k.outer, results: done }),
    out: outForm(k, forms),
    places: laneAxis < 0 ? [{ laneAxis, shift: new Map() }] : places,
    state: stateShape(k),
  };
  emitRoots(f, forms, k.sliced);
  const loops: Loop[] = [];
  for (let axis = k.sliced ? 1 : 0; axis < k.loops.length; axis++) {
    loops.push({ axis, extent: k.loops[axis]!, by: axis === laneAxis ? 4 * vectors : 1 });
  }
  emitLoops(f, [...forms.values()], loops, () => (k.folds.length > 0 ? fold(f, p) : map(f, p)));
  return f;
}
