import type { FromWorker, ToWorker } from "./messages.ts";
import { moves } from "./moves.ts";
import { check } from "./session.ts";

/** Everything that computes runs here, so that the page never stands still. */
const post = (message: FromWorker): void => self.postMessage(message);

self.onmessage = async ({ data: { id, question } }: MessageEvent<ToWorker>) => {
  const say = (words: string) => post({ id, kind: "progress", words });
  try {
    const { job } = question;
    const value = question.kind === "check" ? await check(job, say) : await moves(job, question.challenger, say);
    post({ id, kind: "answer", value });
  } catch (error) {
    post({ id, kind: "error", message: (error as Error).message });
  }
};
