import { defineConfig } from "vitest/config";

// Node runs our sources itself: rewritten by Vite the reference interpreter is four times slower.
const server = { deps: { external: [/\/(packages|apps)\/[^/]+\/src\/.*\.ts$/] } };
const shared = { pool: "forks", testTimeout: 60_000, hookTimeout: 120_000, server } as const;

export default defineConfig({
  test: {
    passWithNoTests: true,
    projects: [
      { test: { ...shared, name: "packages", include: ["packages/*/test/**/*.test.ts", "apps/*/test/**/*.test.ts"] } },
      { test: { ...shared, name: "test", include: ["test/**/*.test.ts"] } },
      // Each story waits for blocks, clocks and a browser.
      { test: { ...shared, testTimeout: 180_000, name: "browser", include: ["test/browser/**/*.browser.ts"] } },
    ],
  },
});
