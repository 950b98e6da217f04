import { greater, MOST_BLOCKS, type ProtocolEvent, type Reader, readEvents } from "@opengradient/protocol";

/**
 * What was read of a system's events: its first page, where the deployment is, and all between `from` and `to`.
 * The gap between the two closes from its upper end, a page with every reading, so that no reading is long however
 * old the system is, and what is new is there at once.
 */
export type History = {
  /** the last block of the first page */
  readonly birth: bigint;
  readonly from: bigint;
  readonly to: bigint;
  /** in the chain's order */
  readonly events: readonly ProtocolEvent[];
};

/** Blocks at the end that are read again, since a reorganisation may replace them. */
const UNSURE = 12n;

/** No block between deployment and head is left to read. */
export const isWhole = ({ birth, from }: History): boolean => from === birth + 1n;

/** Reads what is new, and one page more of what is old. `deployed`: block of the first contract. */
export async function readOn(reader: Reader, deployed: bigint, known: History | undefined): Promise<History> {
  const head = await reader.chain.getBlockNumber({ cacheTime: 0 });
  if (!known) return begin(reader, deployed, head);
  if (head === known.to && isWhole(known)) return known;
  const { birth, events } = known;
  const from = greater(birth + 1n, known.from - MOST_BLOCKS);
  const since = greater(known.from, known.to - UNSURE);
  const [older, newer] = await Promise.all([
    readEvents(reader, { from, to: known.from - 1n }),
    readEvents(reader, { from: since, to: head }),
  ]);
  const kept = (test: (block: bigint) => boolean) => events.filter(({ block }) => test(block));
  const middle = kept((block) => block > birth && block < since);
  return { birth, from, to: head, events: [...kept((block) => block <= birth), ...older, ...middle, ...newer] };
}

/** The first and the last page; of a young system all, so that the first page lies deeper than what is unsure. */
async function begin(reader: Reader, deployed: bigint, head: bigint): Promise<History> {
  const young = head - deployed < 2n * MOST_BLOCKS;
  const birth = young ? deployed - 1n : deployed + MOST_BLOCKS - 1n;
  const from = young ? deployed : head - MOST_BLOCKS + 1n;
  const [first, last] = await Promise.all([
    readEvents(reader, { from: deployed, to: birth }),
    readEvents(reader, { from, to: head }),
  ]);
  return { birth, from, to: head, events: [...first, ...last] };
}
