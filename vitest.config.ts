import { defineConfig } from "vitest/config";

const shared = { pool: "forks", testTimeout: 60_000, hookTimeout: 120_000 } as const;

export default defineConfig({
  test: {
    passWithNoTests: true,
    projects: [
      { test: { ...shared, name: "packages", include: ["packages/*/test/**/*.test.ts", "apps/*/test/**/*.test.ts"] } },
      { test: { ...shared, name: "test", include: ["test/**/*.test.ts"] } },
    ],
  },
});
