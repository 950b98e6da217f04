export type EngineErrorCode = "weights" | "inputs" | "dtype" | "shape" | "memory" | "simd" | "thread";

/** A tensor, a Program or a machine that the engine can not work with; the message says which and what to do. */
export class EngineError extends Error {
  override readonly name = "EngineError";
  readonly code: EngineErrorCode;

  constructor(code: EngineErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
