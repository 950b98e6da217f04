import { action, examples, type Register } from "../command.ts";
import { CommandError, EXIT } from "../failure.ts";
import { arbiterCheck, type Check, checkEngine, type Finding, fuzz } from "../fuzz.ts";
import { printKernel } from "../model/print.ts";
import { count } from "../words.ts";

type Options = { seed: string; executor: string; for?: string; count?: string };

const CHECKS: Readonly<Record<string, () => Promise<Check>>> = {
  wasm: async () => checkEngine,
  arbiter: arbiterCheck,
};

export const fuzzCommand: Register = (og) => {
  og.command("fuzz")
    .description("Run random Programs on the reference and another executor until they differ; shrink what fails")
    .option("--seed <number>", "first seed; every seed is a Program with its data, the same on every machine", "1")
    .option("--executor <name>", Object.keys(CHECKS).join(", "), "wasm")
    .option("--for <time>", "stop after a time, as 90s, 10m or 8h (default: never)")
    .option("--count <number>", "stop after that many Programs")
    .addHelpText("after", examples("og fuzz --seed 100000 --for 10m", "og fuzz --seed 7 --count 1 --executor arbiter"))
    .action(
      action<[Options]>(async (output, options) => {
        const make = CHECKS[options.executor];
        if (!make) throw new CommandError(`--executor ${options.executor}: ${Object.keys(CHECKS).join(", ")}`);
        const seed = whole("--seed", options.seed);
        const most = options.count === undefined ? Number.POSITIVE_INFINITY : whole("--count", options.count);
        const until = performance.now() + (options.for === undefined ? Number.POSITIVE_INFINITY : time(options.for));
        const { programs, finding } = await fuzz({
          seed,
          check: await make(),
          goOn: (done) => done < most && performance.now() < until,
          onProgram: (at) => output.progress(`seed ${at}`),
        });
        const last = seed + programs - 1;
        const agreed = `${count(programs)} Programs, seeds ${seed} to ${last}: reference = ${options.executor}`;
        output.result({ programs, finding }, finding ? told(finding, options.executor) : [agreed]);
        return finding ? EXIT.no : EXIT.done;
      }),
    );
};

function told({ seed, difference, smallest }: Finding, executor: string): string[] {
  return [
    `seed ${seed}: ${difference}`,
    "",
    `the smallest Program that fails on the data of seed ${seed}:`,
    ...smallest.kernels.flatMap((kernel, k) => [`kernel ${k}`, ...printKernel(kernel)]),
    "",
    `again: og fuzz --seed ${seed} --count 1 --executor ${executor}`,
  ];
}

function whole(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new CommandError(`${option} ${text}: a whole number is needed`);
  return Number(text);
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

function time(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([smh])$/.exec(text) ?? [];
  if (unit === undefined) throw new CommandError(`--for ${text}: write a time as 90s, 10m or 8h`);
  return Number(number) * UNITS[unit]!;
}
