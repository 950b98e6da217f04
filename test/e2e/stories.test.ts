import { readFileSync } from "node:fs";
import { disputesAbi, stakingAbi } from "@opengradient/bindings";
import { keccak, toHex } from "@opengradient/commitments";
import { type CommittedRun, commitRun } from "@opengradient/dispute";
import { compile, load } from "@opengradient/engine";
import { type Tensor, witnessElement } from "@opengradient/program";
import {
  claimDigest,
  claimStanding,
  commit,
  commitmentOf,
  delegateHeldVotes,
  demandOpening,
  domainOf,
  finalise,
  openClaim,
  openingPrice,
  outputSide,
  post,
  prove,
  settleBond,
  settleOpening,
  transfer,
  waterfall,
} from "@opengradient/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  answer,
  ask,
  type Behaviour,
  COVERAGE,
  claimOf,
  FEE,
  honestRun,
  OPEN_HANDED,
  type Played,
  play,
  SECRET,
  wireOpening,
} from "./story.ts";
import { createWorld, OPG, type Published, publishOnnx, STAKE, settleIn, type World } from "./world.ts";

const FAULT_BOND = 10_000n * OPG;
const digits = new Uint8Array(readFileSync(new URL("../../packages/models/digits/digits.onnx", import.meta.url)));

let world: World;
let model: Published;
beforeAll(async () => {
  world = await createWorld();
  await settleIn(world);
  model = await publishOnnx(world, digits);
});
afterAll(() => world.close());

/** A stroke, so that nothing is all zeros. */
function image(): Tensor[] {
  const data = new Uint8Array(4 * 784);
  const view = new DataView(data.buffer);
  for (let i = 0; i < 20; i++) for (const dx of [0, 1, 2]) view.setFloat32(4 * (28 * (4 + i) + 12 + dx), 0.9, true);
  return [{ ...model.program.inputs[0]!, data }];
}

type Forge = (honest: CommittedRun) => readonly Uint8Array[];

type Where = "middle" | "output";

const kernelAt = (where: Where): number => {
  const last = model.program.outputs[0]!.kernel;
  return where === "output" ? last : last >> 1;
};

/** Flips bits of one byte in the results of some kernels. */
const flipped =
  (byte: number, bits: number, ...places: readonly Where[]): Forge =>
  ({ results }) =>
    results.map((data, k) => (places.map(kernelAt).includes(k) ? data.with(byte, data[byte]! ^ bits) : data));

type Told = Played & { readonly money: Readonly<Record<string, bigint>> };

/** One false claim from the post to its end, and how the money moved. */
function story(forge: Forge, behaviour: Behaviour, opened: boolean): Promise<Told> {
  return world.apart(async () => {
    const before = await purses();
    const asked = await ask(world, model, image());
    const own = honestRun(model, image(), asked);
    const theirs = commitRun(model.program, { inputs: own.inputs, results: forge(own) }, own.traceSalt);
    const claim = await answer(world, asked, theirs, opened);
    const played = await play(world, { claim, model, theirs, own, behaviour });
    expect((await claimStanding(world.reader, claim)).status).toBe("void");
    if (played.gas["open"]) await settleOpening(world.writer("requester2"), { claim });
    const after = await purses();
    return { ...played, money: Object.fromEntries(Object.keys(after).map((who) => [who, after[who]! - before[who]!])) };
  });
}

async function purses(): Promise<Record<string, bigint>> {
  const operator = world.address("operator");
  const args = [operator] as const;
  const at = { address: world.deployment.staking, abi: stakingAbi, functionName: "operators", args } as const;
  const { staked } = await world.reader.chain.readContract(at);
  const names = ["requester", "challenger", "operator"] as const;
  const purse = await Promise.all(names.map((name) => world.opgOf(world.address(name))));
  return { stake: staked, ...Object.fromEntries(names.map((name, i) => [name, purse[i]!])) };
}

/** The waterfall of a first fault; fee and price of the opening back where they came from. */
function expectFall({ shares, money }: Told): void {
  const right = waterfall(COVERAGE, FAULT_BOND);
  expect(shares).toEqual(right);
  expect(2n * right.burn).toBeGreaterThanOrEqual(right.total);
  expect(money).toEqual({
    stake: -right.total,
    requester: right.victim,
    challenger: right.challenger,
    operator: 0n,
  });
}

/** False from the middle on: a false step alone, in a trace that nobody has seen, harms nobody and is not looked for. */
const FALSE_ON = flipped(39, 0x10, "middle", "output");

