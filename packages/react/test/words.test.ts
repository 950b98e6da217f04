import { UserRejectedRequestError } from "viem";
import { describe, expect, it } from "vitest";
import { inWords } from "../src/index.ts";

describe("failures in words", () => {
  it("a refusal in the wallet is told as one", () => {
    const error = inWords(new UserRejectedRequestError(new Error("no")), "request");
    expect(error.message).toMatch(/you declined/);
    expect(error.advice).toBe("retry");
  });

  it("anything else names what was tried", () => {
    expect(inWords(new Error("boom"), "request").message).toMatch(/^request: .*boom/);
  });
});
