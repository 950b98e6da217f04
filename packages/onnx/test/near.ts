import { expect } from "vitest";
import type { Result } from "./run.ts";

/** Same dims, and values within 1e-5 of the greatest. */
export function expectNear(got: Result, dims: readonly number[], values: readonly number[]): void {
  expect(got.dims).toEqual(dims);
  const most = values.reduce((all, v) => (Number.isFinite(v) ? Math.max(all, Math.abs(v)) : all), 1);
  const far = got.values.findIndex((v, i) => !Object.is(v, values[i]) && !(Math.abs(v - values[i]!) <= 1e-5 * most));
  expect(far, `element ${far}: ${got.values[far]} instead of ${values[far]}`).toBe(-1);
  expect(got.values.length).toBe(values.length);
}

/** A dense array by coordinates, for expectations in plain loops. */
export function at(dims: readonly number[], values: readonly number[], index: readonly number[], outside = 0): number {
  let address = 0;
  for (const [i, d] of dims.entries()) {
    const v = index[i]!;
    if (v < 0 || v >= d) return outside;
    address = address * d + v;
  }
  return values[address]!;
}

/** f of every coordinate, row-major. */
export function tabulate(dims: readonly number[], f: (index: readonly number[]) => number): number[] {
  const out: number[] = [];
  const walk = (index: number[]): void => {
    if (index.length === dims.length) out.push(f(index));
    else for (let i = 0; i < dims[index.length]!; i++) walk([...index, i]);
  };
  walk([]);
  return out;
}
