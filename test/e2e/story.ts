import { disputesAbi, stakingAbi } from "@opengradient/bindings";
import { type DevnetName, devnetSystem } from "@opengradient/cli";
import {
  encodePosition,
  fromHex,
  hashAt,
  hashCount,
  keccak,
  OBJECT,
  type Position,
  toHex,
} from "@opengradient/commitments";
import {
  type Act,
  type CommitState,
  type CommittedRun,
  chainView,
  commitRun,
  type DemandProof,
  type DemandState,
  inputShape,
  listLeaves,
  nextActs,
  type Opening,
  resultShape,
  revealNode,
  type ShapeOf,
  shapeLeaves,
  type View,
} from "@opengradient/dispute";
import { type Program, type Tensor, tensorsRoot } from "@opengradient/program";
import {
  answerGas,
  BUILT_LEVELS,
  type Claim,
  claimDigest,
  claimStanding,
  claimTraceSalt,
  commit,
  commitmentOf,
  type Done,
  demand,
  demandOpening,
  demandPrice,
  domainOf,
  expire,
  greater,
  inputSide,
  openClaim,
  outputSide,
  post,
  postOpened,
  prove,
  type Request,
  request,
  reveal,
  type Shares,
} from "@opengradient/protocol";
import { type Address, type Hex, parseEventLogs, zeroHash } from "viem";
import { OPG, type Published, type World } from "./world.ts";

const SALT: Hex = toHex(keccak(Uint8Array.of(7)));
export const FEE = 2n * OPG;
export const COVERAGE = 100n * OPG;

const HOUR = 3_600;

export type Asked = { readonly requestId: bigint; readonly terms: Request; readonly requester: Address };

/** A request for an answer to these inputs. */
export async function ask(
  world: World,
  model: Published,
  inputs: readonly Tensor[],
  who: Partial<Who> = {},
): Promise<Asked> {
  const writer = world.writer(who.requester ?? "requester");
  const requester = writer.wallet.account.address;
  const inputRoot = toHex(tensorsRoot(inputs));
  const terms: Request = {
    modelRoot: model.modelRoot,
    input: inputSide(SALT, inputRoot),
    operator: world.address(who.operator ?? "operator"),
    fee: FEE,
    coverage: COVERAGE,
    level: BUILT_LEVELS,
    parameters: world.tierHash,
    // A full hour, so that all that is asked within one has the same.
    deadline: BigInt(HOUR * Math.ceil((await world.now()) / HOUR + 1)),
  };
  const { result } = await request(writer, terms);
  return { requestId: result, terms, requester };
}

type Who = { readonly requester: DevnetName; readonly operator: DevnetName };

const traceSaltOf = ({ requestId, terms, requester }: Asked): Uint8Array =>
  fromHex(claimTraceSalt({ operator: terms.operator, requester, requestId } as Claim), 32);

/** The run that an honest operator commits to. */
export function honestRun({ program, run }: Published, inputs: readonly Tensor[], asked: Asked): CommittedRun {
  const results = run(inputs);
  return commitRun(program, { inputs: inputs.map(({ data }) => data), results }, traceSaltOf(asked));
}

/** The claim that goes with a run, true or not. */
export function claimOf(
  { requestId, terms, requester }: Asked,
  { outputRoot }: Pick<CommittedRun, "outputRoot">,
): Claim {
  const { deadline, ...same } = terms;
  return { ...same, requester, requestId, output: outputSide(SALT, toHex(outputRoot)), postBy: deadline };
}

export const wireOpening = ({ inputRoot, outputRoot, traceRoot }: CommittedRun) => ({
  salt: SALT,
  inputRoot: toHex(inputRoot),
  outputRoot: toHex(outputRoot),
  traceRoot: toHex(traceRoot),
});

/** Posts a claim over a run; `opened` with its trace root. */
export async function answer(world: World, asked: Asked, theirs: CommittedRun, opened: boolean): Promise<Claim> {
  const claim = claimOf(asked, theirs);
  const writer = operatorOf(world, claim);
  const { deadline } = asked.terms;
  if (opened) await postOpened(writer, { claim, deadline, opening: wireOpening(theirs) });
  else await post(writer, { claim, deadline, signature: "0x" });
  return claim;
}

const operatorOf = (world: World, { operator }: Claim) =>
  world.writer(operator === world.address("operator") ? "operator" : "operator2");

/** What an operator does once it is asked. */
export type Behaviour = {
  /** serves nodes off chain */
  readonly serves: boolean;
  /** opens its claim when that is demanded */
  readonly opens: boolean;
  /** answers so many demands, the opening included */
  readonly reveals: number;
  /** gives the challenger the input off chain */
  readonly givesInput: boolean;
  readonly shapeOf?: ShapeOf;
};

