import type { Value } from "./builder.ts";
import type { Node } from "./node.ts";

/**
 * Lowers a node to kernels and returns its outputs (fewer than the node names when the others have no meaning here).
 * Element types and shapes of outputs follow from what is built; attributes that it does not read are refused.
 */
export type Lower = (node: Node) => Value | readonly Value[];

const operators = new Map<string, Lower>();
const key = (domain: string, operator: string): string => (domain === "" ? operator : `${domain}:${operator}`);

/** Called once by each file in operators/. */
export function register(operator: string, lower: Lower, domain = ""): void {
  if (operators.has(key(domain, operator))) throw new Error(`operator ${operator} is registered twice`);
  operators.set(key(domain, operator), lower);
}

export const lowerOf = (domain: string, operator: string): Lower | undefined => operators.get(key(domain, operator));

export const operatorNames = (): readonly string[] => [...operators.keys()].sort();
