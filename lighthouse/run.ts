/** npm run lighthouse -- [--rounds N] [--desktop]: Lighthouse on the static build, beside a network as `npm start` brings it up. */
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { launch } from "chrome-launcher";
import lighthouse, { desktopConfig, type RunnerResult } from "lighthouse";
import { bringChromium } from "../test/browser/chromium.ts";

const RESULTS = fileURLToPath(new URL("../.results/lighthouse", import.meta.url));
const WANTED = 0.9;
const CATEGORIES = ["performance", "accessibility", "best-practices", "seo"];
const METRICS = [
  "first-contentful-paint",
  "largest-contentful-paint",
  "total-blocking-time",
  "cumulative-layout-shift",
  "speed-index",
];

type Result = RunnerResult["lhr"];

async function measure(url: string, rounds: number, desktop: boolean): Promise<RunnerResult[]> {
  const flags = ["--headless=new", "--no-sandbox", "--disable-gpu"];
  const chrome = await launch({ chromePath: bringChromium(), chromeFlags: flags });
  try {
    const results: RunnerResult[] = [];
    for (let round = 0; round < rounds; round++) {
      const options = { port: chrome.port, output: "html", onlyCategories: CATEGORIES, logLevel: "error" } as const;
      const result = await lighthouse(url, options, desktop ? desktopConfig : undefined);
      if (!result || result.lhr.runtimeError) throw new Error(result?.lhr.runtimeError?.message ?? "no result");
      results.push(result);
    }
    return results;
  } finally {
    chrome.kill();
  }
}

const performance = ({ lhr }: RunnerResult): number => lhr.categories["performance"]!.score ?? 0;

/**
 * Milliseconds by which tasks of the page's thread exceed 50, from the start of the navigation on, reckoned from the
 * processor time that they took on a processor four times slower. Other work of this machine does not add to it, as it
 * does to Lighthouse's figure; what comes before the first paint, which that leaves out, is in it.
 */
function blockedByThreadTime({ artifacts }: RunnerResult): number {
  const { traceEvents } = artifacts.Trace;
  const paint = traceEvents.find(({ name }) => name === "firstContentfulPaint");
  const navigation = (event: object): unknown =>
    (event as { args?: { data?: { navigationId?: string } } }).args?.data?.navigationId;
  const start = traceEvents.find(
    (event) => paint && event.name === "navigationStart" && navigation(event) === navigation(paint),
  );
  if (!start) throw new Error("nothing was painted");
  const tasks = traceEvents.filter(
    ({ name, pid, tid, ts }) => name === "RunTask" && pid === start.pid && tid === start.tid && ts >= start.ts,
  );
  const threadTime = (task: object): number => ("tdur" in task ? Number(task.tdur) : 0) / 1000;
  return tasks.reduce((sum, task) => sum + Math.max(0, 4 * threadTime(task) - 50), 0);
}

function report({ categories, audits }: Result): void {
  for (const { title, score } of Object.values(categories))
    console.log(`${title.padEnd(26)} ${(100 * (score ?? 0)).toFixed(0)}`);
  for (const name of METRICS) console.log(`${audits[name]!.title.padEnd(26)} ${audits[name]!.displayValue}`);
  const faults = Object.values(categories).flatMap(({ auditRefs }) =>
    auditRefs.filter(({ id, weight }) => weight > 0 && (audits[id]!.score ?? 1) < 0.9).map(({ id }) => audits[id]!),
  );
  for (const { title, displayValue = "" } of faults) console.log(`below 90: ${title} ${displayValue}`);
}

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "3" }, desktop: { type: "boolean", default: false } },
});
const og = spawn("og", ["start", "--json", "--port", "0", "--rpc-port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
const ended = new Promise((done) => og.once("exit", done));
try {
  for await (const line of createInterface({ input: og.stdout })) {
    const results = await measure((JSON.parse(line) as { url: string }).url, Number(values.rounds), values.desktop);
    const middle = results.toSorted((a, b) => performance(a) - performance(b))[results.length >> 1]!;
    mkdirSync(RESULTS, { recursive: true });
    writeFileSync(`${RESULTS}/report.html`, String(middle.report));
    writeFileSync(`${RESULTS}/report.json`, JSON.stringify(middle.lhr, undefined, 1));
    const { lighthouseVersion, environment } = middle.lhr;
    const runs = results.map((result) => (100 * performance(result)).toFixed(0)).join(", ");
    const kind = values.desktop ? "desktop" : "mobile";
    console.log(`Lighthouse ${lighthouseVersion}, ${kind}: performance of the runs ${runs}; the median's figures:`);
    // 1000 and more on an idle desktop: far less means that this machine has other work.
    console.log(`${"benchmarkIndex".padEnd(26)} ${environment.benchmarkIndex}`);
    report(middle.lhr);
    const blocked = results.map((result) => blockedByThreadTime(result).toFixed(0)).join(", ");
    console.log(`${"Blocked, by thread time".padEnd(26)} ${blocked} ms`);
    if (performance(middle) < WANTED) process.exitCode = 1;
    break;
  }
} finally {
  og.kill("SIGINT");
  await ended;
}
