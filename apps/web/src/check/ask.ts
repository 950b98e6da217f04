import type { Challenger, FromWorker, Job, Move, Question, Report, ToWorker } from "./messages.ts";

type Pending = {
  readonly say: (words: string) => void;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
};

let worker: Worker | undefined;
let last = 0;
const pending = new Map<number, Pending>();

/** The worker is fetched when somebody first checks something. */
function started(): Worker {
  if (worker) return worker;
  worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
    const waiting = pending.get(data.id);
    if (data.kind === "progress") return waiting?.say(data.words);
    pending.delete(data.id);
    if (data.kind === "answer") waiting?.resolve(data.value);
    else waiting?.reject(new Error(data.message));
  };
  worker.onerror = () => {
    for (const { reject } of pending.values()) reject(new Error("the checking part of this page could not be loaded"));
    pending.clear();
    worker = undefined;
  };
  return worker;
}

function put<T>(question: Question, say: (words: string) => void): Promise<T> {
  const id = ++last;
  return new Promise<T>((resolve, reject) => {
    pending.set(id, { say, resolve: resolve as Pending["resolve"], reject });
    started().postMessage({ id, question } satisfies ToWorker);
  });
}

type Say = (words: string) => void;

export const askCheck = (job: Job, say: Say): Promise<Report> => put({ kind: "check", job }, say);

export const askMoves = (job: Job, challenger: Challenger, say: Say): Promise<Move[]> =>
  put({ kind: "moves", job, challenger }, say);
