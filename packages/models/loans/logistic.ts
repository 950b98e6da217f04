const LN2 = Math.LN2;

/** e^x by IEEE's four operations alone, so that every JavaScript engine gives the same bits; |x| ≤ 700. */
export function exponential(x: number): number {
  const turns = Math.round(x / LN2);
  const rest = x - turns * LN2;
  let sum = 1;
  for (let n = 20; n > 0; n--) sum = 1 + (rest / n) * sum;
  for (let i = 0; i < Math.abs(turns); i++) sum *= turns > 0 ? 2 : 0.5;
  return sum;
}

export const logistic = (x: number): number => 1 / (1 + exponential(-x));
