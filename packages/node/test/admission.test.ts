import { expect, test } from "vitest";
import { overburdened } from "../src/admission.ts";

const claim = (seconds: number, answer = 60) => ({ seconds, answer });

test("claims are taken while tracing all of them again fits into half of the time to answer", () => {
  expect(overburdened([], claim(30))).toBeUndefined();
  expect(overburdened([claim(10), claim(10)], claim(10))).toBeUndefined();
  expect(overburdened([claim(10), claim(10)], claim(10.1))).toBe(
    "with 2 open claims it would take 30.1 s to trace all again, 30 s is the most",
  );
});

test("the shortest time to answer counts, of the claim that is asked for and of those that are open", () => {
  expect(overburdened([claim(20, 3_600)], claim(20, 60))).toMatch(/30 s is the most/);
  expect(overburdened([claim(20, 60)], claim(20, 3_600))).toMatch(/30 s is the most/);
  expect(overburdened([claim(20, 3_600)], claim(20, 3_600))).toBeUndefined();
});
