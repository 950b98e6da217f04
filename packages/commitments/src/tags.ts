/** First byte of everything hashed. */
export const TAG = {
  leaf: 0,
  node: 1,
  tensor: 2,
  kernel: 3,
  header: 4,
  list: 5,
  traceLeaf: 6,
  side: 7,
  model: 8,
} as const;

export const u8 = (value: number): Uint8Array => Uint8Array.of(value);

/** Big-endian. */
export const u32 = (value: number): Uint8Array =>
  Uint8Array.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
