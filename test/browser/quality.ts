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

/** Milliseconds of the longest task of the main thread while `act` runs; 0 when none took 50 or more. */
export async function longestTask(page: Page, act: () => Promise<unknown>): Promise<number> {
  await page.evaluate(() => {
    const seen: number[] = [];
    Object.assign(window, { longTasks: seen });
    new PerformanceObserver((list) => seen.push(...list.getEntries().map(({ duration }) => duration))).observe({
      type: "longtask",
    });
  });
  await act();
  return page.evaluate(() => Math.max(0, ...(window as never as { longTasks: number[] }).longTasks));
}

/** Of an odd number of values. */
export const medianOf = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;