describe("a false claim falls", () => {
  test("with a lie in the output: one proof, no demand", async () => {
    const told = await story(flipped(15, 0x41, "output"), OPEN_HANDED, true);
    expect(new Set(told.acts)).toEqual(new Set(["commit", "wait", "prove", "none"]));
    expectFall(told);
  });

  test("with a lie in the middle of a posted trace: one proof, no demand", async () => {
    const told = await story(flipped(101, 1, "middle"), OPEN_HANDED, true);
    expect(new Set(told.acts)).toEqual(new Set(["commit", "wait", "prove", "none"]));
    expect(told.reasons.some((reason) => reason.includes(`kernel ${kernelAt("middle")}`))).toBe(true);
    expectFall(told);
  });

  test("with other weights than the published ones", async () => {
    const cut = model.weights.map((tensor) => ({
      ...tensor,
      data: tensor.data.map((byte, i) => (i % 4 < 2 ? 0 : byte)),
    }));
    const cheaper = await load(await compile(model.program), cut);
    const told = await story(() => cheaper.trace(image()).results, OPEN_HANDED, true);
    expect(told.acts).toContain("prove");
    expectFall(told);
  });

  test("whose data come only through demands and reveals, by a proof", async () => {
    const behaviour = { ...OPEN_HANDED, serves: false, reveals: 99 };
    const told = await story(FALSE_ON, behaviour, false);
    expect(told.acts).toContain("prove");
    expect(told.acts).not.toContain("expire");
    // opening, trace root, tensor root, leaf: one path, as the input was given
    expect(told.acts.filter((act) => act === "demand").length).toBe(4);
    expectFall(told);
  });

  test.each([1, 2])("whose data are withheld after %i answers, by expiry", async (reveals) => {
    const behaviour = { ...OPEN_HANDED, serves: false, reveals };
    const told = await story(FALSE_ON, behaviour, false);
    expect(told.acts.at(-2)).toBe("expire");
    expect(told.acts.filter((act) => act === "demand").length).toBe(reveals + 1);
    expectFall(told);
  });

  test("whose operator is silent, by expiry at depth 0", async () => {
    const behaviour = { serves: false, opens: false, reveals: 0, givesInput: false };
    const told = await story(flipped(1, 1, "output"), behaviour, false);
    expect(told.acts).toEqual(["demand", "wait", "expire", "none"]);
    expectFall(told);
  });
});

describe("a false output without a preimage", () => {
  test("can not be opened, and falls at depth 0", () =>
    world.apart(async () => {
      const before = await purses();
      const asked = await ask(world, model, image());
      const own = honestRun(model, image(), asked);
      const claim = {
        ...claimOf(asked, own),
        output: outputSide(toHex(keccak(Uint8Array.of(1))), toHex(keccak(Uint8Array.of(2)))),
      };
      const operator = world.writer("operator");
      await post(operator, { claim, deadline: asked.terms.deadline, signature: "0x" });
      const behaviour = { serves: false, opens: false, reveals: 0, givesInput: true };
      const played = await play(world, { claim, model, theirs: own, own, behaviour });
      expect(played.acts).toEqual(["demand", "wait", "expire", "none"]);
      const after = await purses();
      expect(before["stake"]! - after["stake"]!).toBe(waterfall(COVERAGE, FAULT_BOND).total);
    }));

  test("is refused when it is opened with what does not hash to it", () =>
    world.apart(async () => {
      const asked = await ask(world, model, image());
      const own = honestRun(model, image(), asked);
      const claim = { ...claimOf(asked, own), output: toHex(keccak(Uint8Array.of(3))) };
      await post(world.writer("operator"), { claim, deadline: asked.terms.deadline, signature: "0x" });
      await demandOpening(world.writer("challenger"), { claim, value: 10n ** 16n });
      const opening = wireOpening(own);
      await expect(openClaim(world.writer("operator"), { claim, opening })).rejects.toMatchObject({
        refusal: "DisputesSideDiffers",
      });
    }));
});