export const OPEN_HANDED: Behaviour = { serves: true, opens: true, reveals: 9, givesInput: true };

export type Dispute = {
  readonly claim: Claim;
  readonly model: Published;
  /** what the operator committed to */
  readonly theirs: CommittedRun;
  /** what is true */
  readonly own: CommittedRun;
  readonly behaviour: Behaviour;
  readonly challenger?: DevnetName;
};

export type Played = {
  readonly acts: readonly Act["kind"][];
  readonly reasons: readonly string[];
  readonly gas: Readonly<Record<string, readonly bigint[]>>;
  /** base fee that the operator's answers burnt, wei */
  readonly answersBurnt: bigint;
  readonly ending: Act;
  readonly shares: Shares | undefined;
};

export const SECRET = toHex(keccak(Uint8Array.of(9)));

const hashesOf = (list: Uint8Array): Hex[] => Array.from({ length: hashCount(list) }, (_, i) => toHex(hashAt(list, i)));

const wireProof = ({ tensorRoot, listPath, node, path }: DemandProof) => ({
  tensorRoot: toHex(tensorRoot),
  listPath: hashesOf(listPath),
  node: toHex(node),
  path: hashesOf(path),
});

/** Lets one honest challenger loose on a claim, on chain, until it has nothing left to do. */
export async function play(world: World, dispute: Dispute): Promise<Played> {
  const side = new Side(world, dispute);
  for (let turn = 0; turn < 60; turn++) {
    const acts = nextActs(await side.view());
    for (const act of acts) {
      side.note(act);
      if (act.kind === "none") return side.end(act);
      await side.perform(act);
    }
    await side.operatorAnswers();
  }
  throw new Error(`the dispute did not come to an end: ${side.acts.join(", ")}`);
}

/** One dispute as both sides see it on chain. */
class Side {
  readonly world: World;
  readonly dispute: Dispute;
  readonly acts: Act["kind"][] = [];
  readonly reasons: string[] = [];
  readonly gas: Record<string, bigint[]> = {};
  answersBurnt = 0n;
  readonly #id: Hex;
  readonly #commits: CommitState[] = [];
  readonly #demands = new Map<bigint, DemandState & { target: Hex }>();
  readonly #revealed = new Map<bigint, Uint8Array>();
  #opening: Opening | undefined;
  #own: View["own"];
  #shares: Shares | undefined;

  constructor(world: World, dispute: Dispute) {
    this.world = world;
    this.dispute = dispute;
    this.#id = claimDigest(domainOf(world.reader), dispute.claim);
    if (dispute.behaviour.givesInput) this.#own = { run: dispute.own, salt: fromHex(SALT, 32) };
  }

