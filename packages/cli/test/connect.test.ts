import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deploymentSchema } from "@opengradient/node";
import { getAddress, toHex } from "viem";
import { expect, test } from "vitest";
import { placeOf, writePlace } from "../src/chain/connect.ts";

test("what a devnet writes about its place is read back whole: a node needs every contract of it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "og-place-"));
  const names = Object.keys(deploymentSchema.shape);
  const addresses = Object.fromEntries(names.map((name, i) => [name, getAddress(toHex(i + 1, { size: 20 }))]));
  const deployment = deploymentSchema.parse({ ...addresses, chainId: 31_337, block: 0 });
  const place = { rpc: "http://127.0.0.1:8545", deployment };
  const file = join(folder, "place.json");
  writePlace(file, place);
  expect(await placeOf({ deployment: file })).toEqual(place);
  rmSync(folder, { recursive: true });
});
