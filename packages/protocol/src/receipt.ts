import { type Address, getAddress, type Hex, isAddress } from "viem";
// The small one: pages load this file.
import * as z from "zod/mini";
import { type Claim, type ClaimDomain, claimDigest, recoverClaimSigner } from "./claim.ts";
import { LevelNotBuiltError, levelNames } from "./levels.ts";
import { type Package, packageInput, packageOutput } from "./packages.ts";
import type { Standing } from "./standing.ts";

/** A signed claim with the place where it counts: all that is needed to check it offline. */
export type Receipt = ClaimDomain & { readonly claim: Claim; readonly signature: Hex };

/** Text that is no receipt. */
export class ReceiptError extends Error {
  override readonly name = "ReceiptError";
}

const hex = (bytes: number) =>
  z
    .templateLiteral(["0x", z.string()])
    .check(z.regex(new RegExp(`^0x[0-9a-fA-F]{${2 * bytes}}$`), `must be ${bytes} bytes of hex`));
const address = z.pipe(
  z.string().check(z.refine((text) => isAddress(text, { strict: false }), "must be an address")),
  z.transform((text) => getAddress(text.toLowerCase())),
);
const amount = z.pipe(
  z.string().check(z.regex(/^\d+$/)),
  z.transform((text) => BigInt(text)),
);

const schema = z.object({
  version: z.literal(1),
  chainId: z.int().check(z.positive()),
  market: address,
  claim: z.object({
    modelRoot: hex(32),
    input: hex(32),
    output: hex(32),
    operator: address,
    requester: address,
    requestId: amount,
    fee: amount,
    coverage: amount,
    level: z.int().check(z.nonnegative()),
    parameters: hex(32),
    postBy: amount,
  }),
  signature: hex(65),
});

export const receiptToJson = ({ chainId, market, claim, signature }: Receipt): string =>
  JSON.stringify({ version: 1, chainId, market, claim, signature }, (_, value) =>
    typeof value === "bigint" ? String(value) : value,
  );

/** @throws ReceiptError that names every field that does not fit */
export function receiptFromJson(json: string): Receipt {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new ReceiptError("a receipt is JSON", { cause });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new ReceiptError(`not a receipt: ${z.prettifyError(parsed.error)}`);
  const { version: _, ...receipt } = parsed.data;
  return receipt;
}

export type Check = { readonly name: string; readonly holds: boolean; readonly words: string };

/** What the checker has beside the receipt; what is absent is not checked, and the checks say so by their absence. */
export type Evidence = {
  /** the operator's hot key or owner, from the chain or from someone trusted */
  readonly signer?: Address;
  readonly inputs?: Package;
  readonly outputs?: Package;
};

/** Checks a receipt without a network. It is good iff every check holds. */
export async function verifyReceipt(receipt: Receipt, evidence: Evidence): Promise<readonly Check[]> {
  const { claim, signature } = receipt;
  const checks: Check[] = [levelCheck(claim.level), await signatureCheck(receipt, signature, evidence.signer)];
  if (evidence.inputs)
    checks.push({
      name: "input",
      holds: packageInput(evidence.inputs) === claim.input.toLowerCase(),
      words: "the claim names exactly this input",
    });
  if (evidence.outputs)
    checks.push({
      name: "output",
      holds: packageOutput(evidence.outputs) === claim.output.toLowerCase(),
      words: "the claim names exactly this output: nothing was altered or filtered after signing",
    });
  return checks;
}

async function signatureCheck(receipt: Receipt, signature: Hex, expected: Address | undefined): Promise<Check> {
  const digest = claimDigest(receipt, receipt.claim);
  try {
    const signer = await recoverClaimSigner(receipt, receipt.claim, signature);
    const holds = expected === undefined || signer.toLowerCase() === expected.toLowerCase();
    const whose = expected === undefined ? "whose key that is only the chain can tell" : `expected ${expected}`;
    return { name: "signature", holds, words: `claim ${digest} is signed by ${signer} (${whose})` };
  } catch {
    return { name: "signature", holds: false, words: `claim ${digest} carries no valid signature` };
  }
}

function levelCheck(level: number): Check {
  try {
    return { name: "level", holds: true, words: `the claim says: ${levelNames(level).join(", ")}` };
  } catch (error) {
    if (!(error instanceof LevelNotBuiltError)) throw error;
    return { name: "level", holds: false, words: error.message };
  }
}

const time = (seconds: number): string => new Date(1000 * seconds).toISOString().replace(".000Z", "Z");

const opg = (units: bigint): string => {
  const [whole, rest] = [units / 10n ** 18n, units % 10n ** 18n];
  const decimals = String(rest).padStart(18, "0").replace(/0+$/, "");
  return `${whole}${decimals && `.${decimals}`} OPG`;
};

/** Names that people know, as far as the reader has them. */
export type Names = { readonly model?: string; readonly operator?: string };

/**
 * A receipt in words: which model, who ran it, what is proven and until when, who has seen the input.
 * @param standing undefined while the claim is not posted, or when nobody asked the chain
 */
export function describeReceipt(
  { claim, chainId }: Receipt,
  standing: Standing | undefined,
  names: Names = {},
): readonly string[] {
  const model = names.model ? `${names.model} (${claim.modelRoot})` : claim.modelRoot;
  const operator = names.operator ? `${names.operator} (${claim.operator})` : claim.operator;
  return [
    `This model gives this answer, says the operator: model ${model}.`,
    "The model's id fixes its Program, its weights, its source file and its compiler: another version has another id.",
    `It was run by ${operator} for request ${claim.requestId} of ${claim.requester} on chain ${chainId}.`,
    `Input ${claim.input} and output ${claim.output} are part of what was signed: a changed input or an altered or filtered answer does not fit this receipt.`,
    ...proofLines(claim, standing),
    "The operator saw the input in the clear, and serves it to whoever checks the claim; a dispute may publish part of the run.",
    "Nothing here says that the answer is true or good: only that this model gives it.",
  ];
}

function proofLines(claim: Claim, standing: Standing | undefined): readonly string[] {
  const stake = `${opg(claim.coverage)} go to the requester if it is proven false`;
  const levels = levelNames(claim.level);
  const signed = "Proven so far (signed): an identified key says so, and no more.";
  if (!levels.includes("optimistic")) return [signed];
  switch (standing?.status) {
    case undefined:
    case "none":
      return [signed, `Once posted (by ${time(Number(claim.postBy))}) stake is locked behind it; ${stake}.`];
    case "open":
      return [
        `Proven so far (optimistic): posted, stake is locked, anyone can challenge it until ${time(standing.quietAt)}; ${stake}.`,
        standing.pending
          ? `${standing.pending} demand(s) for its data are not answered yet; it can not become final before they are.`
          : `Unchallenged it can be final after ${time(standing.finalAfter)}.`,
      ];
    case "final":
      return ["Final (optimistic): the time to challenge has passed and nobody proved it false."];
    case "void":
      return [
        `Void: it was proven false or its data were withheld; the fee went back, and ${opg(claim.coverage)} to the requester.`,
      ];
  }
}
