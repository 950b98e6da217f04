import { type Act, demandsAhead, type Price, type View } from "@opengradient/dispute";
import { costOf, factsOf } from "@opengradient/program";
import { COMMIT_GAS, COURT_GAS, DEMAND_GAS, EXPIRE_GAS } from "./pricing.ts";

/** What a challenge takes from here on; native coin with gas. OPG that is taken for an opening; bonds apart. */
export type ChallengeQuote = {
  /** pieces to demand at once; 0 when the proof can be given without */
  readonly demands: number;
  readonly next: Price;
  /** when the operator answers nothing: prices come back, gas does not */
  readonly silent: Price;
  /** when it answers everything: the usual lie, and the longest way there is */
  readonly likely: Price;
  readonly most: Price;
};

type Turn = { readonly view: Omit<View, "data">; readonly acts: readonly Act[]; readonly gasPrice: bigint };

/** What a challenge costs whose next acts are these. */
export function quoteOf({ view, acts, gasPrice }: Turn): ChallengeQuote {
  const { program } = view.model;
  const facts = factsOf(program);
  const positions = acts.flatMap((act) => (act.kind === "demand" ? [act.position] : []));
  const gas = (amount: bigint): Price => ({ native: amount * gasPrice, opg: 0n });
  const demand = (at: (typeof positions)[number]): Price => plus([view.prices.demand(at), gas(DEMAND_GAS)]);
  const proof = (kernel: number): Price => {
    const bound = BigInt(Math.ceil(costOf(facts, kernel, program.kernels[kernel]!).gas));
    return gas(COMMIT_GAS + bound + COURT_GAS);
  };
  const next = plus([
    ...positions.map(demand),
    ...acts.flatMap(({ kind, price }) => (kind === "demand" ? [] : [{ ...price, opg: 0n }])),
  ]);
  const named = acts.flatMap((act) => (act.kind === "commit" || act.kind === "prove" ? [proof(act.kernel)] : []));
  const silent = gas(BigInt(positions.length) * DEMAND_GAS + EXPIRE_GAS);
  if (named.length || !positions.length) return { demands: 0, next, silent, likely: plus(named), most: plus(named) };
  const ahead = demandsAhead(view, positions);
  const proofs = program.kernels.map((_, kernel) => proof(kernel));
  const dearest = proofs.reduce((a, b) => (b.native > a.native ? b : a));
  return {
    demands: positions.length,
    next,
    silent,
    likely: plus([next, ...ahead.likely.map(demand), proofs[program.outputs[0]!.kernel]!]),
    most: plus([next, ...ahead.most.map(demand), dearest]),
  };
}

const plus = (prices: readonly Price[]): Price =>
  prices.reduce((sum, { native, opg }) => ({ native: sum.native + native, opg: sum.opg + opg }), {
    native: 0n,
    opg: 0n,
  });
