import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { CommandError } from "../failure.ts";
import { toJson } from "../output.ts";

/** A file as its schema has it. @throws CommandError that says what is wrong where */
export function readJson<T extends z.ZodType>(path: string, schema: T): z.output<T> {
  const text = readFileSync(path, "utf8");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CommandError(`${path}: this is not JSON: ${(cause as Error).message}`, { cause });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new CommandError(`${path}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** Whole or not at all: a kill leaves the old file or the new one. */
export function writeJson(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, `${toJson(value, 2)}\n`, { flush: true });
  renameSync(`${path}.new`, path);
}
