/** A loan of known ending with the risk that the model gave it. */
export type Judged = { readonly risk: number; readonly truth: number; readonly defaulted: boolean };

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

const rounded = (value: number): number => Math.round(10_000 * value) / 10_000;

/** The chance that of a loan that failed and one that did not the first has the higher score; equal scores count half. */
function auc(loans: readonly Judged[], scoreOf: (loan: Judged) => number): number {
  const sorted = loans
    .map((loan) => ({ score: scoreOf(loan), defaulted: loan.defaulted }))
    .sort((a, b) => a.score - b.score);
  let [won, goodBelow, at] = [0, 0, 0];
  while (at < sorted.length) {
    const end = sorted.findIndex(({ score }, i) => i > at && score !== sorted[at]!.score);
    const same = sorted.slice(at, end < 0 ? sorted.length : end);
    const bad = same.filter(({ defaulted }) => defaulted).length;
    won += bad * (goodBelow + (same.length - bad) / 2);
    goodBelow += same.length - bad;
    at += same.length;
  }
  return won / (goodBelow * (sorted.length - goodBelow));
}

const BANDS = 10;

/** What the model is worth on loans that it has not seen. */
export function measure(loans: readonly Judged[]) {
  const ending = ({ defaulted }: Judged): number => Number(defaulted);
  const sorted = [...loans].sort((a, b) => a.risk - b.risk);
  const bands = Array.from({ length: BANDS }, (_, i) =>
    sorted.slice(Math.floor((i * sorted.length) / BANDS), Math.floor(((i + 1) * sorted.length) / BANDS)),
  );
  return {
    defaulted: rounded(mean(loans.map(ending))),
    auc: rounded(auc(loans, ({ risk }) => risk)),
    /** of the probabilities that the endings were drawn from */
    bestAuc: rounded(auc(loans, ({ truth }) => truth)),
    /** calling a loan bad from one half on */
    accuracy: rounded(mean(loans.map((loan) => Number(loan.risk >= 0.5 === loan.defaulted)))),
    brier: rounded(mean(loans.map((loan) => (loan.risk - ending(loan)) * (loan.risk - ending(loan))))),
    /** tenths of the book by risk: what the model said and what happened */
    bands: bands.map((band) => ({
      said: rounded(mean(band.map(({ risk }) => risk))),
      happened: rounded(mean(band.map(ending))),
    })),
  };
}
