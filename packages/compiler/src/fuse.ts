/**
 * Views compose into their readers' boxes; a map joins the `done` of the kernel that it is the only reader of; maps join maps.
 * In kernel order, until nothing more can be joined.
 */
import {
  type Access,
  costOf,
  type Draft,
  DraftError,
  factsOf,
  type Kernel,
  MAX_BYTES,
  MAX_GAS,
  type ProgramFacts,
  segments,
  toDraft,
  toKernel,
  visit,
} from "@opengradient/program";
import { copiedLoad, inlineRead, sameAccess } from "./inline.ts";
import { isRecurrent, type Module } from "./module.ts";

type Work = {
  readonly drafts: Draft[];
  readonly labels: string[];
  readonly facts: ProgramFacts;
  /** by result: the kernels that read it */
  readonly readers: Set<number>[];
  readonly outputs: ReadonlySet<number>;
  readonly recurrent: readonly boolean[];
};

export function fuse(module: Module): Module {
  const { program } = module;
  const drafts = program.kernels.map(toDraft);
  const work: Work = {
    drafts,
    labels: [...module.labels],
    facts: factsOf(program),
    readers: drafts.map(() => new Set<number>()),
    outputs: new Set(program.outputs.map(({ kernel }) => kernel)),
    recurrent: program.kernels.map(isRecurrent),
  };
  for (const [k, d] of drafts.entries()) for (const { index } of resultReads(d)) work.readers[index]!.add(k);
  for (const k of drafts.keys()) while (joinOne(work, k));
  const kernels = drafts.map(toKernel);
  return { ...module, program: { ...program, kernels }, labels: work.labels };
}

/** "conv1 + relu1", or only the ends of a longer chain. */
function joinedLabel(writer: string, reader: string): string {
  const parts = [...new Set([...writer.split(/ \+ | … /), ...reader.split(/ \+ | … /)])];
  return parts.length <= 3 ? parts.join(" + ") : `${parts[0]} … ${parts.at(-1)}`;
}

/** The distinct accesses to results. */
export function resultReads(d: Draft): Access[] {
  const found: Access[] = [];
  visit(segments(d), (e) => {
    if (e.kind === "load" && e.access.space === 2 && !found.some((a) => sameAccess(a, e.access))) found.push(e.access);
  });
  return found;
}

function joinOne(work: Work, k: number): boolean {
  const reader = work.drafts[k]!;
  const reads = resultReads(reader);
  for (const access of reads) {
    const writer = work.drafts[access.index]!;
    if (work.recurrent[k] || work.recurrent[access.index]) continue;
    const alone =
      work.readers[access.index]!.size === 1 &&
      !work.outputs.has(access.index) &&
      reads.filter((a) => a.index === access.index).length === 1;
    if (!alone && copiedLoad(writer) === undefined) continue;
    const joined = inlineRead(reader, access, writer);
    if (joined === undefined || !pays(work.facts, k, { reader, writer, joined })) continue;
    replaceReader(work, k, joined);
    if (copiedLoad(writer) === undefined) work.labels[k] = joinedLabel(work.labels[access.index]!, work.labels[k]!);
    return true;
  }
  return false;
}

/** What no one reads any more stops counting as a reader itself. */
function replaceReader(work: Work, k: number, joined: Draft): void {
  const before = resultReads(work.drafts[k]!).map((a) => a.index);
  const after = resultReads(joined).map((a) => a.index);
  work.drafts[k] = joined;
  for (const p of after) work.readers[p]!.add(k);
  for (const p of before) if (!after.includes(p)) forget(work, p, k);
}

function forget(work: Work, p: number, k: number): void {
  work.readers[p]!.delete(k);
  if (work.readers[p]!.size > 0 || work.outputs.has(p)) return;
  for (const { index } of resultReads(work.drafts[p]!)) forget(work, index, p);
}

type Join = { readonly reader: Draft; readonly writer: Draft; readonly joined: Draft };

/**
 * Joined kernels keep the encoding's limits and the budgets (unless a part was over budget before: splitting comes later),
 * keep a dot rate that the reader had, and a view must not more than double what proving an element costs.
 */
function pays(facts: ProgramFacts, k: number, { reader, writer, joined }: Join): boolean {
  let kernel: Kernel;
  try {
    kernel = toKernel(joined);
  } catch (cause) {
    if (cause instanceof DraftError) return false;
    throw cause;
  }
  const [cost, before, other] = [
    costOf(facts, k, kernel),
    costOf(facts, k, toKernel(reader)),
    costOf(facts, k, toKernel(writer)),
  ];
  if (before.dot && !cost.dot) return false;
  const over = (c: { gas: number; bytes: number }): boolean => c.gas > MAX_GAS || c.bytes > MAX_BYTES;
  if (over(cost) && !over(before) && !over(other)) return false;
  return copiedLoad(writer) === undefined || cost.gas <= 2 * before.gas;
}
