import { afterAll, beforeAll, expect, test } from "vitest";
import { newReader, type Reader } from "./run.ts";

/** In `docs/`; each begins where devnet.md ends, and stands without the others. */
const TUTORIALS = ["requester.md", "challenger.md", "operator.md", "contract-consumer.md"];

const MOST = 600_000;

let reader: Reader;
beforeAll(async () => {
  reader = await newReader();
  await reader.follow("devnet.md");
}, MOST);
afterAll(() => reader?.close());

test.each(TUTORIALS)("%s does what it says", { timeout: MOST }, async (document) => {
  await expect(reader.follow(document)).resolves.toBeUndefined();
});
