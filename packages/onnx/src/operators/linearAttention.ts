import type { Expr } from "@opengradient/program";
import { mergeHeads, splitHeads } from "../attention.ts";
import { plus, scale as scaled, zero } from "../broadcast.ts";
import { type Frame, type Index, type Value, view } from "../builder.ts";
import type { Node } from "../node.ts";
import { mapped, recur, type SliceKernel } from "../recurrence.ts";
import { register } from "../registry.ts";
import { fadd, float, fmul, fsub, state } from "../scalar.ts";
import { exp } from "../transcendental.ts";

const RULES = ["linear", "gated", "delta", "gated_delta"];

type Inputs = {
  /** heads of keys and values [B, G, T, d], [B, G, T, e] */
  readonly k: Value;
  readonly v: Value;
  /** e^decay [B, T, G, d or 1] */
  readonly decay: Value | undefined;
  /** [B, T, G or 1] */
  readonly beta: Value | undefined;
  /** what retrieves: k, decayed, and gated by erase_gate */
  readonly probe: Value;
};

/**
 * A state [d, e] for each head: S ← e^decay·S + k ⊗ v, and with a delta rule v ← β·(v − Sᵀ·k), S decayed already.
 * The output is scale·q·S after each step.
 */
function linearAttention(node: Node): readonly Value[] {
  const rule = node.text("update_rule", "gated_delta");
  if (!RULES.includes(rule)) return node.refuse(`update_rule ${rule} is not known`);
  node.ignore("chunk_size");
  const [H, G] = [node.int("q_num_heads"), node.int("kv_num_heads")];
  const [q, k, v] = [0, 1, 2].map((i) => splitHeads(node, node.typed(i, "f32"), i === 0 ? H : G)) as [
    Value,
    Value,
    Value,
  ];
  if (H % G !== 0 || q.dims[3] !== k.dims[3]) return node.refuse(`${H} and ${G} heads of these sizes do not fit`);
  const [past, givenDecay, beta] = [node.optional(3), node.optional(4), node.optional(5)];
  if ((givenDecay !== undefined) !== rule.startsWith("gated") || (beta !== undefined) !== rule.endsWith("delta"))
    return node.refuse(`update_rule ${rule} with these inputs`);
  const [B, , T, d, e] = [...k.dims, v.dims[3]!] as [number, number, number, number, number];
  const decay = givenDecay && decays(node, view(givenDecay, [B, T, G, givenDecay.dims[2]! / G]));
  const erase = node.optional(6);
  const probe = beta ? probeOf(node, { k, decay, erase: erase && splitHeads(node, erase, G) }) : k;
  const states = statesOf(node, { k, v, decay, beta, probe }, past);
  const scale = node.float("scale", 0) || 1 / Math.sqrt(d);
  const R = H / G;
  const y = node.build.fold("f32", [B, G, R, T, e], {
    over: [d],
    init: () => [float(0)],
    step: ({ loops: [b, g, r, t, j], folds: [i], read }) => {
      const head = plus(scaled(g!, R), r!);
      const after = { ...t!, base: states.lead };
      return [fadd(state(), fmul(read(q, [b!, head, t!, i!]), read(states.values[0]!, [after, b!, g!, i!, j!])))];
    },
    done: () => fmul(state(), float(scale)),
  });
  const last = node.build.map("f32", [B, G, d, e], ({ loops, read }) =>
    read(states.values[0]!, [{ ...zero(loops[0]!), base: T + states.lead - 1 }, ...loops]),
  );
  return [mergeHeads(node, view(y, [B, H, T, e])), last];
}

const decays = (node: Node, decay: Value): Value =>
  node.build.map("f32", decay.dims, ({ loops, read }) => exp(read(decay, loops)));

/** An entry of a value [B, T, G or 1, d or 1]. */
const gateAt = ({ read }: Frame, value: Value, index: readonly Index[]): Expr =>
  read(
    value,
    index.map((at, i) => (value.dims[i] === 1 ? zero(at) : at)),
  );

type Probe = { readonly k: Value; readonly decay: Value | undefined; readonly erase: Value | undefined };

const probeOf = (node: Node, { k, decay, erase }: Probe): Value =>
  node.build.map("f32", k.dims, (frame) => {
    const [b, g, t, i] = frame.loops as [Index, Index, Index, Index];
    const key = frame.read(k, frame.loops);
    const kept = erase ? fmul(frame.read(erase, frame.loops), key) : key;
    return decay ? fmul(gateAt(frame, decay, [b, t, g, i]), kept) : kept;
  });

function statesOf(node: Node, { k, v, decay, beta, probe }: Inputs, past: Value | undefined) {
  const [B, G, T, d] = k.dims as [number, number, number, number];
  const e = v.dims[3]!;
  // at a slice's step, heads-first tensors are read at [b, g, t, …]
  const heads = ({ loops, read }: Frame, lead: number, value: Value, at: Index): Expr =>
    read(value, [loops[1]!, loops[2]!, { ...loops[0]!, base: -lead }, at]);
  const kernels: SliceKernel[] = [];
  if (beta)
    kernels.push({
      dims: [B, G, e],
      code: ({ lead, before }) => ({
        over: [d],
        init: () => [float(0)],
        step: (frame) => {
          const [, b, g, j] = frame.loops as [Index, Index, Index, Index];
          const i = frame.folds[0]!;
          return [fadd(state(), fmul(before(frame, [b, g, i, j]), heads(frame, lead, probe, i)))];
        },
        done: (frame) => {
          const [t, b, g, j] = frame.loops as [Index, Index, Index, Index];
          const strength = view(beta, [B, T, beta.dims[2]!, 1]);
          const rate = gateAt(frame, strength, [b, { ...t, base: -lead }, g, zero(t)]);
          return fmul(rate, fsub(heads(frame, lead, v, j), state()));
        },
      }),
    });
  kernels.push({
    dims: [B, G, d, e],
    state: 0,
    code: ({ lead, before, made }) =>
      mapped((frame) => {
        const [t, b, g, i, j] = frame.loops as [Index, Index, Index, Index, Index];
        const old = before(frame, [b, g, i, j]);
        const kept = decay ? fmul(old, gateAt(frame, decay, [b, { ...t, base: -lead }, g, i])) : old;
        const written = beta ? made(frame, 0, [b, g, j]) : heads(frame, lead, v, j);
        return fadd(kept, fmul(heads(frame, lead, k, i), written));
      }),
  });
  const initial = past && (({ read }: Frame, index: readonly Index[]): Expr => read(past, index));
  return recur(node.build, { T, initial: [initial] }, kernels);
}

register("LinearAttention", linearAttention);
