import { zero } from "../broadcast.ts";
import type { Value } from "../builder.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { ilt, int, isub, loop, select } from "../scalar.ts";

/** The first sequence_lens[b] steps of each sequence in reverse order, the rest as it is. */
function reverseSequence(node: Node): Value {
  const [x, lengths] = [node.input(0), node.typed(1, "i64", "i32")];
  const [batch, time] = [node.int("batch_axis", 1), node.int("time_axis", 0)];
  if (x.dims.length < 2 || batch + time !== 1 || batch * time !== 0)
    return node.refuse(`batch_axis ${batch} and time_axis ${time} of [${x.dims}]`);
  if (String(lengths.dims) !== String([x.dims[batch]]))
    return node.refuse(`sequence_lens [${lengths.dims}] for [${x.dims}]`);
  return node.build.map(x.type, x.dims, ({ loops, read, readAt }) => {
    const length = read(lengths, [loops[batch]!]);
    const step = loop(time);
    const from = select(ilt(step, length), isub(isub(length, step), int(1)), step);
    return readAt(x, loops.with(time, zero(loops[time]!)), time, from);
  });
}

register("ReverseSequence", reverseSequence);
