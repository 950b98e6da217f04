/** JSON in which a bigint is `{"bigint": "123"}`. */
export const toJson = (value: unknown): string =>
  JSON.stringify(value, (_, inner) => (typeof inner === "bigint" ? { bigint: String(inner) } : inner));

export const fromJson = <T>(text: string): T =>
  JSON.parse(text, (_, inner) =>
    typeof inner === "object" && inner !== null && Object.keys(inner).length === 1 && typeof inner.bigint === "string"
      ? BigInt(inner.bigint)
      : inner,
  );
