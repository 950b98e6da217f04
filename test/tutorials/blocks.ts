/** What a tutorial says, as far as it can be run: its fenced blocks, in order. */

export type Block = {
  /** bash: run. console: shown only. ts, sol, json, …: written to the file that it names. */
  readonly language: string;
  /** what stands after the language: `file=PATH`, `exit=N` */
  readonly settings: ReadonlyMap<string, string>;
  readonly text: string;
  /** of its first line of text, from 1 */
  readonly line: number;
  /** the `text` block right below: what it prints */
  readonly prints: string | undefined;
};

const FENCE = /^```(\S*)[ \t]*(.*)$/;

/** @throws Error for a fence that is never closed */
export function blocksOf(markdown: string): Block[] {
  const lines = markdown.split("\n");
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; at++) {
    const fence = FENCE.exec(lines[at]!);
    if (!fence) continue;
    const end = lines.indexOf("```", at + 1);
    if (end < 0) throw new Error(`the block of line ${at + 1} is never closed`);
    const text = lines.slice(at + 1, end).join("\n");
    const settings = new Map(fence[2]!.split(/\s+/).flatMap((word) => (word.includes("=") ? [pair(word)] : [])));
    blocks.push({ language: fence[1]!, settings, text, line: at + 2, prints: undefined });
    at = end;
  }
  return withPrints(blocks);
}

const pair = (word: string): [string, string] => {
  const at = word.indexOf("=");
  return [word.slice(0, at), word.slice(at + 1)];
};

const withPrints = (blocks: readonly Block[]): Block[] =>
  blocks.flatMap((block, i) => {
    if (block.language === "text") return [];
    const next = blocks[i + 1];
    return [{ ...block, prints: next?.language === "text" ? next.text : undefined }];
  });

/**
 * What a `text` block allows: `…` stands for any characters of a line, and alone in a line for any lines. Runs of
 * spaces are one, since columns follow the longest word.
 */
export function patternOf(prints: string): RegExp {
  const lines = prints.split("\n").map((line) => {
    if (line.trim() === "…") return "(?:.*\n)*?";
    const words = plain(line)
      .split("…")
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return `${words.join(".*?")}\n`;
  });
  return new RegExp(`^${lines.join("")}$`);
}

/** Output as it is compared: no trailing spaces, single spaces, one line end. */
export const plain = (output: string): string =>
  output
    .split("\n")
    .map((line) => line.replace(/[ \t]+/g, " ").trimEnd())
    .join("\n")
    .replace(/\n+$/, "");

export const matches = (output: string, prints: string): boolean => patternOf(prints).test(`${plain(output)}\n`);
