import { opgAbi } from "@opengradient/bindings";
import type { Address, Hex, TransactionReceipt } from "viem";
import { type Call, type CallOf, calls, type Motion } from "./calls.ts";
import { gasLimit, mined, type Writer } from "./client.ts";
import { protocolError, TransactionRevertedError } from "./errors.ts";

export type Done<R = unknown> = {
  readonly hash: Hex;
  readonly receipt: TransactionReceipt;
  /** what the simulation of the call returned */
  readonly result: R;
};

/**
 * Simulates and sends; what it gives waits for one block.
 * @throws ProtocolError with the contract's own error in words, here and there
 */
export async function submit<R = unknown>(writer: Writer, call: Call): Promise<() => Promise<Done<R>>> {
  const { chain, wallet } = writer;
  const inWords = (error: unknown): never => {
    throw protocolError(error, call.functionName);
  };
  const sent = { ...call, account: wallet.account } as never;
  const { request, result } = await chain.simulateContract(sent).catch(inWords);
  const gas = gasLimit(await chain.estimateContractGas(sent).catch(inWords));
  const hash = await wallet.writeContract({ ...(request as object), gas } as never).catch(inWords);
  return async () => {
    const receipt = await mined(writer, hash).catch(inWords);
    if (receipt.status !== "success") throw new TransactionRevertedError(call.functionName, hash);
    return { hash, receipt, result: result as R };
  };
}

/** Simulates, sends, waits for one block. @throws ProtocolError with the contract's own error in words */
export async function act<R = unknown>(writer: Writer, call: Call): Promise<Done<R>> {
  const done = await submit<R>(writer, call);
  return done();
}

const action =
  <P, R = void>(build: CallOf<P>) =>
  (writer: Writer, parameters: P): Promise<Done<R>> =>
    act<R>(writer, build(writer.addresses, parameters));

export const approve = action(calls.approve);
export const transfer = action(calls.transfer);

export const publish = action<Parameters<typeof calls.publish>[1], Hex>(calls.publish);
export const openDraft = action<Parameters<typeof calls.openDraft>[1], bigint>(calls.openDraft);
export const addKernels = action(calls.addKernels);
export const sealDraft = action<Parameters<typeof calls.sealDraft>[1], Hex>(calls.sealDraft);
export const deprecate = action(calls.deprecate);

export const register = action(calls.register);
export const updateOperator = action(calls.updateOperator);
export const rotateKey = action(calls.rotateKey);
export const offer = action(calls.offer);
export const stake = action(calls.stake);
export const thaw = action(calls.thaw);
export const withdrawStake = action(calls.withdrawStake);
export const authorise = action(calls.authorise);
export const revoke = action(calls.revoke);
export const restore = action(calls.restore);

export const delegate = action<Parameters<typeof calls.delegate>[1], bigint>(calls.delegate);
export const undelegate = action<Parameters<typeof calls.undelegate>[1], bigint>(calls.undelegate);
export const withdrawDelegation = action<Parameters<typeof calls.withdrawDelegation>[1], bigint>(
  calls.withdrawDelegation,
);
export const announceCut = action(calls.announceCut);
export const rewardDelegators = action(calls.rewardDelegators);
export const delegateVotes = action(calls.delegateVotes);
export const delegateHeldVotes = action(calls.delegateHeldVotes);
export const syncVotes = action(calls.syncVotes);

/** `result` is the proposal's id. */
export const propose = action<Motion, bigint>(calls.propose);
export const castVote = action(calls.castVote);
export const queueProposal = action(calls.queueProposal);
export const executeProposal = action(calls.executeProposal);
export const cancelProposal = action(calls.cancelProposal);

/** Needs an allowance of the fee for the Market; `result` is the request's id. */
export const request = action<Parameters<typeof calls.request>[1], bigint>(calls.request);
export const refund = action(calls.refund);
export const post = action<Parameters<typeof calls.post>[1], Hex>(calls.post);
export const postOpened = action<Parameters<typeof calls.postOpened>[1], Hex>(calls.postOpened);
export const finalise = action(calls.finalise);
export const payAudits = action(calls.payAudits);
export const burnFees = action(calls.burnFees);

export const guardianBeat = action(calls.guardianBeat);
export const pauseNewWork = action(calls.pauseNewWork);
export const resumeNewWork = action(calls.resumeNewWork);

export const postBatch = action<Parameters<typeof calls.postBatch>[1], Hex>(calls.postBatch);
export const showClaim = action<Parameters<typeof calls.showClaim>[1], Hex>(calls.showClaim);
export const releaseBatch = action(calls.releaseBatch);
export const lodge = action<Parameters<typeof calls.lodge>[1], Hex>(calls.lodge);

export const openChannel = action(calls.openChannel);
export const openChannelWithPermit = action(calls.openChannelWithPermit);
export const openChannelWithAuthorization = action(calls.openChannelWithAuthorization);
export const fundChannel = action(calls.fundChannel);
export const setChannelEnd = action(calls.setChannelEnd);
export const withdrawChannel = action<Parameters<typeof calls.withdrawChannel>[1], bigint>(calls.withdrawChannel);
/** `result` is the OPG paid. */
export const redeem = action<Parameters<typeof calls.redeem>[1], bigint>(calls.redeem);
export const payChannelAudits = action(calls.payChannelAudits);
export const burnChannelFees = action(calls.burnChannelFees);

/** `result` says whether the callback went through. */
export const deliver = action<Parameters<typeof calls.deliver>[1], boolean>(calls.deliver);
export const deliverVoid = action<Parameters<typeof calls.deliverVoid>[1], boolean>(calls.deliverVoid);
export const deliverRefund = action<Parameters<typeof calls.deliverRefund>[1], boolean>(calls.deliverRefund);

export const demandOpening = action(calls.demandOpening);
export const demand = action(calls.demand);
export const openClaim = action(calls.openClaim);
export const settleOpening = action(calls.settleOpening);
export const reveal = action(calls.reveal);
export const expire = action(calls.expire);
export const reclaim = action(calls.reclaim);
export const commit = action(calls.commit);
export const prove = action(calls.prove);
export const settleBond = action(calls.settleBond);
export const withdrawCredits = action(calls.withdrawCredits);

/** Raises the allowance of `spender` to `amount` where it is lower; undefined when nothing had to be sent. */
export async function ensureAllowance(
  writer: Writer,
  { spender, amount }: { spender: Address; amount: bigint },
): Promise<Done | undefined> {
  const { opg } = writer.addresses;
  const args = [writer.wallet.account.address, spender] as const;
  const allowance = await writer.chain.readContract({ address: opg, abi: opgAbi, functionName: "allowance", args });
  return allowance >= amount ? undefined : approve(writer, { spender, amount });
}
