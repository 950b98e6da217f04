// Questions to a contract whose right answers are known: what a test asks, and what each mutant of the contract is asked.
import { type Deployed, Revert } from "../evm.ts";

export type Case = {
  readonly name: string;
  /** the contract asked, as `src/arbiter/Arbiter.sol` */
  readonly source: string;
  readonly call: string;
  readonly args: readonly unknown[];
  /** What is wrong with an answer, a result or a `Revert`. */
  readonly fault: (answer: unknown) => string | undefined;
};

export type Answered = {
  readonly answer: unknown;
  /** The case's name and what is wrong with the answer. */
  readonly complaint: string | undefined;
};

async function answerTo(deployed: Deployed, { call, args }: Case): Promise<unknown> {
  try {
    return await deployed.call(call, args);
  } catch (error) {
    if (!(error instanceof Revert)) throw error;
    return error;
  }
}

/** Asks one question. @throws when a call fails with anything but an error of the contract */
export async function answered(deployed: Deployed, question: Case): Promise<Answered> {
  const answer = await answerTo(deployed, question);
  const fault = question.fault(answer);
  return { answer, complaint: fault === undefined ? undefined : `${question.name}: ${fault}` };
}

/** Asks one question after the other. */
export async function* asked(contracts: readonly Deployed[], cases: Iterable<Case>): AsyncGenerator<Answered> {
  for (const question of cases) {
    const deployed = contracts.find(({ sourceName }) => sourceName === question.source);
    if (!deployed) throw new Error(`${question.source} is not deployed; give it with the contracts to ask`);
    yield await answered(deployed, question);
  }
}

/** The first few complaints. */
export async function complaints(contracts: readonly Deployed[], cases: Iterable<Case>): Promise<string[]> {
  const found: string[] = [];
  for await (const { complaint } of asked(contracts, cases)) {
    if (complaint !== undefined) found.push(complaint);
    if (found.length === 5) break;
  }
  return found;
}
