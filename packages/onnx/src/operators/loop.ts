import { elementwise } from "../broadcast.ts";
import { constant, type Value, view } from "../builder.ts";
import { choose } from "../choose.ts";
import { fromBigInts, numbersOf } from "../elements.ts";
import { stack } from "../join.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { and } from "../scalar.ts";

const MAX_ITERATIONS = 0x10000;

const truth: Value = constant({ type: "bool", dims: [], data: Uint8Array.of(1) });

/** undefined when it depends on the model's inputs */
function knownTruth(node: Node, condition: Value): boolean | undefined {
  const known = node.build.known(condition);
  return known && numbersOf(known)[0] !== 0;
}

/**
 * The body once for each iteration. Where the condition is computed from the model's inputs, the trip count says how many, and
 * what the loop carries stays as it is from the iteration on that the condition forbids.
 */
function loop(node: Node): readonly Value[] {
  const trips = node.optional(0) && numbersOf(node.constant(0, "the trip count"))[0]!;
  const first = node.optional(1) ?? truth;
  const body = node.body("body");
  const count = body.inputs - 2;
  let carried: readonly Value[] = Array.from({ length: count }, (_, i) => node.input(i + 2));
  let condition = first;
  // what the carried values depend on; undefined while they certainly go on
  let active: Value | undefined;
  const scans: Value[][] = Array.from({ length: body.outputs - 1 - count }, () => []);
  for (let i = 0; trips === undefined || i < trips; i++) {
    const certain = knownTruth(node, condition);
    if (certain === false) break;
    if (certain === undefined) {
      if (trips === undefined) return node.refuse("how often it runs is computed from the model's inputs");
      if (scans.length > 0) return node.refuse("the length of a scan output is computed from the model's inputs");
      active = active ? both(node, active, condition) : view(condition, []);
    }
    if (i >= MAX_ITERATIONS) return node.refuse(`more than ${MAX_ITERATIONS} iterations`);
    const turn = constant(fromBigInts([BigInt(i)], []));
    const [next, ...rest] = body.lower([turn, condition, ...carried]);
    const going = active;
    carried = rest.slice(0, count).map((value, c) => (going ? choose(node, going, value, carried[c]!) : value));
    for (const [s, scan] of scans.entries()) scan.push(rest[count + s]!);
    condition = next!;
  }
  return [...carried, ...scans.map((scan) => stacked(node, scan))];
}

const both = (node: Node, a: Value, b: Value): Value =>
  elementwise(node, "bool", [a, view(b, [])], (x, y) => and(x!, y!));

function stacked(node: Node, scan: readonly Value[]): Value {
  const [first] = scan;
  if (first === undefined) return node.refuse("a scan output of no iterations has no shape");
  for (const value of scan)
    if (String(value.dims) !== String(first.dims))
      return node.refuse(`a scan output is [${first.dims}] in one iteration and [${value.dims}] in another`);
  return stack(node.build, scan, 0);
}

register("Loop", loop);
