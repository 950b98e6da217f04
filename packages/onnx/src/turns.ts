/** Cosine and sine of whole fractions of a turn, in double precision by + − · ÷ alone: the same on every machine. */

/** 2π as a double, and what it is short of it. */
const TURN = 6.283185307179586;

/** Σ of the Taylor series whose first term and exponent are given; the angle is at most an eighth of a turn. */
function series(first: number, angle: number, exponent: number): number {
  let term = first;
  let sum = term;
  for (let n = exponent; n < exponent + 20; n += 2) {
    term = (-term * angle * angle) / ((n + 1) * (n + 2));
    sum += term;
  }
  return sum;
}

/** cos(2π·k/n) for integers */
export function cosTurn(k: number, n: number): number {
  let at = ((k % n) + n) % n;
  if (2 * at > n) at = n - at;
  if (4 * at > n) return -cosTurn(n - 2 * at, 2 * n);
  if (8 * at <= n) return series(1, (TURN * at) / n, 0);
  const angle = (TURN * (n - 4 * at)) / (4 * n);
  return series(angle, angle, 1);
}

/** sin(2π·k/n) for integers */
export const sinTurn = (k: number, n: number): number => cosTurn(4 * k - n, 4 * n);
