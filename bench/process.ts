/** The processes that candidates run in, each answering one question at a time. */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { Answer, Job, Memory, Question } from "./messages.ts";
import type { KernelTime, Prepared } from "./runtimes.ts";

type Is<K extends PropertyKey> = Extract<Answer, Record<K, unknown>>;

function ask<K extends PropertyKey>(child: ChildProcess, message: Job | Question, key: K): Promise<Is<K>> {
  return new Promise((resolve, reject) => {
    const settle = (end: () => void): void => {
      child.off("message", answered);
      child.off("exit", gone);
      end();
    };
    const answered = (answer: Answer): void =>
      settle(() => (key in answer ? resolve(answer as Is<K>) : reject(new Error((answer as Is<"failed">).failed))));
    const gone = (): void => settle(() => reject(new Error("its process ended")));
    child.once("message", answered);
    child.once("exit", gone);
    child.send(message);
  });
}

export type Candidacy = {
  readonly prepared: Prepared;
  readonly time: (calls: number) => Promise<number>;
  readonly timeCommitted: (calls: number) => Promise<number>;
  readonly memory: () => Promise<Memory>;
  readonly outputs: () => Promise<readonly (readonly number[])[]>;
  readonly profile: () => Promise<readonly KernelTime[]>;
  readonly end: () => void;
};

/** @throws Error with the runtime's reason when it can not prepare the model */
export async function start(job: Job): Promise<Candidacy> {
  const child = fork(join(import.meta.dirname, "candidate.ts"), {
    execArgv: ["--expose-gc"],
    serialization: "advanced",
  });
  const timed = async (calls: number, committed: boolean): Promise<number> =>
    (await ask(child, { calls, committed }, "ms")).ms;
  try {
    const { prepared } = await ask(child, job, "prepared");
    return {
      prepared,
      time: (calls) => timed(calls, false),
      timeCommitted: (calls) => timed(calls, true),
      memory: () => ask(child, "memory", "wasm"),
      outputs: async () => (await ask(child, "outputs", "outputs")).outputs,
      profile: async () => (await ask(child, "profile", "profile")).profile,
      end: () => child.kill(),
    };
  } catch (error) {
    child.kill();
    throw error;
  }
}
