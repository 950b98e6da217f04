import { type Access, combine, type Tensor, widthOf } from "@opengradient/program";

/** The elements that `access` reads as the `used` indices run, in that order. The access is static and never outside. */
export function gatherWeight(
  weight: Tensor,
  access: Access,
  used: readonly number[],
  extents: readonly number[],
): Tensor {
  const address = combine(
    access.coordinates.map((c) => [c.stride, c] as const),
    extents.length,
  );
  let addresses = [address.base];
  for (const i of used)
    addresses = addresses.flatMap((at) => Array.from({ length: extents[i]! }, (_, n) => at + n * address.coef[i]!));
  const width = widthOf(weight.dtype);
  const data = new Uint8Array(addresses.length * width);
  for (const [to, from] of addresses.entries())
    for (let byte = 0; byte < width; byte++) data[to * width + byte] = weight.data[from * width + byte]!;
  // the header holds up to eight dimensions
  const dims = used.length <= 8 ? used.map((i) => extents[i]!) : [addresses.length];
  return { dtype: weight.dtype, dims, data };
}
