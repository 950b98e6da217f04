import type { WireTensor } from "@opengradient/protocol";

/** A digit as the model sees it: 28 × 28 greys, white on black. */
export const SIDE = 28;

export const emptyDigit = (): Uint8Array => new Uint8Array(SIDE * SIDE);

/** Puts a soft round pen at (x, y) in pixels; what is brighter stays. */
export function dab(pixels: Uint8Array, x: number, y: number): void {
  const radius = 1.35;
  for (let row = Math.floor(y - 2); row <= y + 2; row++)
    for (let column = Math.floor(x - 2); column <= x + 2; column++) {
      if (row < 0 || column < 0 || row >= SIDE || column >= SIDE) continue;
      const distance = Math.sqrt((column + 0.5 - x) ** 2 + (row + 0.5 - y) ** 2);
      const grey = Math.round(255 * Math.min(1, Math.max(0, radius + 0.5 - distance)));
      const at = row * SIDE + column;
      if (grey > pixels[at]!) pixels[at] = grey;
    }
}

type Point = { readonly x: number; readonly y: number };

/** Draws from one point to the other. */
export function stroke(pixels: Uint8Array, from: Point, to: Point): void {
  const steps = Math.max(1, Math.ceil(2 * Math.sqrt((to.x - from.x) ** 2 + (to.y - from.y) ** 2)));
  for (let i = 0; i <= steps; i++)
    dab(pixels, from.x + ((to.x - from.x) * i) / steps, from.y + ((to.y - from.y) * i) / steps);
}

/** grey / 255 as f32, little-endian: the model's `image`. */
export function tensorOf(pixels: Uint8Array): WireTensor {
  const data = new Uint8Array(4 * pixels.length);
  const view = new DataView(data.buffer);
  for (const [i, grey] of pixels.entries()) view.setFloat32(4 * i, grey / 255, true);
  return { dtype: 0, dims: [1, 1, SIDE, SIDE], data };
}

/** Back from the model's input, to show it. */
export function pixelsOf({ data }: Pick<WireTensor, "data">): Uint8Array {
  const values = floats(data);
  return Uint8Array.from(values, (value) => Math.min(255, Math.max(0, Math.round(255 * value))));
}

export function floats(data: Uint8Array): number[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Array.from({ length: data.length >> 2 }, (_, i) => view.getFloat32(4 * i, true));
}

/** Index of the largest; -1 if one is no number. */
export const largest = (values: readonly number[]): number =>
  values.some((value) => Number.isNaN(value)) ? -1 : values.indexOf(Math.max(...values));
