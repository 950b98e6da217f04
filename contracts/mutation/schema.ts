// One source tree that holds all faults, each asleep until the block's coinbase names it.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Fault } from "./mutators.ts";
import { isNode, type Node, type Source, spanOf, walk } from "./syntax.ts";

export type Numbered = Fault & { readonly number: number };

/** The address that wakes a fault; number 0 wakes none. */
export const coinbaseOf = (number: number): string =>
  `0x${(0xfa0000000000000000000000n + BigInt(number)).toString(16).padStart(40, "0")}`;

type Edit = {
  readonly start: number;
  readonly end: number;
  readonly faults: readonly Numbered[];
  readonly word?: string;
};

const on = (fault: Numbered): string => `block.coinbase == address(uint160(${BigInt(coinbaseOf(fault.number))}))`;
const yulOn = (fault: Numbered): string => `eq(coinbase(), ${BigInt(coinbaseOf(fault.number))})`;

/** `text`: of the place, with the faults further in built in already. */
function wrap(text: string, fault: Numbered): string {
  switch (fault.form) {
    case "expression":
      return `((${on(fault)}) ? (${fault.text}) : (${text}))`;
    case "instead":
      return `if (${on(fault)}) ${fault.text}; else ${text}`;
    case "without":
      return `if (!(${on(fault)})) ${text}`;
    case "modifier":
      return `${text}_${fault.number}`;
    case "yulExpression":
      return `og_fault(${yulOn(fault)}, ${fault.text}, ${text})`;
    case "yulWithout":
      return `if iszero(${yulOn(fault)}) { ${text} }`;
  }
}

// Statements can be wrapped only once by "if … else": what removes goes inside.
const ORDER = ["modifier", "yulExpression", "yulWithout", "expression", "without", "instead"];

function apply(bytes: Buffer, edits: readonly Edit[], from: number, to: number): string {
  let text = "";
  let at = from;
  const inside = edits.filter(({ start, end }) => start >= from && end <= to);
  const outermost = inside.filter(
    (edit) => !inside.some((other) => other !== edit && other.start <= edit.start && other.end >= edit.end),
  );
  for (const edit of outermost.sort((a, b) => a.start - b.start)) {
    text += bytes.subarray(at, edit.start).toString();
    const deeper = inside.filter((other) => other !== edit && other.start >= edit.start && other.end <= edit.end);
    const own = edit.word ?? apply(bytes, deeper, edit.start, edit.end);
    const faults = [...edit.faults].sort((a, b) => ORDER.indexOf(a.form) - ORDER.indexOf(b.form));
    text += faults.reduce(wrap, own);
    at = edit.end;
  }
  return text + bytes.subarray(at, to).toString();
}

/** Functions that read the coinbase, call one that does, or are what such a function overrides, are no longer pure. */
function impure(sources: readonly Source[], faults: readonly Numbered[]): Set<number> {
  const functions = sources.flatMap((source) =>
    [...walk(source.ast)].filter(({ nodeType }) => nodeType === "FunctionDefinition").map((node) => ({ source, node })),
  );
  const changed = new Set<number>();
  for (const { source, node } of functions) {
    const [start, end] = spanOf(node);
    if (faults.some((fault) => fault.path === source.path && fault.start >= start && fault.end <= end))
      changed.add(Number(node["id"]));
  }
  for (let before = -1; before !== changed.size; ) {
    before = changed.size;
    for (const { node } of functions) {
      const id = Number(node["id"]);
      const called = [...walk(node)].some((inner) => changed.has(Number(inner["referencedDeclaration"])));
      if (called) changed.add(id);
      if (changed.has(id)) for (const base of (node["baseFunctions"] as number[] | undefined) ?? []) changed.add(base);
    }
  }
  return changed;
}

function pureEdits(source: Source, changed: ReadonlySet<number>): Edit[] {
  return [...walk(source.ast)].flatMap((node) => {
    if (
      node.nodeType !== "FunctionDefinition" ||
      node["stateMutability"] !== "pure" ||
      !changed.has(Number(node["id"]))
    )
      return [];
    const [start, end] = spanOf(node);
    const body = isNode(node["body"]) ? spanOf(node["body"])[0] : end;
    const at = source.bytes
      .subarray(start, body)
      .toString("latin1")
      .search(/\bpure\b/);
    return [{ start: start + at, end: start + at + 4, faults: [], word: "view" }];
  });
}

/** Copies of a modifier that do nothing while their fault is awake; assembly blocks get the function that chooses. */
function additions(source: Source, faults: readonly Numbered[]): { at: number; text: string }[] {
  const nodes = [...walk(source.ast)];
  const copies = faults
    .filter(({ form }) => form === "modifier")
    .map((fault) => {
      const definition = nodes.find(
        (node) => node.nodeType === "ModifierDefinition" && node["name"] === fault.original,
      )!;
      const body = source.bytes.subarray(...spanOf(definition["body"] as Node)).toString();
      return {
        at: spanOf(definition)[1],
        text: `\nmodifier ${fault.original}_${fault.number}() { if (${on(fault)}) { _; } else ${body} }\n`,
      };
    });
  const blocks = nodes.filter((node) => {
    if (node.nodeType !== "InlineAssembly") return false;
    const [start, end] = spanOf(node);
    return faults.some((fault) => fault.form === "yulExpression" && fault.start >= start && fault.end <= end);
  });
  const choosers = blocks.map((node) => ({
    at: spanOf(node["AST"] as Node)[0] + 1,
    text: " function og_fault(awake, fault, original) -> result { result := original if awake { result := fault } } ",
  }));
  return [...copies, ...choosers];
}

function rewrite(source: Source, faults: readonly Numbered[], changed: ReadonlySet<number>): string {
  const places = Map.groupBy(faults, ({ start, end }) => `${start} ${end}`);
  const edits: Edit[] = [
    ...[...places.values()].map((here) => ({ start: here[0]!.start, end: here[0]!.end, faults: here })),
    ...pureEdits(source, changed),
    ...additions(source, faults).map(({ at, text }) => ({ start: at, end: at, faults: [], word: text })),
  ];
  return apply(source.bytes, edits, 0, source.bytes.length);
}

/** Writes the tree below `folder`, as `src` and `test`. */
export function writeTree(folder: string, sources: readonly Source[], faults: readonly Numbered[]): void {
  rmSync(folder, { recursive: true, force: true });
  const changed = impure(sources, faults);
  for (const source of sources) {
    const file = join(folder, source.path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(
      file,
      rewrite(
        source,
        faults.filter(({ path }) => path === source.path),
        changed,
      ),
    );
  }
}
