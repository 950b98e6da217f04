import { type Reader, readEvents, type Summary, summarise } from "@opengradient/protocol";
import type { Place } from "./connect.ts";

/** Everything that happened in a system: claims, requests, records, tiers, offers. Reads all its events. */
export async function readHistory(reader: Reader, { deployment }: Place): Promise<Summary> {
  const to = await reader.chain.getBlockNumber();
  return summarise(await readEvents(reader, { from: BigInt(deployment.block), to }));
}
