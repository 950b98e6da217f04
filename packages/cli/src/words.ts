/** Numbers as people read them. */
import { stripVTControlCharacters } from "node:util";

const GROUP = /\B(?=(\d{3})+(?!\d))/g;

/** 1234567 → "1,234,567" */
export const count = (value: number | bigint): string => String(value).replace(GROUP, ",");

/** A fixed-point amount with `decimals`, as few digits as are needed, at most `digits` behind the point (cut, not rounded). */
export function amount(value: bigint, decimals: number, digits = decimals): string {
  const sign = value < 0n ? "−" : "";
  const text = (value < 0n ? -value : value).toString().padStart(decimals + 1, "0");
  const fraction = text.slice(-decimals).slice(0, digits).replace(/0+$/, "");
  const whole = text.slice(0, -decimals).replace(GROUP, ",");
  return `${sign}${whole}${fraction ? `.${fraction}` : ""}`;
}

export const opg = (value: bigint): string => `${amount(value, 18, 6)} OPG`;
const GWEI_UP_TO = 10n ** 14n;

/** Native coin, wei: in gwei where it is little. */
export const native = (value: bigint): string =>
  value < GWEI_UP_TO && value > -GWEI_UP_TO && value !== 0n
    ? `${amount(value, 9, 0)} gwei`
    : `${amount(value, 18, 6)} ETH`;

/** "0x1234…cdef" */
export const short = (hex: string, digits = 4): string => `${hex.slice(0, 2 + digits)}…${hex.slice(-digits)}`;

export function bytes(value: number): string {
  if (value < 1024) return `${value} B`;
  if (value < 1024 * 1024) return `${(value / 1024).toFixed(1)} KiB`;
  return `${(value / (1024 * 1024)).toFixed(1)} MiB`;
}

export function duration(milliseconds: number): string {
  if (milliseconds < 1) return `${(1000 * milliseconds).toFixed(0)} µs`;
  if (milliseconds < 1000) return `${milliseconds.toFixed(milliseconds < 10 ? 2 : 1)} ms`;
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

export function seconds(value: number): string {
  if (value < 120) return `${value} s`;
  if (value < 7200) return `${Math.round(value / 6) / 10} min`;
  if (value < 172_800) return `${Math.round(value / 360) / 10} h`;
  return `${Math.round(value / 8640) / 10} days`;
}

/** A time of the chain, unix seconds. */
export const date = (time: number): string => new Date(1000 * time).toISOString();

/** The same, and how far it is from `now`. */
export const dateFrom = (time: number, now: number): string =>
  `${date(time)} (${time < now ? `${seconds(now - time)} ago` : `in ${seconds(time - now)}`})`;

const wide = /[\u{1f300}-\u{1faff}]/u;

/** Columns that a text takes, colours left out. */
export const width = (text: string): number =>
  [...stripVTControlCharacters(text)].reduce((sum, char) => sum + (wide.test(char) ? 2 : 1), 0);

export const padEnd = (text: string, columns: number): string => text + " ".repeat(Math.max(0, columns - width(text)));
export const padStart = (text: string, columns: number): string =>
  " ".repeat(Math.max(0, columns - width(text))) + text;

/** Rows as aligned columns, two spaces apart; columns named in `right` are set to the right. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, c) => Math.max(...rows.map((row) => width(row[c] ?? ""))));
  return rows.map((row) =>
    row
      .map((cell, c) => (right.includes(c) ? padStart(cell, widths[c]!) : padEnd(cell, widths[c]!)))
      .join("  ")
      .trimEnd(),
  );
}