describe("an honest operator", () => {
  test("is left alone by the honest player, posted or served or neither", () =>
    world.apart(async () => {
      for (const [opened, serves] of [
        [true, true],
        [false, true],
        [false, false],
      ] as const) {
        const asked = await ask(world, model, image());
        const own = honestRun(model, image(), asked);
        const claim = await answer(world, asked, own, opened);
        const played = await play(world, { claim, model, theirs: own, own, behaviour: { ...OPEN_HANDED, serves } });
        expect(played.acts).toEqual(["none"]);
        expect(played.ending).toMatchObject({ verdict: "right" });
      }
    }));

  test("loses nothing when everything is demanded of it: its reveals are paid for, and the claim becomes final", () =>
    world.apart(async () => {
      const before = await purses();
      const native = await world.ethOf(world.address("operator"));
      const asked = await ask(world, model, image());
      const own = honestRun(model, image(), asked);
      const claim = await answer(world, asked, own, false);
      const spent = await demandAll(claim, own);
      await world.advance(world.tier.window + world.tier.grace + 10 * (world.tier.answer + world.tier.reaction));
      await finalise(world.writer("requester2"), { claim });
      expect((await claimStanding(world.reader, claim)).status).toBe("final");
      await settleOpening(world.writer("requester2"), { claim });
      const after = await purses();
      expect(after["stake"]).toBe(before["stake"]);
      expect(after["operator"]! - before["operator"]!).toBeGreaterThan(openingPrice(FEE, COVERAGE));
      const credits = await world.reader.chain.readContract({
        address: world.deployment.disputes,
        abi: disputesAbi,
        functionName: "credits",
        args: [world.address("operator")],
      });
      expect(spent).toBeGreaterThan(0n);
      expect(credits).toBeGreaterThanOrEqual(spent);
      expect(native - (await world.ethOf(world.address("operator")))).toBeGreaterThan(0n);
    }));

  /** A hostile challenger demands the opening, then everything below the output; gives what the answers cost in gas. */
  async function demandAll(claim: ReturnType<typeof claimOf>, own: CommittedRun): Promise<bigint> {
    const hostile = { serves: false, opens: true, reveals: 99, givesInput: false };
    const other = { ...own, outputRoot: keccak(Uint8Array.of(1)) };
    // To this player its own run is another one: it asks for all it can to find where they differ.
    const played = await play(world, { claim, model, theirs: own, own: other, behaviour: hostile });
    expect(played.acts).toContain("demand");
    expect(played.ending).toMatchObject({ verdict: "right" });
    const answers = [...(played.gas["open"] ?? []), ...(played.gas["reveal"] ?? [])];
    expect(answers.length).toBeGreaterThan(3);
    return played.answersBurnt;
  }

  test("is not slashed by a false accuser, who loses the bond", () =>
    world.apart(async () => {
      const before = await purses();
      const asked = await ask(world, model, image());
      const own = honestRun(model, image(), asked);
      const claim = await answer(world, asked, own, true);
      const id = claimDigest(domainOf(world.reader), claim);
      const accuser = world.writer("challenger");
      const at = { kernel: kernelAt("middle"), element: 7, prover: accuser.wallet.account.address };
      const commitment = commitmentOf({ ...at, digest: id, salt: SECRET });
      await commit(accuser, { id, commitment });
      await world.mine(2);
      const committed = {
        tensors: { inputs: own.inputs, weights: model.player.weights, results: own.results },
        roots: [own.inputRoots, model.player.weightRoots, own.resultRoots],
        traceSalt: own.traceSalt,
      } as const;
      const witness = toHex(witnessElement(model.program, at.kernel, at.element, committed));
      const proof = { kernel: at.kernel, element: at.element, salt: SECRET, witness };
      const accusation = prove(accuser, { claim, opening: wireOpening(own), proof });
      await expect(accusation).rejects.toMatchObject({ refusal: "ArbiterElementRight" });
      await world.advance(world.tier.grace + 1);
      await settleBond(world.writer("requester2"), { claim, prover: at.prover, commitment });
      await world.advance(world.tier.window + world.tier.grace);
      await finalise(world.writer("requester2"), { claim });
      const after = await purses();
      expect(after["challenger"]! - before["challenger"]!).toBe(-10n * OPG);
      expect(after["stake"]).toBe(STAKE);
      expect((await claimStanding(world.reader, claim)).status).toBe("final");
    }));
});

test("OPG that follows other OPG to somebody with votes comes, though its gas was estimated in the other's second", () =>
  world.apart(async () => {
    const to = world.address("challenger");
    await delegateHeldVotes(world.writer("challenger"), { to });
    const before = await world.opgOf(to);
    const { chain, ...writer } = world.writer("requester");
    const slow: typeof chain = {
      ...chain,
      async estimateContractGas(call) {
        const gas = await chain.estimateContractGas(call);
        await world.advance(1);
        return gas;
      },
    };
    for (let i = 0; i < 3; i++) {
      await transfer({ chain, ...writer }, { to, amount: 1n });
      await transfer({ chain: slow, ...writer }, { to, amount: 1n });
    }
    expect(await world.opgOf(to)).toBe(before + 6n);
  }));
