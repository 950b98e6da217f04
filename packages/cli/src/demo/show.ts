/** How the demo looks. */
import type { Lie } from "@opengradient/node";
import type { Output } from "../output.ts";
import { count, duration, native, opg, padEnd, padStart, seconds, short, table, width } from "../words.ts";
import type { Audit } from "./accounts.ts";
import { ACTORS, type ActorName } from "./actors.ts";
import { type DigitImage, drawDigit, guessWords } from "./images.ts";
import { BURNT } from "./laws.ts";
import { beside, COLUMNS, rule, wrap } from "./layout.ts";
import { COVERAGE, FEE, type Stage } from "./stage.ts";
import type { Step } from "./steps.ts";
import type { Ending, Plot } from "./story.ts";

type Paint = Output["paint"];

const TITLES: Readonly<Record<Lie, readonly [title: string, about: string]>> = {
  none: ["An honest answer", "Olga runs the model as it was published. Cleo runs it again and finds nothing."],
  output: [
    "A false answer",
    "Liam runs the model and changes the answer, with the trace of the honest run posted beside it.",
  ],
  middle: [
    "A false step in the middle",
    "Liam changes one number deep inside the run and posts a trace that contains it. One proof finds it.",
  ],
  weights: [
    "Other weights than the published ones",
    "Liam runs the network with weights of half the bits: cheaper, nearly the same, and not what was paid for.",
  ],
  silent: [
    "A false answer, then silence",
    "Liam posts an answer and gives nobody the data behind it. Cleo buys the data; what is not given in time is false.",
  ],
  withhold: [
    "Data withheld",
    "Liam opens his claim when he is asked, but not the data below. The same rule holds at every depth.",
  ],
};

export function openingLines(paint: Paint, seed: number): string[] {
  const right = `seed ${seed}`;
  const title = "OpenGradient";
  const about = "A model answers for money. A lie is proven false on chain, and paid for by the liar.";
  return [
    "",
    `${paint("bold", title)}${padStart(paint("dim", right), COLUMNS - title.length)}`,
    ...wrap(about, COLUMNS),
    "",
  ];
}

export function stageLines(paint: Paint, stage: Stage): string[] {
  const { program, weights, roots } = stage.model;
  const parameters = weights.reduce((sum, { data }) => sum + data.length / 4, 0);
  const { window, answer, grace } = stage.tier;
  const actor = (name: ActorName, more: string): string[] => [ACTORS[name].name, ACTORS[name].role, more];
  return [
    paint("bold", rule("The stage")),
    "",
    ...table([
      ["chain", "a local one, started for this and thrown away afterwards; 7 contracts"],
      [
        "model",
        `digits.onnx → ${program.kernels.length} kernels, ${count(parameters)} parameters; published for ${count(stage.publishing)} gas`,
      ],
      ["", paint("dim", roots.modelRoot)],
      [
        "price",
        `${opg(FEE)} an answer; ${opg(COVERAGE)} to whoever asked if it is false, ${opg(3n * COVERAGE)} of stake behind it`,
      ],
      [
        "clocks",
        `${seconds(window)} to challenge, ${seconds(answer)} to answer, ${seconds(grace)} of grace: short, for show`,
      ],
    ]),
    "",
    ...table([
      actor("author", "gets 2.5 % of every fee"),
      actor("operator", "50,000 OPG staked"),
      actor("operator2", "100,000 OPG staked"),
      actor("requester", ""),
      actor("requester2", ""),
      actor("challenger", "earns only when a lie falls"),
    ]),
    "",
  ];
}

export const titleLines = (paint: Paint, number: number, { lie }: Plot): string[] => [
  paint("bold", rule(`${number}  ${TITLES[lie][0]}`)),
  ...wrap(TITLES[lie][1], COLUMNS),
  "",
];

const GAS_COLUMN = 9;
const WHAT_COLUMN = 46;
const MARGIN = "  ";

/** actor · what · gas · money, the money on a line of its own where it is long. */
export function stepLines(paint: Paint, { actor, what, gas, moved }: Step): string[] {
  const [first, ...rest] = wrap(what, WHAT_COLUMN);
  const used = padStart(gas === undefined ? "" : count(gas), GAS_COLUMN);
  const head = `${MARGIN}${padEnd(paint("cyan", actor), 6)}${padEnd(first!, WHAT_COLUMN)} ${paint("dim", used)}  `;
  const money = moved === "" ? [] : wrap(moved, COLUMNS - width(head));
  const more = Math.max(rest.length, money.length - 1);
  const lines = [`${head}${money[0] ?? ""}`.trimEnd()];
  for (let i = 0; i < more; i++) {
    const left = `${MARGIN}${" ".repeat(6)}${padEnd(rest[i] ?? "", WHAT_COLUMN)}`;
    lines.push(`${padEnd(left, width(head))}${money[i + 1] ?? ""}`.trimEnd());
  }
  return lines;
}

export const stepHead = (paint: Paint): string =>
  paint("dim", `${MARGIN}${padEnd("who", 6)}${padEnd("does", WHAT_COLUMN)} ${padStart("gas", GAS_COLUMN)}  money`);

export const clockLine = (paint: Paint, passed: number, why: string): string =>
  paint("yellow", `${MARGIN}${padEnd("⏵", 6)}${why}: the chain's clock is moved ${seconds(passed)} ahead`);

