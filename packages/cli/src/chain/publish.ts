import { toHex } from "@opengradient/commitments";
import { addKernels, type Done, openDraft, publish, readModel, sealDraft, type Writer } from "@opengradient/protocol";
import type { Model } from "../model/import.ts";

export type Published = { readonly transactions: readonly Done[]; readonly gas: bigint; readonly known: boolean };

/** Calldata and checks that fit well below the cap of one transaction. */
const MOST_BYTES = 24_000;
const MOST_KERNELS = 40;

type Terms = { readonly royaltyBps: number; readonly uri: string };

/** Publishes a model, in one transaction where it fits, else page by page. A model that is there already stays as it is. */
export async function publishModel(writer: Writer, model: Model, metadata: Terms): Promise<Published> {
  const known = await readModel(writer, model.roots.modelRoot).then(
    () => true,
    () => false,
  );
  if (known) return { transactions: [], gas: 0n, known };
  const { weightsRoot, sourceHash, compilerHash } = model.roots;
  const header = toHex(model.header);
  const about = { header, origin: { weightsRoot, sourceHash, compilerHash }, metadata };
  const pages = pagesOf(model.descriptors);
  const transactions: Done[] = [];
  if (pages.length === 1) transactions.push(await publish(writer, { ...about, descriptors: pages[0]!.map(toHex) }));
  else {
    const opened = await openDraft(writer, about);
    const draft = opened.result;
    transactions.push(opened);
    for (const page of pages)
      transactions.push(await addKernels(writer, { draft, header, descriptors: page.map(toHex) }));
    transactions.push(await sealDraft(writer, { draft }));
  }
  return { transactions, gas: transactions.reduce((sum, { receipt }) => sum + receipt.gasUsed, 0n), known };
}

export function pagesOf(descriptors: readonly Uint8Array[]): Uint8Array[][] {
  const pages: Uint8Array[][] = [[]];
  let bytes = 0;
  for (const descriptor of descriptors) {
    if (bytes + descriptor.length > MOST_BYTES || pages.at(-1)!.length === MOST_KERNELS) {
      pages.push([]);
      bytes = 0;
    }
    pages.at(-1)!.push(descriptor);
    bytes += descriptor.length;
  }
  return pages;
}
