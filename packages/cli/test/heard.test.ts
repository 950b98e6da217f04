import { RemoteError } from "@opengradient/node";
import { expect, test } from "vitest";
import { heard } from "../src/commands/receipt.ts";

/** An operator that is away for the first questions, and how often it was asked. */
function away(times: number, error = new RemoteError("http://operator did not answer")) {
  const asked = { times: 0 };
  const ask = async () => {
    if (++asked.times <= times) throw error;
    return "here";
  };
  return { ask, asked };
}

test("an operator that does not answer is asked again, as long as that makes sense", async () => {
  const back = away(2);
  expect(await heard(back.ask, 60)).toBe("here");
  expect(back.asked.times).toBe(3);
  const late = away(1);
  await expect(heard(late.ask, 0)).rejects.toThrow("did not answer");
  expect(late.asked.times).toBe(1);
});

test("what it answered is not asked again", async () => {
  const refusing = away(1, new RemoteError("http://operator answered 500", 500));
  await expect(heard(refusing.ask, 60)).rejects.toThrow("answered 500");
  expect(refusing.asked.times).toBe(1);
});
