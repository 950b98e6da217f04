// Plays the stories in Chromium: `npm run test:browser`. Without a browser it fails; nothing is skipped.
import { spawnSync } from "node:child_process";
import { bringChromium, NoChromiumError } from "./chromium.ts";

function chromium(): string {
  try {
    return bringChromium();
  } catch (error) {
    if (!(error instanceof NoChromiumError)) throw error;
    console.error(error.message);
    process.exit(2);
  }
}

// One file after the other: what the page measures of itself is not to be another file's work.
const args = ["run", "--project", "browser", "--no-file-parallelism", ...process.argv.slice(2)];
const { status } = spawnSync("vitest", args, {
  stdio: "inherit",
  env: { ...process.env, CHROMIUM: chromium() },
});
process.exit(status ?? 1);
