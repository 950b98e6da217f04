import { type Logger, pino } from "pino";

export type Log = Pick<Logger, "debug" | "info" | "warn" | "error">;

/** JSON lines on stdout; what a person reads is made of them elsewhere. */
export const jsonLog = (level = "info"): Log => pino({ level, base: null });

export const silentLog: Log = pino({ level: "silent" });
