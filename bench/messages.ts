/** What the bench asks a candidate's process, and what that answers. */

import type { Model } from "./models.ts";
import type { KernelTime, Prepared } from "./runtimes.ts";

export type RuntimeName = "ours" | "web" | "node";
export type Job = { readonly runtime: RuntimeName; readonly threads: number; readonly model: Model };

export type Question = "memory" | "outputs" | "profile" | { readonly calls: number; readonly committed: boolean };

/** Bytes: of WebAssembly memories, of array buffers, and by how much the process grew at most. */
export type Memory = { readonly wasm: number; readonly buffers: number; readonly resident: number };

export type Answer =
  | { readonly prepared: Prepared }
  | { readonly ms: number }
  | { readonly outputs: readonly (readonly number[])[] }
  | { readonly profile: readonly KernelTime[] }
  | Memory
  | { readonly failed: string };
