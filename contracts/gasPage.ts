// docs/gas.md, from what the tests measured: gas.json (test/contracts/gas.test.ts) and gas-proofs.json (test/e2e/proofs.test.ts).
import { readFileSync } from "node:fs";

/** Gas, as billed, by act. */
type Figures = Readonly<Record<string, number>>;

const figures = (name: string): Figures => JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8"));

type Row = readonly [act: string, key: string, target?: number];

const SECTIONS: readonly (readonly [title: string, rows: readonly Row[]])[] = [
  [
    "Requesters",
    [
      ["`request` (fee into escrow)", "request", 150_000],
      ["`refund` of what nobody answered", "refund"],
      ["`open` a channel", "openChannel"],
      ["`openWithAuthorization` (ERC-3009, sent by anyone)", "openWithAuthorization"],
      ["`fund` it again", "fund"],
      ["`setEnd`", "setEnd"],
      ["`withdraw` the deposit", "withdrawDeposit"],
      ["`show` a claim of a batch of 1,024", "show"],
      ["`lodge` a claim that was never posted", "lodge"],
      ["read a shown claim's bytes from a contract that has it final, beyond its calldata", "consume", 15_000],
    ],
  ],
  [
    "Operators",
    [
      ["`register`", "register"],
      ["`stake`", "stake", 120_000],
      ["`authorise` a court", "authorise"],
      ["`offer` one model", "offer"],
      ["`update`", "update"],
      ["`rotate` the hot key", "rotate"],
      ["`post` an answer", "post", 150_000],
      ["`postOpened`, with its trace", "postOpened", 150_000],
      ["`finalise` (lock free, fee shared out)", "finalise", 150_000],
      ["`post` a batch of 1", "postBatch1"],
      ["`post` a batch of 1,024", "postBatch1024", 102_400],
      ["`release` it", "release"],
      ["`redeem` 1 voucher", "redeem1"],
      ["`redeem` 100, each the first of its channel", "redeem100"],
      ["`redeem` 100 of channels redeemed before", "redeem100Again"],
      ["`thaw`", "thaw"],
      ["`withdraw` stake", "withdrawStake"],
      ["`revoke` a court", "revoke"],
    ],
  ],
  [
    "Delegators and voters",
    [
      ["`delegate`", "delegate"],
      ["`undelegate`", "undelegate"],
      ["`withdraw`", "withdrawDelegated"],
      ["`reward` a pool", "reward"],
      ["`announceCut` (operator)", "announceCut"],
      ["`sync` votes", "syncVotes"],
    ],
  ],
  [
    "Disputes",
    [
      ["`demandOpening`", "demandOpening", 120_000],
      ["`open`", "open"],
      ["`demand`", "demand", 120_000],
      ["`reveal` 256 hashes at the foot of a trace", "reveal256", 500_000],
      ["`settleOpening` (its OPG, once the claim is decided)", "settleOpening"],
      ["`expire` (void, slashed)", "expire", 250_000],
      ["`commit`", "commit", 80_000],
      ["`settleBond` (burnt)", "settleBond"],
      ["`withdraw` prices", "withdrawPrices"],
    ],
  ],
  [
    "Authors and everybody",
    [
      ["`publish` the digit model, 13 kernels", "publishDigits", 5_000_000],
      ["`deprecate`", "deprecate"],
      ["`burn` the pot", "burnPot"],
      ["`payAudits`", "payAudits"],
    ],
  ],
];

const grouped = (gas: number): string => gas.toLocaleString("en-US");

const table = (rows: readonly (readonly [string, number, number?])[]): string =>
  [
    "| act | gas | target |",
    "|---|---|---|",
    ...rows.map(([act, gas, target]) => {
      const aim = target ? `${grouped(target)}${gas > target ? ", **missed**" : ""}` : "";
      return `| ${act} | ${grouped(gas)} | ${aim} |`;
    }),
  ].join("\n");

/** @throws Error when a figure is missing or has no row: then this page would no longer say all there is */
function section(title: string, rows: readonly Row[], measured: Map<string, number>): string {
  const filled = rows.map(([act, key, target]) => {
    const gas = measured.get(key);
    if (gas === undefined)
      throw new Error(`gas.json has no ${key}: run UPDATE_GAS=1 vitest run test/contracts/gas.test.ts`);
    measured.delete(key);
    return [act, gas, target] as const;
  });
  return `## ${title}\n\n${table(filled)}\n`;
}

const proofTarget = (name: string): number | undefined => {
  if (name.includes("withheld")) return 5_000_000;
  if (/served|kernel/.test(name)) return 2_000_000;
  return name.endsWith("ordinary") ? 1_000_000 : 1_300_000;
};

export function gasPage(): string {
  const measured = new Map(Object.entries(figures("gas.json")));
  const sections = SECTIONS.map(([title, rows]) => section(title, rows, measured));
  if (measured.size > 0) throw new Error(`contracts/gasPage.ts has no row for ${[...measured.keys()].join(", ")}`);
  const proofs = Object.entries(figures("gas-proofs.json")).map(
    ([name, gas]) => [name, gas, proofTarget(name)] as const,
  );
  return `# Gas

Gas of whole transactions as billed (21,000 and calldata included), measured on an Osaka chain: the dearest of a first and a second time, since first times write to fresh slots. Written by \`npm run snapshots -- --update\` from \`contracts/gas.json\` and \`contracts/gas-proofs.json\`, which tests compare in CI (\`test/contracts/gas.test.ts\`, \`test/e2e/proofs.test.ts\`; \`UPDATE_GAS=1\` writes them). Targets are those of the issue that asked for them.

${sections.join("\n")}
## Proofs and whole disputes

One proof: \`prove\` with its verdict. A whole dispute: every transaction of every side from the first accusation to the void claim.

${table(proofs)}
`;
}
