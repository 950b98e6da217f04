/** Amounts, times and names as people read them. */
import { isAskedOnChain } from "@opengradient/protocol";

const GROUP = /\B(?=(\d{3})+(?!\d))/g;

/** 18 decimals, cut (not rounded) to `digits`. */
function fixed(value: bigint, digits: number): string {
  const text = (value < 0n ? -value : value).toString().padStart(19, "0");
  const fraction = text.slice(-18).slice(0, digits).replace(/0+$/, "");
  return `${value < 0n ? "−" : ""}${text.slice(0, -18).replace(GROUP, ",")}${fraction && `.${fraction}`}`;
}

export const opg = (value: bigint): string => `${fixed(value, 4)} OPG`;
/** Native coin; of small amounts the first two digits that are not zero. */
export function native(value: bigint): string {
  const digits = value.toString().length;
  return `${fixed(value, Math.max(6, Math.min(18, 20 - digits)))} ETH`;
}
export const signed = (value: bigint): string => `${value > 0n ? "+" : ""}${fixed(value, 4)} OPG`;

/** OPG from what someone typed; undefined when it is no amount. */
export function parseOpg(text: string): bigint | undefined {
  const match = text.trim().match(/^(\d{1,12})(?:\.(\d{1,18}))?$/);
  return match ? BigInt(match[1]!) * 10n ** 18n + BigInt((match[2] ?? "").padEnd(18, "0")) : undefined;
}

export const short = (hex: string): string => `${hex.slice(0, 6)}…${hex.slice(-4)}`;

/** A request by its number; one that a voucher paid has the voucher's hash for it. */
export const numbered = (requestId: bigint): string =>
  isAskedOnChain({ requestId }) ? `#${requestId}` : `voucher ${short(`0x${requestId.toString(16).padStart(64, "0")}`)}`;

export const named = (names: Readonly<Record<string, string>>, hex: string): string =>
  names[hex.toLowerCase()] ?? short(hex);

/** A span of seconds: "4 min 05 s" */
export function span(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min${s % 60 ? ` ${String(s % 60).padStart(2, "0")} s` : ""}`;
  const of = (unit: number, name: string, rest: number, below: string) =>
    `${Math.floor(s / unit)} ${name}${s % unit >= rest ? ` ${Math.floor((s % unit) / rest)} ${below}` : ""}`;
  return s < 86_400 ? of(3600, "h", 60, "min") : of(86_400, "d", 3600, "h");
}

export const clock = (unix: number): string =>
  new Date(1000 * unix).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** A size as people read it: "391 kB" */
export const bytes = (size: number): string =>
  size < 1000 ? `${size} bytes` : size < 1_000_000 ? `${Math.round(size / 1000)} kB` : `${(size / 1e6).toFixed(1)} MB`;

/** A whole number with its thousands apart. */
export const whole = (value: bigint): string => value.toString().replace(GROUP, ",");

export const percent = (share: number): string => `${(100 * share).toFixed(share > 0.9995 ? 2 : 1)} %`;

/** An error of the client library without the contract's own name and values. */
export const plain = (message: string): string => message.replace(/^\w+: /, "").replace(/ \([A-Z]\w+(: .*)?\)$/s, "");
