import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** Where a command speaks: one JSON document (or lines of them) on stdout, or words for people; progress on stderr. */
export type Output = {
  readonly json: boolean;
  /** Words, left out under --json. */
  say(...lines: readonly string[]): void;
  /** The result; under --json it is printed as such, else `words` are. */
  result(value: unknown, words?: readonly string[]): void;
  /** One line of a long story; under --json a JSON line. */
  event(value: Readonly<Record<string, unknown>>, words?: readonly string[]): void;
  /** What is being done right now, overwritten by the next; only on a terminal. */
  progress(text: string): void;
  /** Clears the progress line. */
  quiet(): void;
  /** Colours, where the terminal has them. */
  paint(style: Style, text: string): string;
};

/** bigints as decimal strings, bytes as hex. */
export const toJson = (value: unknown, space?: number): string =>
  JSON.stringify(
    value,
    (_, inner) => {
      if (typeof inner === "bigint") return inner.toString();
      if (inner instanceof Uint8Array) return `0x${Buffer.from(inner).toString("hex")}`;
      return inner;
    },
    space,
  );

export function createOutput({ json }: { json: boolean }): Output {
  const terminal = process.stderr.isTTY === true && !json;
  let pending = false;
  const quiet = () => {
    if (pending) process.stderr.write("\r\u001b[2K");
    pending = false;
  };
  const print = (lines: readonly string[]) => {
    quiet();
    for (const line of lines) process.stdout.write(`${line}\n`);
  };
  return {
    json,
    say: (...lines) => (json ? undefined : print(lines)),
    result: (value, words) => print(json || !words ? [toJson(value, 2)] : words),
    event: (value, words) => (json ? print([toJson(value)]) : print(words ?? [toJson(value)])),
    progress(text) {
      if (!terminal) return;
      quiet();
      process.stderr.write(text.slice(0, (process.stderr.columns ?? 80) - 1));
      pending = true;
    },
    quiet,
    paint: (style, text) => styleText(style, text, { stream: process.stdout }),
  };
}
