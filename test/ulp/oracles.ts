/**
 * What functions are in double precision. Node's Math errs by at most about one unit of a double, what is made here by a few:
 * 10⁻⁷ of a unit of f32, which is what is measured.
 */

const ROOT_PI = Math.sqrt(Math.PI);
const GRID = 32;
const TERMS = 10;
const MOST = 12;

/** e^(z²)·erfc z for z ≥ 2, by its continued fraction from the far end. */
function scaledFar(z: number): number {
  let rest = z;
  for (let n = 120; n >= 1; n--) rest = z + n / 2 / rest;
  return 1 / (ROOT_PI * rest);
}

/** erf z for z < 3, by a series of positive terms. */
function erfNear(z: number): number {
  let term = z;
  let sum = z;
  for (let n = 1; term > sum * 1e-18; n++) {
    term *= (2 * z * z) / (2 * n + 1);
    sum += term;
  }
  return (2 / ROOT_PI) * Math.exp(-z * z) * sum;
}

/** Taylor coefficients of a function around each i/GRID, from its value there and a recurrence of its derivatives. */
function table(
  value: (z: number) => number,
  next: (z: number, n: number, d: readonly number[]) => number,
): Float64Array {
  const out = new Float64Array((MOST * GRID + 1) * TERMS);
  for (let i = 0; i <= MOST * GRID; i++) {
    const z = i / GRID;
    const derivatives = [value(z)];
    for (let n = 1; n < TERMS; n++) derivatives.push(next(z, n, derivatives));
    let factorial = 1;
    for (let n = 0; n < TERMS; n++) {
      out[i * TERMS + n] = derivatives[n]! / factorial;
      factorial *= n + 1;
    }
  }
  return out;
}

function lookup(values: Float64Array, z: number): number {
  const i = Math.round(z * GRID);
  const h = z - i / GRID;
  let sum = 0;
  for (let n = TERMS - 1; n >= 0; n--) sum = sum * h + values[i * TERMS + n]!;
  return sum;
}

/** y = e^(z²)·erfc z: y′ = 2zy − 2/√π */
const scaled = table(
  (z) => (z < 2 ? Math.exp(z * z) * (1 - erfNear(z)) : scaledFar(z)),
  (z, n, d) => (n === 1 ? 2 * z * d[0]! - 2 / ROOT_PI : 2 * z * d[n - 1]! + 2 * (n - 1) * d[n - 2]!),
);
/** y = erf z: y″ = −2zy′ */
const plain = table(
  (z) => (z < 3 ? erfNear(z) : 1 - Math.exp(-z * z) * scaledFar(z)),
  (z, n, d) =>
    n === 1 ? (2 / ROOT_PI) * Math.exp(-z * z) : -2 * z * d[n - 1]! - 2 * (n - 2) * (d[n - 2] ?? 0) * (n > 2 ? 1 : 0),
);

/** erfc z for z ≥ 0. */
export const erfc = (z: number): number => (z > MOST ? 0 : Math.exp(-z * z) * lookup(scaled, z));

/** These serve |x| < 2⁻¹². */
export const erfNear0 = (x: number): number => (2 / ROOT_PI) * x * (1 - (x * x) / 3);
export const geluNear0 = (x: number): number => x * (0.5 + x / Math.sqrt(2 * Math.PI));
export const swishNear0 = (x: number): number => x * (0.5 + 0.25 * x);
export const softplusNear0 = (x: number): number => Math.LN2 + 0.5 * x + 0.125 * x * x;

export function erf(x: number): number {
  const z = Math.abs(x);
  return Math.sign(x) * (z > 6 ? 1 : lookup(plain, z));
}

export const sigmoid = (x: number): number => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));

export const gelu = (x: number): number =>
  x < 0 ? 0.5 * x * erfc(-x / Math.SQRT2) : x - 0.5 * x * erfc(x / Math.SQRT2);

export const geluTanh = (x: number): number =>
  x === Number.NEGATIVE_INFINITY ? -0 : x * sigmoid(2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x));

export const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

export const softplusFar = (x: number): number => Math.max(x, 0);

export function mish(x: number): number {
  if (x > 30) return x;
  if (x === Number.NEGATIVE_INFINITY) return -0;
  const e = Math.exp(x);
  const n = e * (e + 2);
  return (x * n) / (n + 2);
}
