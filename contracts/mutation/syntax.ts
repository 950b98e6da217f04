// The compiler's syntax trees of the contracts and their tests.
import { compile, sourcesOf } from "../compile.ts";

/** A node of the tree; what else it has depends on `nodeType`. */
export type Node = { readonly nodeType: string; readonly src: string; readonly [field: string]: unknown };

/** `path` is below `contracts/`. */
export type Source = { readonly path: string; readonly bytes: Buffer; readonly ast: Node };

/** The contracts and their tests, without the libraries. */
export function readSources(): Source[] {
  const sources = sourcesOf("{src,test}/**/*.sol");
  const output = compile<{ ast: Node }, never>(sources, { outputSelection: { "*": { "": ["ast"] } } });
  return [...sources].map(([path, text]) => ({
    path: path.slice("contracts/".length),
    bytes: Buffer.from(text),
    ast: output.sources[path]!.ast,
  }));
}

export const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && "nodeType" in value && "src" in value;

/** The nodes right below `node`, with the field that each is in. */
export function* childrenOf(node: Node): Generator<[field: string, child: Node]> {
  for (const [field, value] of Object.entries(node))
    for (const each of Array.isArray(value) ? value : [value]) if (isNode(each)) yield [field, each];
}

export function* walk(node: Node): Generator<Node> {
  yield node;
  for (const [, child] of childrenOf(node)) yield* walk(child);
}

/** Where a node is, in bytes of its file. */
export function spanOf(node: Node): [start: number, end: number] {
  const [start, length] = node.src.split(":").map(Number) as [number, number];
  return [start, start + length];
}

export const textOf = (source: Source, node: Node): string => source.bytes.subarray(...spanOf(node)).toString();

/** As Solidity names it, for example uint128 or int_const 7. */
export const typeOf = (node: Node): string =>
  (node["typeDescriptions"] as { typeString?: string } | undefined)?.typeString ?? "";
