import { type Call, encodeCall } from "@opengradient/protocol";
import type { Outbox } from "./outbox.ts";

/** Puts a call into an outbox; `deadline` in unix seconds. */
export function enqueue(outbox: Outbox, id: string, call: Call, deadline?: number): void {
  const { address: to, value } = call;
  outbox.add({
    id,
    to,
    data: encodeCall(call),
    ...(value === undefined ? {} : { value }),
    ...(deadline === undefined ? {} : { deadline }),
  });
}
