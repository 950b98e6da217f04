import type { Value } from "../builder.ts";
import { slice, stack } from "../join.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";

/** One entry for each scan input or output: the axis that is run through, and whether from its end. */
type Way = { readonly axis: number; readonly reversed: boolean };

/** The body once for each step, on slices of the scan inputs. */
function scan(node: Node): readonly Value[] {
  if (node.opset < 9) return node.refuse("Scan with a batch axis, as before operator set 9, is not supported");
  const body = node.body("body");
  const values = node.inputs();
  const scanned = node.int("num_scan_inputs");
  const states = values.length - scanned;
  if (scanned < 1 || states < 0 || body.inputs !== values.length || body.outputs < states)
    return node.refuse(`${scanned} scan inputs of ${values.length}, a body of ${body.inputs} and ${body.outputs}`);
  const sources = values.slice(states);
  const ways = waysOf(
    node,
    "input",
    sources.map((value) => value.dims.length),
  );
  const [steps = 0, ...others] = new Set(sources.map((value, i) => value.dims[ways[i]!.axis]!));
  if (steps === 0 || others.length > 0) return node.refuse(`scan inputs of lengths ${[steps, ...others]}`);
  let state = values.slice(0, states);
  const rows: (readonly Value[])[] = [];
  for (let t = 0; t < steps; t++) {
    const slices = sources.map((value, i) => {
      const { axis, reversed } = ways[i]!;
      return slice(node.build, value, axis, reversed ? steps - 1 - t : t);
    });
    const made = body.lower([...state, ...slices]);
    state = made.slice(0, states);
    rows.push(made.slice(states));
  }
  const out = waysOf(
    node,
    "output",
    rows[0]!.map((value) => value.dims.length + 1),
  );
  const joined = out.map(({ axis, reversed }, i) => {
    const parts = rows.map((row) => row[i]!);
    return stack(node.build, reversed ? parts.reverse() : parts, axis);
  });
  return [...state, ...joined];
}

function waysOf(node: Node, kind: "input" | "output", ranks: readonly number[]): Way[] {
  const axes = node.ints(`scan_${kind}_axes`) ?? ranks.map(() => 0);
  const directions = node.ints(`scan_${kind}_directions`) ?? ranks.map(() => 0);
  if (axes.length !== ranks.length || directions.length !== ranks.length)
    return node.refuse(`scan_${kind}_axes [${axes}] and directions [${directions}] for ${ranks.length} scan ${kind}s`);
  return ranks.map((rank, i) => ({ axis: node.axis(axes[i]!, rank), reversed: directions[i] === 1 }));
}

register("Scan", scan);
