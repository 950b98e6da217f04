import { privateKeyToAccount } from "viem/accounts";
import { describe, expect, test } from "vitest";
import {
  BUILT_LEVELS,
  type Claim,
  claimDigest,
  decodePackage,
  describeReceipt,
  devnetParameters,
  encodePackage,
  type Package,
  PackageError,
  packageInput,
  packageOutput,
  parametersHash,
  type Receipt,
  ReceiptError,
  receiptFromJson,
  receiptToJson,
  recoverClaimSigner,
  type Standing,
  signClaim,
  verifyReceipt,
} from "../src/index.ts";

const account = privateKeyToAccount(`0x${"11".repeat(32)}`);
const other = privateKeyToAccount(`0x${"22".repeat(32)}`);
const domain = { chainId: 31_337, market: "0x00000000000000000000000000000000000000AA" } as const;
const salt = `0x${"5a".repeat(32)}` as const;

const inputs: Package = {
  salt,
  tensors: [{ dtype: 0, dims: [2, 2], data: Uint8Array.from({ length: 16 }, (_, i) => i) }],
};
const outputs: Package = { salt, tensors: [{ dtype: 2, dims: [3], data: Uint8Array.of(1, 2, 3) }] };

const claim: Claim = {
  modelRoot: `0x${"01".repeat(32)}`,
  input: packageInput(inputs),
  output: packageOutput(outputs),
  operator: account.address,
  requester: other.address,
  requestId: 7n,
  fee: 10n ** 18n,
  coverage: 25n * 10n ** 17n,
  level: BUILT_LEVELS,
  parameters: parametersHash(devnetParameters),
  postBy: 1_800_000_000n,
};

const receipt = async (): Promise<Receipt> => ({
  ...domain,
  claim,
  signature: await signClaim(account, domain, claim),
});

describe("a claim", () => {
  test("is recovered to its signer, and to another one when any field, chain or Market differs", async () => {
    const { signature } = await receipt();
    expect(await recoverClaimSigner(domain, claim, signature)).toBe(account.address);
    const changes: Partial<Claim>[] = [
      { modelRoot: claim.input },
      { input: claim.output },
      { output: claim.input },
      { operator: other.address },
      { requester: account.address },
      { requestId: 8n },
      { fee: 1n },
      { coverage: 1n },
      { level: 1 },
      { parameters: claim.input },
      { postBy: 1n },
    ];
    expect(changes.map((change) => Object.keys(change)[0])).toEqual(Object.keys(claim));
    for (const change of changes) {
      expect(claimDigest(domain, { ...claim, ...change })).not.toBe(claimDigest(domain, claim));
      expect(await recoverClaimSigner(domain, { ...claim, ...change }, signature)).not.toBe(account.address);
    }
    for (const elsewhere of [
      { ...domain, chainId: 1 },
      { ...domain, market: other.address },
    ])
      expect(await recoverClaimSigner(elsewhere, claim, signature)).not.toBe(account.address);
  });
});

describe("a package", () => {
  test("comes back as it was, and nothing shorter, longer or of another form does", () => {
    const bytes = encodePackage(inputs);
    expect(decodePackage(bytes)).toEqual(inputs);
    for (let length = 0; length < bytes.length; length++)
      expect(() => decodePackage(bytes.slice(0, length))).toThrow(PackageError);
    expect(() => decodePackage(Uint8Array.from([...bytes, 0]))).toThrow(/1 bytes follow/);
    const strange = bytes.slice();
    strange[36] = 9;
    expect(() => decodePackage(strange)).toThrow(/dtype 9/);
  });

  test("hides its tensors behind the salt, and its two sides differ", () => {
    expect(packageInput(inputs)).not.toBe(packageOutput(inputs));
    expect(packageInput({ ...inputs, salt: `0x${"5b".repeat(32)}` })).not.toBe(packageInput(inputs));
  });
});

describe("a receipt", () => {
  test("survives JSON and says what is wrong with other text", async () => {
    const held = await receipt();
    expect(receiptFromJson(receiptToJson(held))).toEqual(held);
    expect(
      receiptFromJson(
        receiptToJson(held)
          .toLowerCase()
          .replaceAll("modelroot", "modelRoot")
          .replaceAll("requestid", "requestId")
          .replaceAll("postby", "postBy")
          .replaceAll("chainid", "chainId"),
      ),
    ).toEqual(held);
    expect(() => receiptFromJson("{")).toThrow(ReceiptError);
    expect(() => receiptFromJson(receiptToJson({ ...held, signature: "0x12" }))).toThrow(/65 bytes of hex/);
    expect(() => receiptFromJson(receiptToJson(held).replace('"7"', '"-7"'))).toThrow(/requestId/);
  });

  test("is checked offline against signer, input and output", async () => {
    const held = await receipt();
    const holding = async (evidence: Parameters<typeof verifyReceipt>[1], of = held) =>
      Object.fromEntries((await verifyReceipt(of, evidence)).map(({ name, holds }) => [name, holds]));
    expect(await holding({ signer: account.address, inputs, outputs })).toEqual({
      level: true,
      signature: true,
      input: true,
      output: true,
    });
    expect(await holding({ signer: other.address })).toMatchObject({ signature: false });
    expect(await holding({ inputs: outputs, outputs: inputs })).toMatchObject({ input: false, output: false });
    expect(await holding({}, { ...held, claim: { ...claim, level: 8 } })).toMatchObject({ level: false });
    expect(await holding({}, { ...held, signature: `0x${"00".repeat(65)}` })).toMatchObject({ signature: false });
  });

  test("says what is proven at each stage, who saw the input, and never that the answer is right", async () => {
    const held = await receipt();
    const standing: Standing = {
      id: claimDigest(domain, claim),
      status: "open",
      backing: "request",
      windowEnd: 1_700_000_000,
      quietAt: 1_700_000_000,
      finalAfter: 1_700_000_060,
      pending: 0,
      parameters: devnetParameters,
    };
    const words = (at: Standing | undefined) => describeReceipt(held, at, { model: "digits 1.0" }).join("\n");
    expect(words(undefined)).toContain("an identified key says so, and no more");
    expect(words(standing)).toContain(
      "anyone can challenge it until 2023-11-14T22:13:20Z; 2.5 OPG go to the requester",
    );
    expect(words(standing)).toContain("final after 2023-11-14T22:14:20Z");
    expect(words({ ...standing, pending: 1 })).toContain("not answered yet");
    expect(words({ ...standing, status: "final" })).toContain("nobody proved it false");
    expect(words({ ...standing, status: "void" })).toContain("the fee went back");
    expect(words({ ...standing, status: "void", backing: "batch" })).not.toContain("the fee went back");
    expect(words({ ...standing, backing: "bond" })).toContain("only its operator's fault bond is behind it");
    const batch = { id: claimDigest(domain, claim), windowEnd: 1_700_000_000, released: false };
    const inBatch = (released: boolean) => describeReceipt(held, undefined, { batch: { ...batch, released } }).join();
    expect(inBatch(false)).toContain("open and challenge it until 2023-11-14T22:13:20Z");
    expect(inBatch(true)).toContain("the time to challenge has passed");
    for (const at of [undefined, standing, { ...standing, status: "final" as const }]) {
      expect(words(at)).toContain("saw the input in the clear");
      expect(words(at)).toContain("digits 1.0");
      expect(words(at)).not.toMatch(/answer is (right|correct)/);
    }
    expect(() => describeReceipt({ ...held, claim: { ...claim, level: 3 | 16 } }, undefined)).toThrow(
      /not built|are built/,
    );
  });
});
