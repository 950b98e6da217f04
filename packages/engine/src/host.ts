/** What the engine uses of its host, Node or a browser; neither Node's types nor plain ECMAScript declare it. */

export type WasmMemory = { readonly buffer: ArrayBuffer | SharedArrayBuffer };
export type WasmModule = { readonly __module: never };
export type WasmInstance = { readonly exports: Readonly<Record<string, unknown>> };

type Wasm = {
  readonly Memory: new (limits: { initial: number; maximum: number; shared?: boolean }) => WasmMemory;
  compile(bytes: Uint8Array): Promise<WasmModule>;
  instantiate(module: WasmModule, imports: Record<string, Record<string, WasmMemory>>): Promise<WasmInstance>;
};

type Listener = (value: unknown) => void;
/** A thread as the one that started it sees it, or the other way round. */
type Port = {
  postMessage(message: unknown): void;
  /** browsers, and ports in Node */
  addEventListener?(name: string, listener: (event: { readonly data?: unknown }) => void): void;
  /** threads in Node */
  on?(name: string, listener: Listener): void;
};
export type HostWorker = Port & { terminate(): unknown; unref?(): void };
export type WorkerClass = new (script: URL, options: { type: "module" }) => HostWorker;

type NodeThreads = { readonly Worker: WorkerClass; readonly parentPort: Port | null };
type Globals = {
  readonly WebAssembly: Wasm;
  readonly Worker?: WorkerClass;
  readonly crossOriginIsolated?: boolean;
  readonly navigator?: { readonly hardwareConcurrency?: number };
  readonly process?: { getBuiltinModule?(name: string): NodeThreads | undefined };
};

const globals = globalThis as unknown as Globals & Port;

export const wasm: Wasm = globals.WebAssembly;

const nodeThreads = (): NodeThreads | undefined => globals.process?.getBuiltinModule?.("node:worker_threads");

/** Why threads can not share memory here; undefined when they can. */
export function whyNoThreads(): string | undefined {
  if (typeof SharedArrayBuffer === "undefined" || globals.crossOriginIsolated === false)
    return "this page is not cross-origin isolated, so threads can not share memory";
  return workerClass() ? undefined : "this host has no workers";
}

/** Threads that this machine runs at once, as far as the host says. */
export const cores = (): number => globals.navigator?.hardwareConcurrency ?? 1;

export const workerClass = (): WorkerClass | undefined => nodeThreads()?.Worker ?? globals.Worker;

/** Within a worker: the way to the thread that started it. */
export const parentPort = (): Port => nodeThreads()?.parentPort ?? globals;

export function listen(port: Port, name: "message" | "error", listener: Listener): void {
  if (port.on) port.on(name, listener);
  else port.addEventListener!(name, (event) => listener(event.data ?? event));
}
