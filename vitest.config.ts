import { defineConfig } from "vitest/config";

// Node runs our sources itself: rewritten by Vite the reference interpreter is four times slower.
const server = { deps: { external: [/\/(packages|apps)\/[^/]+\/src\/.*\.ts$/] } };
// Time-outs are safety nets: on a busy machine everything takes ten times as long.
const shared = { pool: "forks", testTimeout: 300_000, hookTimeout: 300_000, server } as const;

export default defineConfig({
  test: {
    passWithNoTests: true,
    // By default one core is left idle.
    maxWorkers: "100%",
    projects: [
      { test: { ...shared, name: "packages", include: ["packages/*/test/**/*.test.ts", "apps/*/test/**/*.test.ts"] } },
      { test: { ...shared, name: "test", include: ["test/**/*.test.ts"] } },
      // Each story waits for blocks, clocks and a browser; what they time should be alone.
      {
        test: {
          ...shared,
          fileParallelism: false,
          name: "browser",
          include: ["test/browser/**/*.browser.ts"],
        },
      },
    ],
  },
});
