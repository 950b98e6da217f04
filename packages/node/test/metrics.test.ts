import { expect, test } from "vitest";
import { metricsOf } from "../src/metrics.ts";

test("every number of a status is a gauge; texts beside it in a list are its labels", () => {
  const status = {
    ready: true,
    head: { block: 7, time: 100 },
    failure: undefined,
    models: [{ name: "digits" }],
    operator: undefined,
    outboxes: [
      { account: "0xa", intents: { sent: 1 } },
      { account: "0xb", intents: { sent: 2 } },
    ],
    upSeconds: 3,
  };
  expect(metricsOf(status).split("\n")).toEqual([
    "# TYPE og_ready gauge",
    "og_ready 1",
    "# TYPE og_head_block gauge",
    "og_head_block 7",
    "# TYPE og_head_time gauge",
    "og_head_time 100",
    "# TYPE og_outboxes_intents_sent gauge",
    'og_outboxes_intents_sent{account="0xa"} 1',
    'og_outboxes_intents_sent{account="0xb"} 2',
    "# TYPE og_up_seconds gauge",
    "og_up_seconds 3",
    "",
  ]);
});
