// A node in a process of its own, to be killed: node daemon.ts CONFIG.json
import { readFileSync } from "node:fs";
import { liar, parseConfig, silentLog, startNode } from "@opengradient/node";

const config = parseConfig(JSON.parse(readFileSync(process.argv[2]!, "utf8")));
const node = await startNode(config, { log: silentLog, ...liar("none") });
console.log(node.url);
process.on("SIGTERM", () => void node.stop().then(() => process.exit(0)));
