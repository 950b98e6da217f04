import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { openArbiter } from "../../packages/cli/src/arbiter.ts";
import { provables } from "../../packages/cli/src/provable.ts";

const models = fileURLToPath(new URL("../../packages/models/", import.meta.url));

it("proving the dearest elements of our own models takes less than the bound says", async () => {
  const found: string[] = [];
  for await (const { name, refused, bound, measured, proven } of provables(models, 1, await openArbiter())) {
    expect(refused, name).toBeUndefined();
    expect(measured!.gas, name).toBeLessThanOrEqual(bound!.gas);
    expect(measured!.bytes, name).toBeLessThanOrEqual(bound!.bytes);
    expect(proven, name).toBeGreaterThan(0);
    found.push(name);
  }
  expect(found).toContain("digits/digits.onnx");
});
