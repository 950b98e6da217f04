/** The part of WebAssembly's JavaScript API that the engine uses; neither Node's types nor plain ECMAScript declare it. */

export type WasmMemory = { readonly buffer: ArrayBuffer };
export type WasmModule = { readonly __module: never };
export type WasmInstance = { readonly exports: Readonly<Record<string, unknown>> };

type Host = {
  readonly Memory: new (limits: { initial: number; maximum: number }) => WasmMemory;
  compile(bytes: Uint8Array): Promise<WasmModule>;
  instantiate(module: WasmModule, imports: Record<string, Record<string, WasmMemory>>): Promise<WasmInstance>;
};

export const wasm: Host = (globalThis as unknown as { WebAssembly: Host }).WebAssembly;