/** The digit, and beside it what was asked, answered and true. */
export function answerLines(paint: Paint, image: DigitImage, ending: Ending, shades: boolean): string[] {
  const { receipt, claimed, truth, plot, inputRoot } = ending;
  const operator = plot.lie === "none" ? ACTORS.operator.name : ACTORS.operator2.name;
  const lied = plot.lie !== "none";
  const right = [
    `${ACTORS[plot.requester].name} asks: what does this show?`,
    "",
    claimed
      ? `${operator} answers ${paint(lied ? "red" : "green", guessWords(claimed))}`
      : `${operator} answers, and ${paint("red", "shows the data behind it to nobody")}`,
    lied
      ? `The model says ${paint("green", guessWords(truth))}`
      : `which is what the model says, and drawn was a ${image.label}`,
    "",
    paint("dim", `request ${receipt.claim.requestId}, drawn from ${image.source}`),
    ...table([
      ["input root", short(inputRoot, 8)],
      ["signed input", short(receipt.claim.input, 8)],
      ["signed output", short(receipt.claim.output, 8)],
      ["signature", short(receipt.signature, 8)],
    ]).map((line) => paint("dim", line)),
  ];
  return beside(drawDigit(image, shades), right).map((line) => `${MARGIN}${line}`.trimEnd());
}

const paragraph = (text: string): string[] =>
  wrap(text, COLUMNS - 4).map((line, i) => `${MARGIN}${i === 0 ? "· " : "  "}${line}`);

/** Hashes and addresses of a receipt, short enough to be read. */
const legible = (text: string): string => text.replace(/0x[0-9a-f]{40,}/gi, (hex) => short(hex, 6));

export const receiptLines = (paint: Paint, { words }: Ending): string[] => [
  `${MARGIN}${paint("bold", "The receipt, in words")}`,
  ...words.flatMap((line) => paragraph(legible(line))),
];

/** What a receipt says now that it did not say when it was posted. */
export const changedLines = ({ words, endWords }: Ending): string[] =>
  endWords.filter((line) => !words.includes(line)).flatMap((line) => paragraph(legible(line)));

export function slashLines(paint: Paint, { shares, plot }: Ending): string[] {
  if (!shares) return [];
  const { total, victim, challenger, burn } = shares;
  const part = (amount: bigint, whom: string) => `${opg(amount)} ${whom}`;
  const text = `Slashed: ${opg(total)} of ${ACTORS.operator2.name}'s stake. ${[
    part(victim, `to ${ACTORS[plot.requester].name}, whose fee came back too`),
    part(challenger, `to ${ACTORS.challenger.name}`),
    part(burn, "burnt"),
  ].join(", ")}.`;
  return wrap(text, COLUMNS - 4).map((line) => `${MARGIN}${paint("magenta", line)}`);
}

const signed = (value: bigint): string => (value > 0n ? "+" : "") + opg(value).replace(" OPG", "");
const plain = (value: bigint): string => opg(value).replace(" OPG", "");

/** Every balance before and after, and the law that it was held against. */
export function auditLines(paint: Paint, { before, after, spent, expected, laws }: Audit): string[] {
  const roles = new Map(Object.values(ACTORS).map(({ name, role }) => [name as string, role as string]));
  const contract: Readonly<Record<string, string>> = {
    Staking: "contract, holds stake",
    Market: "contract, fees to burn and for audits",
    Disputes: "contract, bonds and prices",
  };
  const rows = [...after.keys()].map((holder) => {
    const change = after.get(holder)!.opg - before.get(holder)!.opg;
    const { gas = 0n, paid = 0n, received = 0n } = spent.get(holder) ?? {};
    const coin = received - paid - gas;
    return [
      holder,
      roles.get(holder) ?? contract[holder] ?? "",
      plain(before.get(holder)!.opg),
      signed(change),
      change === expected.of(holder) ? paint("green", "✓") : paint("red", `✗ ${signed(expected.of(holder))}`),
      coin === 0n ? "" : `−${native(-coin)}`.replace("−−", "+"),
    ];
  });
  const burnt = expected.of(BURNT);
  rows.push([BURNT, "gone for good", "", signed(burnt), "", ""]);
  return [
    paint("bold", rule("The books")),
    "",
    ...table([["", "", "OPG before", "change", "", "gas and prices"], ...rows], [2, 3, 5]).map(
      (line) => `${MARGIN}${line}`,
    ),
    "",
    ...laws.map(({ law, holds, found }) =>
      holds ? `${MARGIN}${paint("green", "✓")} ${law}` : `${MARGIN}${paint("red", "✗")} ${law}: ${found}`,
    ),
    "",
  ];
}

type Times = { readonly took: number; readonly withSetUp: number | undefined };

export function closingLine(paint: Paint, { laws }: Audit, { took, withSetUp }: Times): string {
  const broken = laws.filter(({ holds }) => !holds).length;
  const time = `${duration(took)}${withSetUp === undefined ? "" : `, ${duration(withSetUp)} with set-up`}.`;
  return broken === 0
    ? `${paint("green", "All as the laws say.")} ${time}`
    : `${paint("red", `${broken} of ${laws.length} laws do not hold.`)} ${time}`;
}
