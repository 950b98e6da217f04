import { expect, test } from "vitest";
import { complaints } from "./cases/case.ts";
import { TENSORS_HARNESS, tensorCases } from "./cases/tensors.ts";
import { onEvm } from "./onEvm.ts";

const contracts = onEvm(TENSORS_HARNESS);

test("tensors of contracts that ask are made, read and hashed as packages/program does it", async () => {
  expect(await complaints(contracts, tensorCases())).toEqual([]);
}, 300_000);
