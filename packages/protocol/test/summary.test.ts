import { describe, expect, it } from "vitest";
import { type ProtocolEvent, summarise } from "../src/index.ts";

const OLGA = "0x00000000000000000000000000000000000000A1";
const LIAM = "0x00000000000000000000000000000000000000b2";
const id = (n: number) => `0x${String(n).padStart(64, "0")}`;

const event = (name: string, args: Record<string, unknown>): ProtocolEvent => ({
  contract: "market",
  name,
  args,
  block: 1n,
  blockHash: "0x",
  logIndex: 0,
  transaction: "0x",
});
const asked = (requestId: bigint, operator: string) =>
  event("Requested", { requestId, requester: OLGA, operator, request: { operator } });
const posted = (n: number, operator: string) =>
  event("Posted", { id: id(n), requestId: BigInt(n), operator, claim: { operator }, windowEnd: 100 + n });

describe("a summary of events", () => {
  const shares = { total: 4n, victim: 1n, challenger: 1n, burn: 2n };
  const summary = summarise([
    asked(1n, OLGA),
    asked(2n, LIAM),
    asked(3n, LIAM),
    asked(4n, LIAM),
    posted(1, OLGA),
    posted(2, LIAM),
    event("Committed", { id: id(2), prover: OLGA, commitment: id(9) }),
    event("Voided", { id: id(2), challenger: OLGA, shares }),
    event("Finalised", { id: id(1) }),
    event("Refunded", { requestId: 3n, requester: OLGA, fee: 1n }),
  ]);

  it("lists claims newest first, with what became of them", () => {
    expect(summary.claims.map((claim) => [claim.id, claim.state, claim.moves])).toEqual([
      [id(2), "void", 1],
      [id(1), "final", 0],
    ]);
    expect(summary.claims[0]).toMatchObject({ challenger: OLGA, shares, windowEnd: 102 });
  });

  it("tells which requests wait", () => {
    expect(summary.requests.map(({ requestId, state }) => [requestId, state])).toEqual([
      [4n, "waiting"],
      [3n, "refunded"],
      [2n, "answered"],
      [1n, "answered"],
    ]);
  });

  it("keeps a record of each operator, whatever the case of its address", () => {
    expect(summary.records.get(LIAM.toLowerCase())).toEqual({ answers: 1, final: 0, void: 1 });
    expect(summary.records.get(OLGA.toLowerCase())).toEqual({ answers: 1, final: 1, void: 0 });
  });
});
