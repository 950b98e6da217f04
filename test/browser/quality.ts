import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";

const dist = fileURLToPath(new URL("../../apps/web/dist", import.meta.url));
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Serious and critical faults that axe-core finds in the page as it stands. */
export async function seriousFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    type Found = { violations: { id: string; impact: string; nodes: { html: string }[] }[] };
    const { violations } = await (window as never as { axe: { run(): Promise<Found> } }).axe.run();
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
  });
}

/** Gzipped bytes of the document and of all that it names. */
export function firstLoad(): number {
  const html = readFileSync(`${dist}/index.html`);
  const named = readdirSync(`${dist}/assets`).filter((name) => html.includes(`/assets/${name}`));
  const files = [html, ...named.map((name) => readFileSync(`${dist}/assets/${name}`))];
  return files.reduce((sum, bytes) => sum + gzipSync(bytes).length, 0);
}

type TraceEvent = {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** microseconds of the processor */
  readonly tdur?: number;
  readonly args: { readonly name?: string };
};

/**
 * Milliseconds of the processor that the longest task of a page's main thread took while `act` ran: on a machine that
 * does nothing else they are those of the clock, and what else it does adds nothing to them.
 */
export async function longestTask(page: Page, act: () => Promise<unknown>): Promise<number> {
  const browser = page.context().browser()!;
  await browser.startTracing(page, { categories: ["toplevel"] });
  await act();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const thread = ({ pid, tid }: TraceEvent): string => `${pid}/${tid}`;
  const named = traceEvents.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain");
  const mains = new Set(named.map(thread));
  const tasks = traceEvents.filter((event) => event.name.endsWith("RunTask") && mains.has(thread(event)));
  if (tasks.length === 0) throw new Error("the trace holds no task of a page");
  return Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1000;
}

/** Of an odd number of values. */
export const medianOf = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;
