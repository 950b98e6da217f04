import { padEnd, width } from "../words.ts";

export const COLUMNS = 92;

/** Words broken into lines of at most `columns`. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && width(line) + 1 + width(word) > columns) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** Two blocks of lines side by side. */
export function beside(left: readonly string[], right: readonly string[], gap = 3): string[] {
  const columns = Math.max(...left.map(width));
  return Array.from({ length: Math.max(left.length, right.length) }, (_, i) =>
    `${padEnd(left[i] ?? "", columns + gap)}${right[i] ?? ""}`.trimEnd(),
  );
}

export const rule = (title: string): string => `── ${title} ${"─".repeat(Math.max(0, COLUMNS - width(title) - 4))}`;
