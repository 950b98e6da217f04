import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeModelFile, encodeModelFile, importModel, publishModel } from "@opengradient/cli";
import { keccak, toHex } from "@opengradient/commitments";
import { CompileError } from "@opengradient/compiler";
import { compile, EngineError, load } from "@opengradient/engine";
import { ModelFilesError, modelOf, readModel, writeModel } from "@opengradient/node";
import { OnnxError } from "@opengradient/onnx";
import { encodeKernel, runReference, type Tensor, TensorError } from "@opengradient/program";
import { randomFrom } from "@opengradient/program/random";
import {
  approve,
  BUILT_LEVELS,
  type Claim,
  domainOf,
  post,
  postOpened,
  publish,
  type Request,
  request,
  signClaim,
  transfer,
} from "@opengradient/protocol";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { answer, ask, COVERAGE, claimOf, FEE, honestRun, wireOpening } from "./story.ts";
import { createWorld, OPG, type Published, publishOnnx, settleIn, type World } from "./world.ts";

const file = new Uint8Array(readFileSync(new URL("../../packages/models/digits/digits.onnx", import.meta.url)));
const model = importModel(file);
const blank = (): Tensor[] => [{ ...model.program.inputs[0]!, data: new Uint8Array(4 * 784) }];

describe("a file that is broken", () => {
  test("is refused as ONNX, or is another model, whatever bit was flipped", () => {
    const random = randomFrom(11);
    let refused = 0;
    for (let i = 0; i < 60; i++) {
      const at = random.oneIn(2) ? random.below(file.length) : random.below(4_000);
      const corrupted = file.with(at, file[at]! ^ (1 << random.below(8)));
      try {
        expect(importModel(corrupted).roots.modelRoot).not.toBe(model.roots.modelRoot);
      } catch (error) {
        expect(
          [OnnxError, CompileError].some((kind) => error instanceof kind),
          String(error),
        ).toBe(true);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(0);
  });

  test.each([0, 1, 100, 200_000, file.length - 1])("is refused as ONNX when it ends after %i bytes", (length) => {
    expect(() => importModel(file.slice(0, length))).toThrow(OnnxError);
  });

  const compiled = encodeModelFile(model);
  test.each([10, 600, 2_000, 100_000, compiled.length - 1])(
    "is refused as a compiled model when it ends after %i bytes",
    (length) => {
      expect(() => decodeModelFile(compiled.slice(0, length), "cut.og")).toThrow(
        /cut\.og: .*(ends within|can not be read)/,
      );
    },
  );

  test("is refused as a compiled model when its bytes give another root", () => {
    const changed = compiled.with(compiled.length - 5, compiled.at(-5)! ^ 1);
    expect(() => decodeModelFile(changed, "x.og")).toThrow(/the bytes give model 0x[0-9a-f]{64}, the file says/);
    expect(decodeModelFile(compiled, "x.og").roots).toEqual(model.roots);
  });

  test("is refused by a node when its weights are cut off or changed", () => {
    const folder = mkdtempSync(join(tmpdir(), "og-model-"));
    try {
      const { sourceHash, compilerHash } = model.roots;
      writeModel(folder, modelOf({ name: "digits", sourceHash, compilerHash }, model.program, model.weights));
      const path = join(folder, "weights.bin");
      const weights = new Uint8Array(readFileSync(path));
      writeFileSync(path, weights.slice(0, -4));
      expect(() => readModel(folder)).toThrow(ModelFilesError);
      writeFileSync(path, weights.with(9, weights[9]! ^ 1));
      expect(() => readModel(folder)).toThrow(ModelFilesError);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("an input of the wrong shape", () => {
  test("is refused by reference and engine", async () => {
    const engine = await load(await compile(model.program), model.weights);
    const [tensor] = blank();
    for (const wrong of [
      { ...tensor!, dims: [1, 1, 28, 27], data: new Uint8Array(4 * 28 * 27) },
      { ...tensor!, data: new Uint8Array(4) },
      { ...tensor!, dtype: 1 as const },
    ]) {
      expect(() => runReference(model.program, model.weights, [wrong])).toThrow(TensorError);
      expect(() => engine.run([wrong])).toThrow(EngineError);
    }
    expect(() => engine.run([])).toThrow(EngineError);
  });
});

describe("on chain", () => {
  let world: World;
  let published: Published;
  let before: string;
  const head = async () => String((await world.reader.chain.getBlock()).stateRoot);

  beforeAll(async () => {
    world = await createWorld();
    await settleIn(world);
    published = await publishOnnx(world, file);
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    before = await head();
  });

  const terms = async (changes: Partial<Request> = {}): Promise<Request> => ({
    modelRoot: published.modelRoot,
    input: toHex(keccak(Uint8Array.of(1))),
    operator: world.address("operator"),
    fee: FEE,
    coverage: COVERAGE,
    level: BUILT_LEVELS,
    parameters: world.tierHash,
    deadline: BigInt((await world.now()) + 600),
    ...changes,
  });
  /** Whatever is refused changes nothing: the state of the whole chain is the same. */
  async function refused(acting: Promise<unknown>, refusal: string): Promise<void> {
    await expect(acting).rejects.toMatchObject({ refusal });
    expect(await head()).toBe(before);
  }
  const requester = () => world.writer("requester");

  test("a request for an unknown model", async () =>
    refused(request(requester(), await terms({ modelRoot: toHex(keccak(Uint8Array.of(9))) })), "MarketModelNotOpen"));

  test("a request to nobody", async () =>
    refused(request(requester(), await terms({ operator: world.address("pool") })), "MarketOperatorUnknown"));

  test("a request whose deadline has passed", async () =>
    refused(request(requester(), await terms({ deadline: BigInt((await world.now()) - 1) })), "MarketDeadlinePassed"));

  test("a request of a level that is not built", async () =>
    refused(request(requester(), await terms({ level: 7 })), "MarketLevelNotBuilt"));

  test("a request without an allowance", () =>
    world.apart(async () => {
      await approve(requester(), { spender: world.deployment.market, amount: FEE - 1n });
      before = await head();
      await refused(request(requester(), await terms()), "ERC20InsufficientAllowance");
    }));

  test("a request without the money", () =>
    world.apart(async () => {
      const amount = (await world.opgOf(world.address("requester"))) - FEE + 1n;
      await transfer(requester(), { to: world.address("pool"), amount });
      before = await head();
      await refused(request(requester(), await terms()), "ERC20InsufficientBalance");
    }));

  test("a request with more coverage than its tier allows", async () =>
    refused(request(requester(), await terms({ coverage: 20_000n * OPG })), "MarketCoverageOutOfRange"));

  test("a model that is published already", () => refused(publishAgain(), "RegistryModelKnown"));

  async function publishAgain(): Promise<unknown> {
    const { weightsRoot, sourceHash, compilerHash } = model.roots;
    return publish(world.writer("author"), {
      header: toHex(model.header),
      descriptors: model.descriptors.map(toHex),
      origin: { weightsRoot, sourceHash, compilerHash },
      metadata: { royaltyBps: 0, uri: "" },
    });
  }

  test("a kernel that reads a result under another length", async () => {
    const [first, second, ...rest] = model.program.kernels;
    const accesses = second!.accesses.map((access) =>
      access.space === 2 ? { ...access, length: access.length - 1 } : access,
    );
    const kernels = [first!, { ...second!, accesses }, ...rest];
    const changed = { ...model, descriptors: kernels.map((kernel, k) => encodeKernel(kernel, k)) };
    const roots = { ...model.roots, modelRoot: toHex(keccak(Uint8Array.of(5))) };
    const publishing = publishModel(world.writer("author"), { ...changed, roots }, { royaltyBps: 0, uri: "" });
    await refused(publishing, "RegistryShapeDiffers");
  });

  test("an answer whose stake does not cover it", () =>
    world.apart(async () => {
      // 60,000 staked, 10,000 of it the fault bond: 50,000 cover 16,666 at three times
      const half = 8_400n * OPG;
      const [first, second] = [await bigRequest(half), await bigRequest(half)];
      await answer(world, first.asked, first.own, true);
      before = await head();
      await refused(answer(world, second.asked, second.own, true), "StakingInsufficient");
    }));

  async function bigRequest(coverage: bigint) {
    const asked = await ask(world, published, blank());
    const big = { ...asked.terms, coverage };
    const { result } = await request(requester(), big);
    const wanted = { ...asked, requestId: result, terms: big };
    return { asked: wanted, own: honestRun(published, blank(), wanted) };
  }

  test("an answer after the deadline", () =>
    world.apart(async () => {
      const asked = await ask(world, published, blank());
      const own = honestRun(published, blank(), asked);
      await world.advance(Number(asked.terms.deadline) + 1 - (await world.now()));
      before = await head();
      await refused(answer(world, asked, own, true), "MarketDeadlinePassed");
    }));

  test("a claim that is posted again", () =>
    world.apart(async () => {
      const asked = await ask(world, published, blank());
      const own = honestRun(published, blank(), asked);
      await answer(world, asked, own, true);
      before = await head();
      await refused(answer(world, asked, own, true), "MarketClaimKnown");
      // with another output it is another claim, for a request that waits no more
      const other = { ...own, outputRoot: keccak(Uint8Array.of(1)) };
      await refused(answer(world, asked, other, false), "MarketRequestUnknown");
    }));

  test.each([
    ["another chain", (domain) => ({ ...domain, chainId: 1 })],
    ["another Market", (domain) => ({ ...domain, market: "0x000000000000000000000000000000000000dEaD" as const })],
  ] as [string, (domain: ReturnType<typeof domainOf>) => ReturnType<typeof domainOf>][])(
    "a claim that was signed for %s",
    (_, elsewhere) =>
      world.apart(async () => {
        const asked = await ask(world, published, blank());
        const claim: Claim = claimOf(asked, honestRun(published, blank(), asked));
        const { account } = world.writer("operator").wallet;
        const signer = account as Parameters<typeof signClaim>[0];
        const foreign = await signClaim(signer, elsewhere(domainOf(world.reader)), claim);
        const here = await signClaim(signer, domainOf(world.reader), claim);
        before = await head();
        const { deadline } = asked.terms;
        await refused(post(requester(), { claim, deadline, signature: foreign }), "MarketNotOperator");
        await post(requester(), { claim, deadline, signature: here });
      }),
  );

  test("an opening that hashes to something else", () =>
    world.apart(async () => {
      const asked = await ask(world, published, blank());
      const own = honestRun(published, blank(), asked);
      const opening = { ...wireOpening(own), inputRoot: toHex(keccak(Uint8Array.of(4))) };
      before = await head();
      const posting = { claim: claimOf(asked, own), deadline: asked.terms.deadline, opening };
      await refused(postOpened(world.writer("operator"), posting), "DisputesSideDiffers");
    }));
});
