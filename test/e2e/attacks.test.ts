import { toHex } from "@opengradient/commitments";
import { commitRun } from "@opengradient/dispute";
import { encodeHeader, encodeKernel, type Kernel, tensorsRoot, witnessElement } from "@opengradient/program";
import { randomFrom } from "@opengradient/program/random";
import {
  calls,
  claimDigest,
  claimStanding,
  commit,
  commitmentOf,
  domainOf,
  encodeCall,
  mined,
  ProtocolError,
  publish,
  waterfall,
} from "@opengradient/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dotOf, exponents } from "../arbiter/dotOf.ts";
import { lieOf } from "./lies.ts";
import { answer, ask, COVERAGE, honestRun, OPEN_HANDED, play, SECRET, wireOpening } from "./story.ts";
import { createWorld, OPG, publishProgram, settleIn, type World } from "./world.ts";

// Attacks of docs/invariants.md that need the real Arbiter and the real Validator.

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await settleIn(world);
});
afterAll(() => world.close());

const dot = dotOf({ n: 256, dtype: 0, fill: exponents(120, 130) });
const publishDot = () => publishProgram(world, dot.program, dot.weights);

test("malleable padding: bytes behind the last element are proven false like any other; the liar loses 3c + M", async () => {
  const model = await publishDot();
  const victim = await world.opgOf(world.address("requester"));
  const asked = await ask(world, model, dot.inputs);
  const own = honestRun(model, dot.inputs, asked);
  const { what, theirs } = lieOf("padding", own, randomFrom(1))!;
  expect(what).toMatch(/padding of result 0$/);
  const claim = await answer(world, asked, theirs, true);
  const { ending, shares } = await play(world, { claim, model, theirs, own, behaviour: OPEN_HANDED });
  expect(ending).toMatchObject({ verdict: "void" });
  expect(shares).toEqual(waterfall(COVERAGE, 10_000n * OPG));
  expect(await world.opgOf(world.address("requester"))).toBe(victim + COVERAGE);
});

test("unprovable kernel: what could not be proven in one transaction can not be published; its author loses the gas", async () => {
  const [kernel] = dot.program.kernels as [Kernel];
  const steps = 1 << 24;
  // A fold so long that no transaction could run one element of it again; and one whose operand nothing can open.
  const dear: Kernel = {
    ...kernel,
    folds: [steps],
    accesses: kernel.accesses.map((access) => ({
      ...access,
      length: steps * (access.space === 1 ? 4 : 1),
      coordinates: access.coordinates.map((at) => ({ ...at, extent: steps * (access.space === 1 ? 4 : 1) })),
    })),
  };
  const blind: Kernel = { ...kernel, accesses: kernel.accesses.map((access) => ({ ...access, index: 7 })) };
  const before = await world.opgOf(world.address("author"));
  for (const bad of [dear, blind]) {
    const origin = { weightsRoot: toHex(tensorsRoot(dot.weights)), sourceHash: SECRET, compilerHash: SECRET };
    const refused = await publish(world.writer("author"), {
      header: toHex(encodeHeader(dot.program)),
      descriptors: [toHex(encodeKernel(bad))],
      origin,
      metadata: { royaltyBps: 0, uri: "" },
    }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ProtocolError);
    expect((refused as ProtocolError).refusal).toBe("ValidatorKernel");
  }
  expect(await world.opgOf(world.address("author"))).toBe(before);
});

test("starved-gas proof: with too little gas a proof is no verdict, for or against; with enough it is one", async () => {
  await world.apart(async () => {
    const model = await publishDot();
    const asked = await ask(world, model, dot.inputs, { operator: "operator2" });
    const own = honestRun(model, dot.inputs, asked);
    const results = own.results.map((data) => Uint8Array.from(data));
    results[0]![8]! ^= 1;
    const theirs = commitRun(model.program, { inputs: own.inputs, results }, own.traceSalt);
    const claim = await answer(world, asked, theirs, true);
    const challenger = world.writer("challenger");
    const prover = challenger.wallet.account.address;
    const id = claimDigest(domainOf(world.reader), claim);
    const before = await world.opgOf(prover);
    const commitment = commitmentOf({ digest: id, kernel: 0, element: 2, prover, salt: SECRET });
    await commit(challenger, { id, commitment });
    await world.mine(2);
    const witness = toHex(
      witnessElement(model.program, 0, 2, {
        tensors: { inputs: theirs.inputs, weights: model.player.weights, results: theirs.results },
        roots: [theirs.inputRoots, model.player.weightRoots, theirs.resultRoots],
        traceSalt: theirs.traceSalt,
      }),
    );
    const proof = { kernel: 0, element: 2, salt: SECRET, witness };
    const call = calls.prove(world.deployment, { claim, opening: wireOpening(theirs), proof });
    const data = encodeCall(call);
    // Hardhat's chain tells at once of a transaction that reverted, by throwing.
    const proves = (gas: bigint) =>
      challenger.wallet
        .sendTransaction({ to: call.address, data, gas })
        .then((hash) => mined(challenger, hash))
        .then(
          ({ status }) => status === "success",
          () => false,
        );
    const enough = await world.reader.chain.estimateGas({ account: prover, to: call.address, data });
    for (const share of [40n, 50n, 60n, 70n, 80n, 90n, 95n, 98n]) {
      expect(await proves((enough * share) / 100n)).toBe(false);
      expect((await claimStanding(world.reader, claim)).status).toBe("open");
    }
    expect(await proves(enough)).toBe(true);
    expect((await claimStanding(world.reader, claim)).status).toBe("void");
    const { challenger: reward } = waterfall(COVERAGE, 10_000n * OPG);
    expect(await world.opgOf(prover)).toBe(before + reward);
  });
});
