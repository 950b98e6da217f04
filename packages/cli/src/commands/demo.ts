import { LIES, type Lie } from "@opengradient/node";
import { action, examples, type Register } from "../command.ts";
import { audit } from "../demo/accounts.ts";
import { chooseImages } from "../demo/images.ts";
import {
  answerLines,
  auditLines,
  changedLines,
  clockLine,
  closingLine,
  openingLines,
  receiptLines,
  slashLines,
  stageLines,
  stepHead,
  stepLines,
  titleLines,
} from "../demo/show.ts";
import { buildStage, type Stage } from "../demo/stage.ts";
import { type Ending, type Plot, playStory } from "../demo/story.ts";
import { interrupted } from "../ending.ts";
import { CommandError, EXIT } from "../failure.ts";
import type { Output } from "../output.ts";
import { wholeNumber } from "./devnet.ts";

type Options = { seed: string; lie?: string };

export const demoCommand: Register = (og) => {
  og.command("demo")
    .description("Show the whole protocol on a local chain: a model, honest and false answers, and who pays for a lie")
    .option("--seed <n>", "which digits, salts and lies", "1")
    .option("--lie <kind>", `one answer only: ${LIES.join(", ")} (default: one honest answer and each lie)`)
    .addHelpText("after", examples("og demo", "og demo --seed 7 --lie middle", "og demo --lie none --json"))
    .action(
      action<[Options]>(async (output, options) => {
        const seed = wholeNumber("--seed", options.seed, 0, 1_000_000_000);
        const lies = liesOf(options.lie);
        const started = performance.now();
        output.say(...openingLines(output.paint, seed));
        // All of the stage lives in this process and ends with it.
        void interrupted().then(() => process.exit(EXIT.ended));
        const stage = await buildStage({ progress: output.progress });
        try {
          const { chain } = stage.writer("author");
          const from = await chain.getBlockNumber({ cacheTime: 0 });
          output.say(...stageLines(output.paint, stage));
          const endings = await tellAll(output, stage, plotsOf(lies, seed));
          const result = await audit(stage, endings, from);
          const took = performance.now() - started;
          const holds = result.laws.every((law) => law.holds);
          output.event({ laws: result.laws, balances: balances(result), holds, milliseconds: took }, [
            ...auditLines(output.paint, result),
            closingLine(output.paint, result, { took, withSetUp: sinceSetUp() }),
          ]);
          return holds ? EXIT.done : EXIT.no;
        } finally {
          await stage.close();
        }
      }),
    );
};

/** Milliseconds since `npm run demo` began, what it had to install and compile included; undefined without it. */
function sinceSetUp(): number | undefined {
  const started = Number(process.env["OG_STARTED"]);
  return started > 0 ? Date.now() - started : undefined;
}

function liesOf(text: string | undefined): readonly Lie[] {
  if (text === undefined) return LIES;
  const lie = LIES.find((known) => known === text);
  if (!lie) throw new CommandError(`--lie ${text}: one of ${LIES.join(", ")}`);
  return [lie];
}

function plotsOf(lies: readonly Lie[], seed: number): Plot[] {
  const images = chooseImages(seed, lies.length);
  return lies.map((lie, i) => ({
    lie,
    image: images[i]!,
    requester: i % 2 === 0 ? "requester" : "requester2",
    seed: seed + i,
  }));
}

async function tellAll(output: Output, stage: Stage, plots: readonly Plot[]): Promise<Ending[]> {
  const endings: Ending[] = [];
  for (const [i, plot] of plots.entries()) {
    if (endings.some(({ jailed }) => jailed)) await stage.restoreLiar();
    endings.push(await tellOne(output, stage, plot, i + 1));
  }
  return endings;
}

/** The digit and its answer are shown first, though they are complete only when the answer is there. */
async function tellOne(output: Output, stage: Stage, plot: Plot, number: number): Promise<Ending> {
  const { paint } = output;
  output.progress(`${plot.lie === "none" ? "Olga" : "Liam"} is asked …`);
  const lines: string[] = [];
  const ending = await playStory(stage, plot, {
    onStep: (step) => {
      lines.push(...stepLines(paint, step));
      if (output.json) output.event({ story: plot.lie, ...step });
    },
    onClock: (seconds, why) => {
      lines.push(clockLine(paint, seconds, why));
      if (output.json) output.event({ story: plot.lie, clock: seconds, why });
    },
  });
  const { receipt, outcome, shares, claimed, truth, inputRoot } = ending;
  const shades = process.stdout.isTTY === true && process.stdout.hasColors(256);
  output.event(
    {
      story: plot.lie,
      label: plot.image.label,
      receipt,
      words: ending.endWords,
      outcome,
      shares,
      claimed,
      truth,
      inputRoot,
    },
    [
      ...titleLines(paint, number, plot),
      ...answerLines(paint, plot.image, ending, shades),
      "",
      ...(plot.lie === "none" ? [...receiptLines(paint, ending), ""] : []),
      stepHead(paint),
      ...lines,
      "",
      ...slashLines(paint, ending),
      ...changedLines(ending),
      "",
    ],
  );
  return ending;
}

const balances = ({ before, after, expected }: Awaited<ReturnType<typeof audit>>) =>
  [...after.keys()].map((holder) => ({
    holder,
    before: before.get(holder),
    after: after.get(holder),
    expectedChange: expected.of(holder),
  }));
