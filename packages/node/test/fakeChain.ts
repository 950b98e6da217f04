import { type Hex, keccak256, type PublicClient, parseTransaction } from "viem";

type Mined = { readonly hash: Hex; readonly block: bigint; readonly data: Hex };

/** The process "dies" here: nothing after this point of a turn happens. */
export class Crash extends Error {}

/** What a test lets happen to the calls of one turn. */
export type Faults = {
  /** the call of the turn, counted from 0, at which the process dies */
  readonly crashAt?: number;
  /** whether a transaction that dies in `send` has reached the node before */
  readonly reachedNode?: boolean;
  /** broadcasts vanish without an error */
  readonly drop?: boolean;
};

/** A chain of one account, with a pool that forgets, blocks on command and reorganisations. */
export function fakeChain() {
  const pool = new Map<number, Hex>();
  let mined: Mined[] = [];
  let head = 10n;
  const baseNonce = 0;
  let calls = 0;
  let faults: Faults = {};
  /** every data that was ever mined and stayed */
  const effects = () => mined.map(({ data }) => data);
  const nonce = () => baseNonce + mined.length;

  const step = <T>(result: () => T): Promise<T> => {
    if (calls++ === faults.crashAt) return Promise.reject(new Crash());
    return Promise.resolve().then(result);
  };

  const client = {
    getBlockNumber: () => step(() => head),
    getTransactionCount: ({ blockNumber }: { blockNumber?: bigint }) =>
      step(() => baseNonce + mined.filter(({ block }) => blockNumber === undefined || block <= blockNumber).length),
    estimateFeesPerGas: () => step(() => ({ maxFeePerGas: 100n, maxPriorityFeePerGas: 2n })),
    estimateGas: () => step(() => 21_000n),
    getTransactionReceipt: ({ hash }: { hash: Hex }) =>
      step(() => {
        const found = mined.find((at) => at.hash === hash);
        if (!found) throw Object.assign(new Error("none"), { name: "TransactionReceiptNotFoundError" });
        return { blockNumber: found.block, status: "success" };
      }),
    sendRawTransaction: ({ serializedTransaction: raw }: { serializedTransaction: Hex }) => {
      const dies = calls++ === faults.crashAt;
      if (!faults.drop && (!dies || faults.reachedNode)) accept(raw);
      return dies ? Promise.reject(new Crash()) : Promise.resolve(keccak256(raw));
    },
  };

  function accept(raw: Hex): void {
    const { nonce: at = 0 } = parseTransaction(raw);
    if (at < nonce()) throw new Error("nonce too low");
    if (pool.get(at) === raw) throw new Error("already known");
    pool.set(at, raw);
  }

  return {
    client: client as unknown as PublicClient,
    effects,
    nonce,
    begin(next: Faults): void {
      calls = 0;
      faults = next;
    },
    callsMade: () => calls,
    /** Mines what is next in order, then one block more. */
    mine(): void {
      head++;
      for (let raw = pool.get(nonce()); raw; raw = pool.get(nonce())) {
        pool.delete(nonce());
        mined.push({ hash: keccak256(raw), block: head, data: parseTransaction(raw).data ?? "0x" });
      }
    },
    pass(blocks: number): void {
      head += BigInt(blocks);
    },
    forgetPool: () => pool.clear(),
    /** Takes the last blocks back; their transactions are gone, not back in the pool. */
    reorganise(depth: number): void {
      mined = mined.filter(({ block }) => block <= head - BigInt(depth));
    },
    /** Another program uses the key. */
    useNonceElsewhere(): void {
      pool.delete(nonce());
      mined.push({ hash: keccak256(`0x${head.toString(16).padStart(64, "0")}`), block: head, data: "0x" });
    },
  };
}

export type FakeChain = ReturnType<typeof fakeChain>;
