// A source with one fault in place of what it replaces, and nothing else changed.
import type { Fault } from "./mutators.ts";
import type { Source } from "./syntax.ts";

/** What stands in the place instead; a semicolon may follow a statement's. */
function written({ form, text }: Fault): string {
  switch (form) {
    case "expression":
      return `(${text})`;
    case "instead":
    case "yulExpression":
      return text;
    case "without":
      return "true";
    case "modifier":
      return "";
    case "yulWithout":
      return "{ }";
  }
}

export const textWith = ({ bytes }: Source, fault: Fault): string =>
  Buffer.concat([bytes.subarray(0, fault.start), Buffer.from(written(fault)), bytes.subarray(fault.end)]).toString();
