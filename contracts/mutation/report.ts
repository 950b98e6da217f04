// docs/mutants.md
import type { Fault } from "./mutators.ts";

type Result = { readonly fault: Fault & { readonly name: string }; readonly killer: string | undefined };

export function report(
  results: readonly Result[],
  { seed, all, reasons }: { seed: string; all: number; reasons: Record<string, string> },
): string {
  const files = Map.groupBy(results, ({ fault }) => fault.path);
  const rows = [...files]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, here]) => {
      const noticed = here.filter(({ killer }) => killer).length;
      return `| \`${path}\` | ${here.length} | ${noticed} |`;
    });
  const survivors = results.filter(({ killer }) => !killer);
  const cell = (text: string) => text.replaceAll("|", "\\|");
  const reasonRows = survivors
    .map(({ fault }) => `| \`${cell(fault.name)}\` | ${reasons[fault.name] ?? "not explained yet"} |`)
    .sort();
  const noticed = results.length - survivors.length;
  return `# Mutants

Small faults planted in the money core, one at a time, and the Solidity tests run against each (forge; 12 runs of each fuzzed test, 8 walks of 64 acts for the laws). Written by \`npm run mutants -- --write\`; how: \`contracts/mutation/README.md\`.

**${noticed} of ${results.length} noticed, ${((100 * noticed) / results.length).toFixed(1)} %** (seed ${seed}, out of ${all} possible faults).

| file | faults | noticed |
|---|---|---|
${rows.join("\n")}

## Survivors

| fault | why no test can or need notice it |
|---|---|
${reasonRows.join("\n")}
`;
}
