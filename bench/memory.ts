/** Counts the WebAssembly memories that a process makes, whoever makes them. */

type WasmMemory = { readonly buffer: { readonly byteLength: number } };
type Namespace = {
  Memory: new (...given: never[]) => WasmMemory;
  instantiate: (...given: unknown[]) => Promise<unknown>;
};

/** To be called before any module is instantiated; the result says how many bytes all memories have now. */
export function trackMemory(): () => number {
  const namespace = (globalThis as unknown as { WebAssembly: Namespace }).WebAssembly;
  const memories: WasmMemory[] = [];
  namespace.Memory = class extends namespace.Memory {
    constructor(...given: never[]) {
      super(...given);
      memories.push(this);
    }
  };
  return () => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
}
