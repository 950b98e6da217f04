import {
  childCount,
  claimSide,
  clog2,
  concatBytes,
  encodePosition,
  type Hash,
  hashAt,
  hashCount,
  listHeight,
  listRootFrom,
  OBJECT,
  type Position,
  rootFromPath,
  rootOf,
  sameBytes,
  tensorHeight,
  tensorLeaves,
  tensorRoot,
  traceLeaf,
  treeRoot,
} from "@opengradient/commitments";
import {
  checkWitness,
  decodeHeader,
  encodeHeader,
  programRoot,
  tensorsRoot,
  traceKernels,
} from "@opengradient/program";
import {
  type Act,
  type ClaimFacts,
  type Clocks,
  type DemandProof,
  type DemandState,
  demandBy,
  depthOf,
  inputShape,
  listLeaves,
  type Opening,
  resultShape,
  shapeLeaves,
} from "../src/index.ts";
import type { Toy } from "./toys.ts";

type Asked = DemandState & { readonly target: Hash };

/** The court of docs/spec/commitments.md without a chain: what it refuses throws. */
export class Court {
  readonly toy: Toy;
  readonly claim: ClaimFacts;
  now = 1_000;
  block = 10;
  status: "open" | "void" = "open";
  clocks: Clocks;
  opening: Opening | undefined;
  /** how it fell */
  ending = "";
  readonly asked = new Map<bigint, Asked>();
  readonly revealed = new Map<bigint, Uint8Array>();
  readonly commits: { kernel: number; element: number; block: number }[] = [];

  constructor(toy: Toy, claim: ClaimFacts) {
    this.toy = toy;
    this.claim = claim;
    this.clocks = { windowEnd: 2_000, quietAt: 2_000, answer: 100, reaction: 50, grace: 200 };
  }

  get demands(): readonly DemandState[] {
    return [...this.asked.values()];
  }

  open(opening: Opening): void {
    must(sameBytes(claimSide(opening.salt, 0, opening.inputRoot), this.claim.input), "opening: input");
    must(sameBytes(claimSide(opening.salt, 1, opening.outputRoot), this.claim.output), "opening: output");
    this.opening = opening;
    this.answered({ object: 0, tensor: 0, j: 0, i: 0 });
  }

  demand(position: Position, proof: DemandProof): void {
    const key = encodePosition(position);
    must(this.status === "open" && !this.asked.has(key), "demand: known");
    must(this.now <= demandBy(this.clocks, depthOf(this.toy.program, position)), "demand: too late");
    const target = position.object === OBJECT.claim ? new Uint8Array(32) : this.target(position, proof);
    this.asked.set(key, { position, state: "asked", due: this.now + this.clocks.answer, target });
  }

  /** The hash that a demand is for: what it hangs from is the opening. */
  private target({ object, tensor, j, i }: Position, proof: DemandProof): Hash {
    const opening = this.opening!;
    const { program } = this.toy;
    const root = [opening.traceRoot, opening.inputRoot, opening.outputRoot];
    const lists = [program.kernels.length - program.outputs.length, program.inputs.length, program.outputs.length];
    if (object <= OBJECT.outputs) {
      const [count, top] = [lists[object - 1]!, root[object - 1]!];
      if (j >= listHeight(count)) return top;
      const reached = rootFromPath(proof.node, { count, level: Math.min(8 * j, clog2(count)), index: i }, proof.path);
      must(sameBytes(object === OBJECT.trace ? reached : listRootFrom(count, reached), top), "demand: path");
      return proof.node;
    }
    this.checkTensor({ object, tensor, j, i }, proof);
    const shape = this.shape({ object, tensor });
    const leaves = shapeLeaves(shape);
    if (j >= tensorHeight(leaves)) return proof.tensorRoot;
    const place = { count: leaves, level: Math.min(8 * j, clog2(leaves)), index: i };
    const tree = rootFromPath(proof.node, place, proof.path);
    must(sameBytes(tensorRoot(shape.dtype, shape.elements, tree), proof.tensorRoot), "demand: tensor path");
    return proof.node;
  }

