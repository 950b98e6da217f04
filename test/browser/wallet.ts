import type { BrowserContext } from "playwright-core";
import { createWalletClient, defineChain, type Hex, http, type LocalAccount, numberToHex } from "viem";

type Rpc = { readonly method: string; readonly params?: readonly unknown[] };

export type WalletOptions = {
  readonly name: string;
  readonly account: LocalAccount;
  readonly rpc: string;
  readonly chainId: number;
};

/** What the test decides about a wallet while it runs. */
export type TestWallet = {
  /** refuse the next thing that it is asked to sign */
  refuseNext: boolean;
  /** the chain that it says it is on */
  chainId: number;
  /** the page may see the account */
  allowed: boolean;
  /** method of everything that it signed */
  readonly signed: string[];
};

/** Puts a wallet into a browser context: an EIP-1193 provider, announced by EIP-6963, that signs with a real key. */
export async function injectWallet(context: BrowserContext, options: WalletOptions): Promise<TestWallet> {
  const { account, rpc, name } = options;
  const chain = defineChain({
    id: options.chainId,
    name: "test",
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [rpc] } },
  });
  const client = createWalletClient({ account, chain, transport: http(rpc) });
  const state: TestWallet = { allowed: false, refuseNext: false, chainId: options.chainId, signed: [] };

  const answer = async ({ method, params = [] }: Rpc): Promise<unknown> => {
    if (method === "eth_requestAccounts") state.allowed = true;
    if (method === "eth_accounts" || method === "eth_requestAccounts") return state.allowed ? [account.address] : [];
    if (method === "eth_chainId") return numberToHex(state.chainId);
    if (method === "wallet_switchEthereumChain") {
      state.chainId = Number((params[0] as { chainId: Hex }).chainId);
      return null;
    }
    if (method === "eth_sendTransaction") {
      if (state.refuseNext) {
        state.refuseNext = false;
        throw Object.assign(new Error("User rejected the request."), { code: 4001 });
      }
      state.signed.push(method);
      const { to, data, value, gas } = params[0] as { to: Hex; data?: Hex; value?: Hex; gas?: Hex };
      const more = { ...(value && { value: BigInt(value) }), ...(gas && { gas: BigInt(gas) }) };
      return client.sendTransaction({ to, data, ...more });
    }
    return client.request({ method, params } as never);
  };

  await context.exposeFunction(`wallet_${name}`, async (request: Rpc) => {
    try {
      return { result: (await answer(request)) ?? null };
    } catch (error) {
      const { code = -32603, message, data } = error as { code?: number; message: string; data?: unknown };
      return { error: { code, message, data } };
    }
  });
  await context.addInitScript(announce, name);
  return state;
}

/** Runs in the page. */
function announce(name: string): void {
  type Answer = { result?: unknown; error?: { code: number; message: string; data?: unknown } };
  const listeners = new Map<string, Set<(value: unknown) => void>>();
  const emit = (event: string, value: unknown) => {
    for (const listener of listeners.get(event) ?? []) listener(value);
  };
  const provider = {
    async request(request: { method: string; params?: unknown[] }) {
      const call = (window as never as Record<string, (r: unknown) => Promise<Answer>>)[`wallet_${name}`]!;
      const { result, error } = await call({ method: request.method, params: request.params ?? [] });
      if (error) throw Object.assign(new Error(error.message), { code: error.code, data: error.data });
      if (request.method === "wallet_switchEthereumChain")
        emit("chainChanged", (request.params as [{ chainId: string }])[0].chainId);
      return result;
    },
    on(event: string, listener: (value: unknown) => void) {
      listeners.set(event, (listeners.get(event) ?? new Set()).add(listener));
    },
    removeListener(event: string, listener: (value: unknown) => void) {
      listeners.get(event)?.delete(listener);
    },
  };
  const icon =
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'><rect width='1' height='1' fill='teal'/></svg>";
  const info = { uuid: crypto.randomUUID(), name, icon, rdns: `test.${name.toLowerCase()}` };
  const tell = () =>
    window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail: Object.freeze({ info, provider }) }));
  window.addEventListener("eip6963:requestProvider", tell);
  tell();
}
