export declare const recompute: (vector: { kind: string; given: unknown }) => unknown;
