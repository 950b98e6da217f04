import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { randomFrom } from "@opengradient/program/random";
import { z } from "zod";

const SIDE = 28;

export type DigitImage = {
  /** what it shows, as drawn */
  readonly label: number;
  readonly source: string;
  /** 784 greys, row by row */
  readonly pixels: Uint8Array;
};

const samplesSchema = z.object({
  samples: z.array(z.object({ label: z.int(), source: z.string(), pixels: z.base64() })),
});

const inModels = (name: string): string => fileURLToPath(new URL(`digits/${name}`, modelsRoom()));
const modelsRoom = (): string => import.meta.resolve("@opengradient/models/package.json");

export const digitsFile = (): Uint8Array => new Uint8Array(readFileSync(inModels("digits.onnx")));

function digitSamples(): DigitImage[] {
  const { samples } = samplesSchema.parse(JSON.parse(readFileSync(inModels("samples.json"), "utf8")));
  return samples.map(({ label, source, pixels }) => {
    const greys = new Uint8Array(Buffer.from(pixels, "base64"));
    if (greys.length !== SIDE * SIDE) throw new Error(`a digit of samples.json has ${greys.length} pixels, not 784`);
    return { label, source, pixels: greys };
  });
}

/** So many samples, no digit twice while there are others, each moved by at most a pixel and with a little noise. */
export function chooseImages(seed: number, howMany: number): DigitImage[] {
  const random = randomFrom(seed * 7919 + 13);
  const samples = digitSamples();
  const left: DigitImage[] = [];
  return Array.from({ length: howMany }, () => {
    if (left.length === 0) left.push(...samples);
    const chosen = random.pick(left);
    const others = left.filter(({ label }) => label !== chosen.label);
    left.splice(0, left.length, ...others);
    const [dx, dy] = [random.between(-1, 1), random.between(-1, 1)];
    return { ...chosen, pixels: perturb(chosen.pixels, dx, dy, () => random.between(-6, 6)) };
  });
}

function perturb(pixels: Uint8Array, dx: number, dy: number, noise: () => number): Uint8Array {
  return Uint8Array.from(pixels, (_, at) => {
    const [x, y] = [(at % SIDE) - dx, Math.floor(at / SIDE) - dy];
    const inside = x >= 0 && x < SIDE && y >= 0 && y < SIDE;
    const grey = inside ? pixels[y * SIDE + x]! : 0;
    return grey === 0 ? 0 : Math.max(1, Math.min(255, grey + noise()));
  });
}

/** The model's input: grey / 255 as f32, little-endian. */
export function imageData({ pixels }: DigitImage): Uint8Array {
  const data = new Uint8Array(4 * pixels.length);
  const view = new DataView(data.buffer);
  for (const [i, grey] of pixels.entries()) view.setFloat32(4 * i, grey / 255, true);
  return data;
}

const HALVES = [" ", "▄", "▀", "█"] as const;

/** 14 rows of 28 half blocks; in shades of grey where the terminal has them. */
export function drawDigit({ pixels }: DigitImage, shades: boolean): string[] {
  const grey = (x: number, y: number): number => pixels[y * SIDE + x]!;
  return Array.from({ length: SIDE / 2 }, (_, row) => {
    const cells = Array.from({ length: SIDE }, (_, x) => {
      const [top, bottom] = [grey(x, 2 * row), grey(x, 2 * row + 1)];
      if (!shades) return HALVES[(top > 100 ? 2 : 0) + (bottom > 100 ? 1 : 0)]!;
      // 256 colours: 232 … 255 are greys
      const shade = (value: number) => 232 + Math.round((23 * value) / 255);
      return `\u001b[38;5;${shade(top)};48;5;${shade(bottom)}m▀`;
    });
    return `${cells.join("")}${shades ? "\u001b[0m" : ""}`;
  });
}

export type Guess = { readonly digit: number; readonly probability: number };

/** The largest of the ten outputs; a NaN counts as larger than all, so that a broken answer is seen. */
export function guessOf(data: Uint8Array): Guess {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let best: Guess = { digit: 0, probability: Number.NEGATIVE_INFINITY };
  for (let digit = 0; digit < data.length / 4; digit++) {
    const probability = view.getFloat32(4 * digit, true);
    if (Number.isNaN(probability)) return { digit, probability };
    if (probability > best.probability) best = { digit, probability };
  }
  return best;
}

export function guessWords({ digit, probability }: Guess): string {
  if (Number.isNaN(probability)) return "not a number";
  if (probability > 1 || probability < 0)
    return `${digit} (with the impossible probability ${probability.toPrecision(2)})`;
  return `${digit} (${(100 * probability).toFixed(probability > 0.9995 ? 2 : 1)} %)`;
}
