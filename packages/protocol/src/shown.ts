import { inferenceConsumerAbi } from "@opengradient/bindings";
import { fromHex, toHex } from "@opengradient/commitments";
import { type Address, zeroHash } from "viem";
import type { Result } from "./calls.ts";
import type { Reader } from "./client.ts";
import type { Package, WireTensor } from "./packages.ts";

/** A request that a contract made, and the block of its `Requested`. */
export type ContractRequest = { readonly requestId: bigint; readonly requester: Address; readonly block: bigint };

/** dtype ‖ u32 elements: how contracts give a tensor's shape, which is flat. */
const ELEMENTS = 2 ** 32;

/**
 * The input that a contract showed when it asked (`InferenceConsumer`), undefined when it showed none. Nothing says that
 * it is the one that the request names: compare `packageInput`.
 */
export async function shownInput(
  { chain }: Reader,
  { requestId, requester, block }: ContractRequest,
): Promise<Package | undefined> {
  const [shown] = await chain.getContractEvents({
    address: requester,
    abi: inferenceConsumerAbi,
    eventName: "InputShown",
    args: { requestId },
    fromBlock: block,
    toBlock: block,
    strict: true,
  });
  const tensors = shown?.args.inputs.map(
    ({ shape, data }): WireTensor => ({
      dtype: Math.floor(shape / ELEMENTS) as WireTensor["dtype"],
      dims: [shape % ELEMENTS],
      data: fromHex(data),
    }),
  );
  return tensors && { salt: zeroHash, tensors };
}

/** The outputs of a claim as `Deliveries` takes them. */
export const resultOf = ({ salt, tensors }: Package): Result => ({
  salt,
  outputs: tensors.map(({ dtype, dims, data }) => ({
    shape: dtype * ELEMENTS + dims.reduce((all, dim) => all * dim, 1),
    data: toHex(data),
  })),
});