  get #challenger() {
    return this.world.writer(this.dispute.challenger ?? "challenger");
  }

  async view(): Promise<View> {
    const { claim, model, theirs, behaviour } = this.dispute;
    const standing = await claimStanding(this.world.reader, claim);
    if (!this.#opening) await this.#readOpening();
    const free = { native: 0n, opg: 0n };
    return {
      ...chainView({ claim, standing, now: await this.world.now(), block: await this.world.block() }),
      model: model.player,
      opening: this.#opening,
      own: this.#own,
      data: (position) =>
        this.#revealed.get(encodePosition(position)) ?? (behaviour.serves ? revealNode(theirs, position) : undefined),
      ...(behaviour.shapeOf ? { shapeOf: behaviour.shapeOf } : {}),
      demands: [...this.#demands.values()],
      commits: this.#commits,
      prices: { demand: () => free, commit: free, prove: free, expire: free },
    };
  }

  async #readOpening(): Promise<void> {
    const { chain, addresses } = this.world.reader;
    const kept = await chain.readContract({
      address: addresses.disputes,
      abi: disputesAbi,
      functionName: "openings",
      args: [this.#id],
    });
    if (kept === zeroHash) return;
    const { theirs } = this.dispute;
    const { inputRoot, outputRoot, traceRoot } = theirs;
    this.#opening = { salt: fromHex(SALT, 32), inputRoot, outputRoot, traceRoot };
  }

  note(act: Act): void {
    this.acts.push(act.kind);
    this.reasons.push(act.reason);
  }

  #spent(what: string, { receipt }: Done): void {
    this.gas[what] = [...(this.gas[what] ?? []), receipt.gasUsed];
    const [slashed] = parseEventLogs({ abi: stakingAbi, eventName: "Slashed", logs: receipt.logs });
    if (!slashed) return;
    const { victimShare, challengerShare, burnt } = slashed.args;
    const total = victimShare + challengerShare + burnt;
    this.#shares = { total, victim: victimShare, challenger: challengerShare, burn: burnt };
  }

  async perform(act: Act): Promise<void> {
    const { world } = this;
    const { claim, theirs, model } = this.dispute;
    const writer = this.#challenger;
    switch (act.kind) {
      case "demand": {
        const value = await this.#price(act.position);
        const done =
          act.position.object === 0
            ? await demandOpening(writer, { claim, value })
            : await demand(writer, {
                claim,
                opening: wireOpening(theirs),
                position: act.position,
                proof: wireProof(act.proof),
                value,
              });
        this.#spent("demand", done);
        const [log] = parseEventLogs({ abi: disputesAbi, eventName: "Demanded", logs: done.receipt.logs });
        const due = Number(log!.args.due);
        const state = { position: act.position, state: "asked", due, target: log!.args.target } as const;
        this.#demands.set(encodePosition(act.position), state);
        return;
      }
      case "expire": {
        const { target } = this.#demands.get(encodePosition(act.position))!;
        this.#spent("expire", await expire(writer, { claim, position: act.position, target }));
        return;
      }
      case "commit": {
        const commitment = commitmentOf({
          digest: this.#id,
          kernel: act.kernel,
          element: act.element,
          prover: writer.wallet.account.address,
          salt: SECRET,
        });
        this.#spent("commit", await commit(writer, { id: this.#id, commitment }));
        this.#commits.push({ kernel: act.kernel, element: act.element, block: await world.block() });
        return;
      }
      case "prove": {
        const proof = { kernel: act.kernel, element: act.element, salt: SECRET, witness: toHex(act.witness) };
        this.#spent("prove", await prove(writer, { claim, opening: wireOpening(theirs), proof }));
        return;
      }
      case "run": {
        const inputs = model.program.inputs.map((info, i) => ({ ...info, data: act.inputs[i]! }));
        const results = model.run(inputs.map(trimmed));
        const run = commitRun(model.program, { inputs: act.inputs, results }, this.dispute.own.traceSalt);
        this.#own = { run, salt: act.salt };
        return;
      }
      case "wait":
        if (act.until <= (await world.now())) await world.mine(1);
        else await world.advance(act.until + 1 - (await world.now()));
    }
  }

  /** What the contract asks, at a base fee an eighth above the last block's. */
  async #price(position: Position): Promise<bigint> {
    const { baseFeePerGas } = await this.world.reader.chain.getBlock();
    const next = ((baseFeePerGas ?? 0n) * 9n) / 8n + 1n;
    const { baseFeeFloor } = devnetSystem();
    const { program } = this.dispute.model;
    const gas = answerGas(position, leavesAt(program, position), program.outputs.length);
    return demandPrice(gas, greater(next, baseFeeFloor));
  }

  /** The operator answers what it is asked, as far as its behaviour lets it and its data fit. */
  async operatorAnswers(): Promise<void> {
    const { claim, theirs, behaviour } = this.dispute;
    const writer = operatorOf(this.world, claim);
    for (const [key, asked] of this.#demands) {
      if (asked.state !== "asked" || (await this.world.now()) > asked.due) continue;
      if (asked.position.object === 0) {
        if (!behaviour.opens) continue;
        const done = await openClaim(writer, { claim, opening: wireOpening(theirs) });
        this.#spent("open", done);
        await this.#burnt(done);
      } else {
        if (this.#answers() >= behaviour.reveals) continue;
        const data = revealNode(theirs, asked.position);
        const done = await reveal(writer, { claim, position: asked.position, data: toHex(data) });
        this.#spent("reveal", done);
        await this.#burnt(done);
        this.#revealed.set(key, data);
      }
      this.#demands.set(key, { ...asked, state: "answered" });
    }
  }

  async #burnt({ receipt }: Done): Promise<void> {
    const { baseFeePerGas } = await this.world.reader.chain.getBlock({ blockNumber: receipt.blockNumber });
    this.answersBurnt += receipt.gasUsed * baseFeePerGas!;
  }

  /** How many demands have been answered so far. */
  #answers(): number {
    return [...this.#demands.values()].filter(({ state }) => state === "answered").length;
  }

  end(ending: Act): Played {
    const { acts, reasons, gas, answersBurnt } = this;
    return { acts, reasons, gas, answersBurnt, ending, shares: this.#shares };
  }
}

function leavesAt(program: Program, position: Position): number {
  const { object, tensor } = position;
  if (object === OBJECT.inputTensor) return shapeLeaves(inputShape(program, tensor));
  if (object === OBJECT.resultTensor) return shapeLeaves(resultShape(program.kernels[tensor]!));
  return object === OBJECT.claim ? 1 : listLeaves(program, position);
}

function trimmed(tensor: Tensor): Tensor {
  const width = tensor.dtype < 2 ? 4 : 1;
  const length = tensor.dims.reduce((a, b) => a * b, 1) * width;
  return { ...tensor, data: tensor.data.subarray(0, length) };
}
