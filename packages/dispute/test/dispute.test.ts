import {
  concatBytes,
  hashAt,
  keccak,
  leafCount,
  listHeight,
  listRootFrom,
  tensorHeight,
  tensorRoot,
  treeRoot,
} from "@opengradient/commitments";
import { perLeaf, resultElements, runReference, widthOf } from "@opengradient/program";
import { describe, expect, test } from "vitest";
import { type CommittedRun, commitRoots, depthOf } from "../src/index.ts";
import { actsOn, type Behaviour, commitToy, honestly, NO_PROOF, type Played, play, traceSalt } from "./play.ts";
import { falseSlice, type Random, randomOf, randomToy, recurrentToy, type Toy } from "./toys.ts";

const withheld: Behaviour = { opens: true, answers: true };

/** Flips one bit of one provable element of one result, sometimes in the padding. */
function lieOf(random: Random, toy: Toy): { results: Uint8Array[]; kernel: number } {
  const kernel = random(toy.program.kernels.length);
  const { outType } = toy.program.kernels[kernel]!;
  const width = widthOf(outType);
  const elements = resultElements(toy.program.kernels[kernel]!);
  const provable = Math.ceil(elements / perLeaf(outType)) * perLeaf(outType);
  const element = random(3) === 0 ? random(provable) : random(elements);
  const padded = new Uint8Array(width * (element < elements ? elements : provable));
  padded.set(toy.results[kernel]!);
  padded[element * width + random(width)]! ^= 1 << random(8);
  return { results: toy.results.map((data, k) => (k === kernel ? padded : data)), kernel };
}

/** One path: the opening, the trace or the outputs, the tensor's heights, a leaf. */
function pathBound({ program }: Toy, kernel: number): number {
  const leaves = leafCount(resultElements(program.kernels[kernel]!) * widthOf(program.kernels[kernel]!.outType));
  return 2 + listHeight(program.kernels.length) + tensorHeight(leaves);
}

const proven = ({ court }: Played) => expect(court.ending).toBe("proven");

describe("an honest claim", () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])("seed %i is right, however its data are had", (seed) => {
    const toy = randomToy(seed);
    for (const behaviour of [honestly, { ...honestly, posted: true }, { ...withheld, givesInput: true }, withheld]) {
      const { last, court, acts } = play(toy, commitToy(toy), behaviour);
      expect(last).toMatchObject({ kind: "none", verdict: "right" });
      expect(court.status).toBe("open");
      expect(acts.some(({ kind }) => kind === "commit" || kind === "expire")).toBe(false);
    }
    expect(play(toy, commitToy(toy), honestly).demands).toBe(0);
  });
});

