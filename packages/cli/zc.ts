import { conformance, referenceExecutor } from "./src/conformance.ts";

const r = await conformance({
  dir: process.argv[2]!,
  executor: referenceExecutor,
  onCase: (c) => {
    if (c.status != "refused" || process.argv[3]) console.log(c.status, c.name, c.reason ?? "");
  },
});
console.log(r.totals);