  private checkTensor(position: Position, proof: DemandProof): void {
    const { object, tensor } = position;
    const { program } = this.toy;
    const rank = program.outputs.findIndex(({ kernel }) => kernel === tensor);
    const traced = object === OBJECT.resultTensor && rank < 0;
    const index = object === OBJECT.inputTensor ? tensor : traced ? traceKernels(program).indexOf(tensor) : rank;
    const place = { count: listLeaves(program, position), level: 0, index };
    const leaf = traced ? traceLeaf(this.claim.traceSalt, tensor, proof.tensorRoot) : proof.tensorRoot;
    const reached = rootFromPath(leaf, place, proof.listPath);
    const list = traced ? reached : listRootFrom(place.count, reached);
    const { inputRoot, outputRoot, traceRoot } = this.opening!;
    const expected = traced ? traceRoot : object === OBJECT.inputTensor ? inputRoot : outputRoot;
    must(sameBytes(list, expected), "demand: list path");
  }

  private shape({ object, tensor }: Pick<Position, "object" | "tensor">) {
    const { program } = this.toy;
    return object === OBJECT.inputTensor ? inputShape(program, tensor) : resultShape(program.kernels[tensor]!);
  }

  /** Throws when the data are not what was demanded. */
  reveal(position: Position, data: Uint8Array): void {
    const key = encodePosition(position);
    const demand = this.asked.get(key)!;
    must(demand.state === "asked" && this.now <= demand.due, "reveal: not asked or past due");
    must(this.fits(position, data, demand.target), `reveal: ${JSON.stringify(position)}`);
    this.revealed.set(key, data);
    this.answered(position);
  }

  private fits(position: Position, data: Uint8Array, target: Hash): boolean {
    const { object, tensor, j, i } = position;
    const { program } = this.toy;
    if (object === OBJECT.trace && j === 1) {
      const kernels = traceKernels(program).slice(256 * i, 256 * (i + 1));
      if (data.length !== 32 * kernels.length) return false;
      const leaves = kernels.map((k, at) => traceLeaf(this.claim.traceSalt, k, hashAt(data, at)));
      return sameBytes(treeRoot(concatBytes(leaves)), target);
    }
    if (object <= OBJECT.outputs) {
      const count = listLeaves(program, position);
      if (hashCount(data) !== childCount(count, j, i)) return false;
      const top = object !== OBJECT.trace && j >= listHeight(count);
      return sameBytes(top ? listRootFrom(count, treeRoot(data)) : treeRoot(data), target);
    }
    const shape = this.shape({ object, tensor });
    const leaves = shapeLeaves(shape);
    if (j === 0 ? data.length !== 256 : hashCount(data) !== childCount(leaves, j, i)) return false;
    const root = j === 0 ? rootOf([tensorLeaves(data)]) : treeRoot(data);
    const top = j >= tensorHeight(leaves);
    return sameBytes(top ? tensorRoot(shape.dtype, shape.elements, root) : root, target);
  }

  private answered(position: Position): void {
    const demand = this.asked.get(encodePosition(position));
    if (demand) this.asked.set(encodePosition(position), { ...demand, state: "answered" });
    this.clocks = { ...this.clocks, quietAt: Math.max(this.clocks.quietAt, this.now + this.clocks.reaction) };
  }

  expire(position: Position): void {
    const demand = this.asked.get(encodePosition(position))!;
    must(demand.state === "asked" && this.now > demand.due, "expire: not due");
    this.fall(`expired at depth ${depthOf(this.toy.program, position)}`);
  }

  commit(kernel: number, element: number): void {
    must(this.now <= this.clocks.quietAt, "commit: too late");
    this.commits.push({ kernel, element, block: this.block });
  }

  prove({ kernel, element, witness }: Extract<Act, { kind: "prove" }>): void {
    const commit = this.commits.find((at) => at.kernel === kernel && at.element === element);
    must(commit !== undefined && this.block >= commit.block + 2, "prove: not committed, or too early");
    const { program, weights } = this.toy;
    const statement = {
      header: decodeHeader(encodeHeader(program)),
      programRoot: programRoot(program),
      weightsRoot: tensorsRoot(weights),
      traceSalt: this.claim.traceSalt,
      ...this.opening!,
    };
    const verdict = checkWitness(statement, kernel, element, witness);
    must(verdict.verdict === "wrong", `prove: ${JSON.stringify(verdict)}`);
    this.fall("proven");
  }

  private fall(how: string): void {
    this.status = "void";
    this.ending = how;
  }
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`the court refused: ${what}`);
}
