import { elementTypes, OUTSIDE, operatorNames, outsideOperators } from "@opengradient/onnx";
import { action, examples, type Register } from "../command.ts";
import { type ConformanceReport, conformance } from "../conformance.ts";
import { EXIT } from "../failure.ts";
import { table } from "../words.ts";
import { wasmExecutor } from "./conformance.ts";

type Options = { cases?: string; markdown?: boolean };

type Operator = {
  readonly name: string;
  /** cases that hold it, where cases were run */
  readonly passed?: number;
  readonly all?: number;
};

export const supportCommand: Register = (og) => {
  og.command("support")
    .description("What of ONNX can be imported: operators, element types, and what no Program can be")
    .option("--cases <dir>", "run ONNX's test cases and count them by operator")
    .option("--markdown", "as the page docs/operators.md")
    .addHelpText("after", examples("og support", "og support --markdown --cases onnx-tests > docs/operators.md"))
    .action(
      action<[Options]>(async (output, { cases, markdown }) => {
        const report = cases === undefined ? undefined : await conformance({ dir: cases, executor: wasmExecutor });
        const operators = operatorNames().map((name) => ({ name, ...countsOf(name, report) }));
        const outside = outsideOperators().map(([name, kind]) => ({ name, kind, why: OUTSIDE[kind] }));
        const totals = report && { ...report.totals, outside: report.outside };
        const lines = markdown ? page(operators, report) : words(operators);
        output.result({ operators, outside, types: elementTypes(), ...(totals && { totals }) }, lines);
        return EXIT.done;
      }),
    );
};

function countsOf(name: string, report: ConformanceReport | undefined): Omit<Operator, "name"> {
  if (!report) return {};
  const held = report.cases.filter(({ operators }) => operators.includes(name));
  return { passed: held.filter(({ status }) => status === "passed").length, all: held.length };
}

const counts = ({ passed, all }: Operator): string => (all ? `${passed} / ${all}` : "");

function words(operators: readonly Operator[]): string[] {
  return [
    `${operators.length} operators`,
    ...table(operators.map((operator) => [operator.name, counts(operator)])),
    "",
    "refused, or folded where what they are given is constant",
    ...table(outsideOperators().map(([name, kind]) => [name, `${kind}: ${OUTSIDE[kind]}`])),
    "",
    "element types, and what they are held as",
    ...table(elementTypes().map(({ name, held }) => [name, held])),
  ];
}

const row = (...cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

function page(operators: readonly Operator[], report: ConformanceReport | undefined): string[] {
  const supported = new Set(operators.map(({ name }) => name));
  return [
    "# Operators",
    "",
    "Made by `npm run og -- support --markdown --cases DIR`, from the importer's registry and ONNX's backend test cases. An operator's count is of the cases whose model holds it.",
    "",
    ...(report ? [...totals(report), ""] : []),
    "## Imported",
    "",
    row("operator", "cases passed"),
    row("---", "---"),
    ...operators.map((operator) => row(`\`${operator.name}\``, counts(operator))),
    "",
    "Functions with a body, the model's own among them, are expanded. Attributes and types that an operator does not serve are refused with node and reason.",
    "",
    "## What no Program can be",
    "",
    row("what", "why", "operators"),
    row("---", "---", "---"),
    ...Object.entries(OUTSIDE).map(([kind, why]) =>
      row(
        kind,
        why,
        outsideOperators()
          .flatMap(([name, of]) =>
            of === kind ? [`\`${name}\`${supported.has(name) ? " (but of constants)" : ""}`] : [],
          )
          .join(", "),
      ),
    ),
    "",
    "## Element types",
    "",
    row("ONNX", "held as"),
    row("---", "---"),
    ...elementTypes().map(({ name, held }) => row(name, held)),
    "",
    "Wider and narrower floats are held and computed with as f32: values of a narrower format are exact, `Cast` to one and outputs of one round to it, doubles are rounded when they are read. 16-bit integers wrap at 16 bits. 64-bit integers that are known at import are exact; those that depend on inputs are computed with in 32 bits, and must fit there when they come in.",
  ];
}

function totals({ totals: { passed, all, failed, refused }, outside }: ConformanceReport): string[] {
  const kinds = Object.entries(outside).sort(([, a], [, b]) => b - a);
  const why = kinds.map(([kind, count]) => `${count} ${kind}`).join(", ");
  return [
    `${passed} of ${all} cases pass (${((100 * passed) / all).toFixed(1)} %), ${failed} give a wrong answer, ${refused} are refused; of these no Program can be: ${why}.`,
  ];
}