describe("a false claim", () => {
  test.each(Array.from({ length: 60 }, (_, i) => i))("lie %i falls to one path", (seed) => {
    const random = randomOf(1000 + seed);
    const toy = randomToy(seed, { kernels: 4 + random(6) });
    const { results, kernel } = lieOf(random, toy);
    const theirs = commitToy(toy, results);
    const posted = play(toy, theirs, { ...honestly, posted: true });
    proven(posted);
    expect(posted.demands).toBe(0);
    const closed = play(toy, theirs, { ...withheld, posted: true, givesInput: true });
    proven(closed);
    expect(closed.demands).toBeLessThanOrEqual(pathBound(toy, kernel));
    expect(closed.demands).toBeLessThanOrEqual(closed.quoted.most.length);
  });

  test.each([3, 4, 5, 6])("seed %i: a lie that goes on through later kernels", (seed) => {
    const toy = randomToy(seed, { kernels: 8 });
    const results = toy.results.map((data, k) => (k === seed % 3 ? data.map((byte) => byte ^ 128) : data));
    const other = runReference(
      toy.program,
      toy.weights,
      toy.inputs.map((x) => ({ ...x, data: x.data.map((b) => b ^ 1) })),
    );
    const mixed = results.map((data, k) => (k > 3 ? other[k]! : data));
    proven(play(toy, commitToy(toy, mixed), { ...honestly, posted: true }));
    proven(play(toy, commitToy(toy, mixed), { ...withheld, posted: true, givesInput: true }));
  });

  test.each([0, 1, 20, 62])(
    "a recurrence that is false from slice %i on is caught there, in its second member",
    (t) => {
      const toy = recurrentToy(5, 64);
      const theirs = commitToy(toy, falseSlice(toy, 64, t));
      for (const behaviour of [honestly, withheld]) {
        const played = play(toy, theirs, { ...behaviour, posted: true, givesInput: true });
        proven(played);
        expect(played.last).toMatchObject({ kernel: 2, element: 3 * t });
        expect(played.demands).toBeLessThanOrEqual(played.quoted.most.length);
      }
    },
  );

  test("output false: one demand for the opening, then one proof, when nodes are served", () => {
    const toy = randomToy(11);
    const last = toy.program.kernels.length - 1;
    const results = toy.results.map((data, k) => (k === last ? data.map((byte) => byte ^ 64) : data));
    const played = play(toy, commitToy(toy, results), honestly);
    proven(played);
    expect(played.demands).toBe(1);
  });

  test("every input must be bought: the claim still falls", () => {
    const toy = randomToy(12, { length: 300 });
    const { results } = lieOf(randomOf(12), toy);
    const played = play(toy, commitToy(toy, results), { ...withheld, posted: true });
    proven(played);
    expect(played.acts.some(({ kind }) => kind === "run")).toBe(true);
    expect(played.demands).toBeLessThanOrEqual(played.quoted.most.length);
  });

  test("a trace of more than 256 kernels and a tensor of more than 256 leaves", () => {
    const toy = randomToy(21, { kernels: 270, length: 72 });
    for (let seed = 0; seed < 6; seed++) {
      const { results, kernel } = lieOf(randomOf(seed), toy);
      const played = play(toy, commitToy(toy, results), { ...withheld, posted: true, givesInput: true });
      proven(played);
      expect(played.demands).toBeLessThanOrEqual(pathBound(toy, kernel));
    }
    const long = randomToy(22, { kernels: 3, length: 3 * 64 * 100 });
    for (let seed = 0; seed < 4; seed++) {
      const { results, kernel } = lieOf(randomOf(seed), long);
      const played = play(long, commitToy(long, results), { ...withheld, posted: true, givesInput: true });
      proven(played);
      expect(played.demands).toBeLessThanOrEqual(pathBound(long, kernel));
    }
  });
});

test("a challenger whose own executor is wrong puts no bond behind it", () => {
  const toy = randomToy(7);
  const { results } = lieOf(randomOf(7), toy);
  const wrong = results.map((data, k) => data.subarray(0, toy.results[k]!.length));
  const changed = wrong.some((data, k) => data.some((byte, i) => byte !== toy.results[k]![i]));
  expect(changed).toBe(true);
  const played = play(toy, commitToy(toy), { ...honestly, posted: true, ours: commitToy(toy, wrong) });
  expect(played.last).toMatchObject({ kind: "none", verdict: "broken" });
  expect(played.acts.some(({ kind }) => kind === "commit")).toBe(false);
});

test("an honest claim whose operator let somebody's demand pass stays right for us", () => {
  const toy = randomToy(9);
  const theirs = commitToy(toy);
  const { court } = play(toy, theirs, honestly);
  court.demand({ object: 0, tensor: 0, j: 0, i: 0 }, NO_PROOF);
  court.now += 10_000;
  expect(actsOn(toy, court, theirs)).toMatchObject([{ kind: "none", verdict: "right" }]);
});

