/** One model on one runtime, as something to be called again and again with the same inputs. */

/** Milliseconds: from an ONNX file to what the runtime starts from, then until a run can begin. */
export type Prepared = {
  readonly import: number;
  readonly load: number;
  readonly kernels: number;
  readonly note: string;
};

export type KernelTime = {
  readonly kernel: number;
  readonly path: string;
  readonly note: string;
  /** best of some runs */
  readonly ms: number;
  readonly loops: readonly number[];
  readonly folds: readonly number[];
  readonly instructions: number;
  /** that the kernel reads and writes, each tensor once */
  readonly bytes: number;
};

export type Runtime = {
  readonly prepared: Prepared;
  readonly run: () => Promise<unknown>;
  /** with the commitment of the outputs, as a post would carry it */
  readonly committed?: () => Promise<unknown>;
  readonly outputs: () => Promise<number[][]>;
  readonly profile?: () => KernelTime[];
};
