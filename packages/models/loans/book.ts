/** A simulated loan book: who applies, for what, and who does not pay it back. README.md says the same in words. */
import { exponential, logistic } from "./logistic.ts";

/** What an applicant says of itself, in the order of the model's input. Money in whole OPG, time in months. */
export const FEATURES = [
  "income",
  "amount",
  "months",
  "payments",
  "employed",
  "late",
  "history",
  "utilisation",
] as const;

export type Application = Readonly<Record<(typeof FEATURES)[number], number>>;

/** A loan that was made, and how it ended. */
export type Loan = {
  readonly application: Application;
  readonly defaulted: boolean;
  /** the probability from which `defaulted` was drawn: what no model can know better */
  readonly truth: number;
};

/** Uniform numbers in [0, 1) from a 32-bit state (Steele and Vigna's mixing of a counter). */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return ((z ^ (z >>> 16)) >>> 0) / 2 ** 32;
  };
}

const within = (least: number, most: number, value: number): number =>
  Math.round(Math.min(most, Math.max(least, value)));

const TERMS = [3, 6, 12, 18, 24, 36];

/** `count` loans; the same seed gives the same book on every machine. */
export function simulate(seed: number, count: number): Loan[] {
  const next = uniform(seed);
  /** mean 0, variance 1 */
  const normal = (): number => Array.from({ length: 12 }, next).reduce((a, b) => a + b, -6);
  return Array.from({ length: count }, () => {
    // What nobody is asked, and what moves much of the rest.
    const prudence = normal();
    const income = within(300, 20_000, 1500 * exponential(0.55 * normal()));
    const application = {
      income,
      amount: within(50, 10_000, (income * (0.2 + 2.8 * next())) / 10) * 10,
      months: TERMS[Math.floor(next() * TERMS.length)]!,
      payments: within(0, 10_000, income * Math.max(0, 0.12 - 0.05 * prudence + 0.08 * normal())),
      employed: within(0, 360, 240 * next() * next() + 10 * prudence),
      late: within(0, 12, 0.4 - 0.9 * prudence + 0.8 * normal()),
      history: within(0, 480, 12 + 240 * next() + 20 * prudence),
      utilisation: within(0, 120, 45 - 14 * prudence + 18 * normal()),
    };
    const truth = logistic(riskOf(application, prudence));
    return { application, defaulted: next() < truth, truth };
  });
}

/** Log odds of default. */
function riskOf(a: Application, prudence: number): number {
  const burden = (a.payments + a.amount / a.months) / a.income;
  return (
    -4.4 -
    0.5 * prudence +
    4 * Math.min(burden, 1) +
    0.35 * a.late +
    0.02 * a.months +
    (a.employed < 12 ? 0.7 : 0) +
    (a.history < 36 ? 0.5 : 0) +
    (a.utilisation > 80 ? 0.6 + 0.2 * a.late : 0)
  );
}