describe("closed or garbled data", () => {
  const toy = randomToy(31);
  const wrong = toy.results.map((data, k) => (k === toy.results.length - 1 ? data.map((byte) => byte ^ 1) : data));
  const garbage = keccak(Uint8Array.of(9));

  test("silence falls at depth 0", () => {
    const { court, demands } = play(toy, commitToy(toy, wrong), { givesInput: true });
    expect(court.ending).toBe("expired at depth 0");
    expect(demands).toBe(1);
  });

  test("an output without a preimage falls at depth 0", () => {
    const { court } = play(toy, commitToy(toy), { ...honestly, opens: false }, { outputRoot: garbage });
    expect(court.ending).toBe("expired at depth 0");
  });

  test("data withheld below the opening fall at depth 6", () => {
    const { court } = play(toy, commitToy(toy, wrong), { opens: true, givesInput: true });
    expect(court.ending).toBe("expired at depth 6");
  });

  test("a trace root, an output root and an input root that nobody can open fall where they hang", () => {
    for (const given of [{ traceRoot: garbage }, { outputRoot: garbage }, { inputRoot: garbage }]) {
      const behaviour = { ...honestly, posted: true, givesInput: !("inputRoot" in given) };
      const { court } = play(toy, commitToy(toy), behaviour, given);
      expect(court.ending).toBe(`expired at depth ${"inputRoot" in given ? 1 : 6}`);
    }
  });

  test("an input list of another length falls at depth 1", () => {
    const theirs = commitToy(toy);
    const inputRoot = listRootFrom(2, treeRoot(concatBytes([hashAt(theirs.inputRoots, 0), garbage])));
    const { court } = play(toy, theirs, { opens: true, answers: true, served: true }, { inputRoot });
    expect(court.ending).toBe("expired at depth 1");
  });

  test("a tensor root that nobody can open falls where it hangs", () => {
    const theirs = misshape(toy, 0, garbage);
    const { court } = play(toy, theirs, { ...honestly, posted: true });
    expect(court.ending).toMatch(/^expired at depth [78]$/);
  });
});

/** A run in which one result's tensorRoot is replaced. */
function misshape(toy: Toy, kernel: number, root: Uint8Array): CommittedRun {
  const honest = commitToy(toy);
  const resultRoots = honest.resultRoots.slice();
  resultRoots.set(root, 32 * kernel);
  return commitRoots(toy.program, honest, { traceSalt, inputRoots: honest.inputRoots, resultRoots });
}

describe("a wrong shape", () => {
  const toy = randomToy(41);
  const shape = { dtype: 3, elements: 5, root: keccak(Uint8Array.of(5)) };
  const root = tensorRoot(shape.dtype, shape.elements, shape.root);

  test.each([0, 3, 5])("of result %i is proven when its preimage is known, and expires when not", (kernel) => {
    const theirs = misshape(toy, kernel, root);
    proven(play(toy, theirs, { ...honestly, posted: true, shapes: new Map([[`5/${kernel}`, shape]]) }));
    expect(play(toy, theirs, { ...honestly, posted: true }).court.ending).toMatch(/^expired/);
  });

  test("of an input is proven on a kernel that reads it", () => {
    const honest = commitToy(toy);
    const theirs = commitRoots(toy.program, honest, { traceSalt, inputRoots: root, resultRoots: honest.resultRoots });
    const behaviour = { opens: true, answers: true, served: true, posted: true };
    const shapes = new Map([["4/0", shape]]);
    proven(play(toy, theirs, { ...behaviour, shapes }));
    expect(play(toy, theirs, behaviour).court.ending).toMatch(/^expired/);
  });

  test("a claimed preimage that does not hash to the root is ignored", () => {
    const shapes = new Map([["5/0", { ...shape, elements: 6 }]]);
    expect(play(toy, misshape(toy, 0, root), { ...honestly, posted: true, shapes }).court.ending).toMatch(/^expired/);
    expect(play(toy, commitToy(toy), { ...honestly, posted: true, shapes }).last).toMatchObject({ verdict: "right" });
  });
});

test("depth of a position counts from the opening", () => {
  const { program } = randomToy(41);
  expect(depthOf(program, { object: 0, tensor: 0, j: 0, i: 0 })).toBe(0);
  expect(depthOf(program, { object: 1, tensor: 0, j: 1, i: 0 })).toBe(6);
  expect(depthOf(program, { object: 2, tensor: 0, j: 1, i: 0 })).toBe(1);
});

// An operator and a requester who show the input to nobody: law 5 must hold for those who have the chain only.
test.each(Array.from({ length: 30 }, (_, seed) => seed))(
  "a lie falls to a challenger that comes in the last second and holds nothing, seed %i",
  (seed) => {
    const toy = randomToy(seed);
    const { results } = lieOf(randomOf(seed), toy);
    const theirs = commitToy(toy, results);
    const { court, demands } = play(toy, theirs, { opens: true, answers: true, late: true });
    expect(court.status).toBe("void");
    expect(demands).toBeGreaterThan(2);
  },
);
