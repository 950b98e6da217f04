// docs/mutants.md
import type { Fault } from "./mutators.ts";
import type { Part } from "./parts.ts";

type Result = { readonly fault: Fault & { readonly name: string }; readonly killer: string | undefined };

/** What came of a part's faults; `all` counts those that could have been chosen. */
export type Outcome = { readonly part: Part; readonly results: readonly Result[]; readonly all: number };

function fileRows(results: readonly Result[]): string[] {
  const files = Map.groupBy(results, ({ fault }) => fault.path);
  return [...files]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, here]) => {
      const noticed = here.filter(({ killer }) => killer).length;
      return `| \`${path}\` | ${here.length} | ${noticed} |`;
    });
}

function section({ part, results, all }: Outcome, reasons: Record<string, string>): string {
  const survivors = results.filter(({ killer }) => !killer);
  const cell = (text: string) => text.replaceAll("|", "\\|");
  const reasonRows = survivors
    .map(({ fault }) => `| \`${cell(fault.name)}\` | ${reasons[fault.name] ?? "not explained yet"} |`)
    .sort();
  const noticed = results.length - survivors.length;
  const share = ((100 * noticed) / results.length).toFixed(1);
  return `## ${part.name[0]!.toUpperCase()}${part.name.slice(1)}: ${noticed} of ${results.length} noticed, ${share} %

${part.words} Out of ${all} possible faults.

| file | faults | noticed |
|---|---|---|
${fileRows(results).join("\n")}

| survivor | why no test can or need notice it |
|---|---|
${reasonRows.join("\n")}
`;
}

export const report = (
  outcomes: readonly Outcome[],
  { seed, reasons }: { readonly seed: string; readonly reasons: Record<string, string> },
): string => `# Mutants

Small faults planted in the contracts, one at a time (seed ${seed}). Written by \`npm run mutants -- --write\`; how: \`contracts/mutation/README.md\`.

${outcomes.map((outcome) => section(outcome, reasons)).join("\n")}`;
