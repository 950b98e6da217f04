import type { Value } from "../builder.ts";
import { slice, stack } from "../join.ts";
import type { Body, Node } from "../node.ts";
import { register } from "../registry.ts";

/** One entry for each scan input or output: the axis that is run through, and whether from its end. */
type Way = { readonly axis: number; readonly reversed: boolean };

type Start = {
  readonly body: Body;
  readonly states: readonly Value[];
  readonly sources: readonly Value[];
  readonly ways: readonly Way[];
};

/** The body once for each step, on slices of the sources: the last states, and what each step gives besides. */
function run(node: Node, { body, states, sources, ways }: Start): { states: readonly Value[]; rows: Value[][] } {
  const [steps = 0, ...others] = new Set(sources.map((value, i) => value.dims[ways[i]!.axis]!));
  if (steps === 0 || others.length > 0) return node.refuse(`scan inputs of lengths ${[steps, ...others]}`);
  let current = states;
  const rows: Value[][] = [];
  for (let t = 0; t < steps; t++) {
    const slices = sources.map((value, i) => {
      const { axis, reversed } = ways[i]!;
      return slice(node.build, value, axis, reversed ? steps - 1 - t : t);
    });
    const made = body.lower([...current, ...slices]);
    current = made.slice(0, states.length);
    rows.push(made.slice(states.length));
  }
  return { states: current, rows };
}

function scan(node: Node): readonly Value[] {
  const body = node.body("body");
  const batched = node.opset < 9;
  const first = batched ? 1 : 0;
  if (batched && node.optional(0)) return node.refuse("sequence_lens is not supported");
  const values = Array.from({ length: body.inputs }, (_, i) => node.input(first + i));
  const scanned = node.int("num_scan_inputs");
  const count = values.length - scanned;
  if (scanned < 1 || count < 0 || body.outputs < count)
    return node.refuse(`${scanned} scan inputs of ${values.length}, a body of ${body.inputs} and ${body.outputs}`);
  const [states, sources] = [values.slice(0, count), values.slice(count)];
  if (batched) return batches(node, { body, states, sources, ways: waysOf(node, "", sources.map(rankOf)) });
  const ways = waysOf(node, "scan_input_", sources.map(rankOf));
  const last = run(node, { body, states, sources, ways });
  const out = waysOf(
    node,
    "scan_output_",
    last.rows[0]!.map((value) => value.dims.length + 1),
  );
  return [...last.states, ...out.map((way, i) => joined(node, last.rows, i, way))];
}

const rankOf = (value: Value): number => value.dims.length;

/** Output i of all steps along a new axis. */
function joined(node: Node, rows: readonly Value[][], i: number, { axis, reversed }: Way): Value {
  const parts = rows.map((row) => row[i]!);
  return stack(node.build, reversed ? parts.reverse() : parts, axis);
}

/** Before operator set 9 the first axis of everything is a batch, and the second is run through. */
function batches(node: Node, { body, states, sources, ways }: Start): readonly Value[] {
  const each = (value: Value, sample: number): Value => slice(node.build, value, 0, sample);
  const samples = Array.from({ length: sources[0]!.dims[0]! }, (_, b) => {
    const own = { states: states.map((value) => each(value, b)), sources: sources.map((value) => each(value, b)) };
    const last = run(node, { body, ...own, ways });
    const out = last.rows[0]!.map((_, i) => joined(node, last.rows, i, { axis: 0, reversed: false }));
    return [...last.states, ...out];
  });
  return samples[0]!.map((_, i) => joined(node, samples, i, { axis: 0, reversed: false }));
}

function waysOf(node: Node, prefix: string, ranks: readonly number[]): Way[] {
  const axes = (prefix && node.ints(`${prefix}axes`)) || ranks.map(() => 0);
  const directions = node.ints(`${prefix}directions`) ?? ranks.map(() => 0);
  if (axes.length !== ranks.length || directions.length !== ranks.length)
    return node.refuse(`${prefix}axes [${axes}] and ${prefix}directions [${directions}] for ${ranks.length} tensors`);
  return ranks.map((rank, i) => ({ axis: node.axis(axes[i]!, rank), reversed: directions[i] === 1 }));
}

register("Scan", scan);
