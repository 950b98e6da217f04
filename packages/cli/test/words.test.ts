import { expect, test } from "vitest";
import { amount, bytes, count, duration, native, opg, padEnd, seconds, short, table, width } from "../src/words.ts";

test("amounts lose no digit that counts, and none is rounded up", () => {
  expect(opg(10n ** 18n)).toBe("1 OPG");
  expect(opg(1_234_567_890_123_456_789_012n)).toBe("1,234.56789 OPG");
  expect(opg(999_999_999_999_999_999n)).toBe("0.999999 OPG");
  expect(opg(-5n * 10n ** 17n)).toBe("−0.5 OPG");
  expect(opg(0n)).toBe("0 OPG");
  expect(amount(1n, 18)).toBe("0.000000000000000001");
  expect(native(4_250_000_000_000n)).toBe("4,250 gwei");
  expect(native(3n * 10n ** 17n)).toBe("0.3 ETH");
});

test("numbers, sizes and times as people say them", () => {
  expect([count(0), count(1234), count(12_345_678n)]).toEqual(["0", "1,234", "12,345,678"]);
  expect([bytes(12), bytes(2048), bytes(3 * 1024 * 1024)]).toEqual(["12 B", "2.0 KiB", "3.0 MiB"]);
  expect([duration(0.25), duration(7.5), duration(250), duration(2500)]).toEqual([
    "250 µs",
    "7.50 ms",
    "250.0 ms",
    "2.5 s",
  ]);
  expect([seconds(90), seconds(180), seconds(7200), seconds(7 * 86_400)]).toEqual(["90 s", "3 min", "2 h", "7 days"]);
  expect(short(`0x${"ab".repeat(32)}`)).toBe("0xabab…abab");
});

test("columns are as wide as what is seen, not as what is written", () => {
  const red = "\u001b[31mred\u001b[39m";
  expect(width(red)).toBe(3);
  expect(width(padEnd(red, 6))).toBe(6);
  expect(
    table(
      [
        ["a", "1"],
        ["bcd", "22"],
      ],
      [1],
    ),
  ).toEqual(["a     1", "bcd  22"]);
});
