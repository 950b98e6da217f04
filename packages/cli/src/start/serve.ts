import { createReadStream, statSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";
import { createGzip } from "node:zlib";
import { type Address, isAddress } from "viem";

export type PageOptions = {
  /** folder of the built page */
  readonly folder: string;
  readonly port: number;
  /** served as /network.json: where the page finds the chain */
  readonly network: unknown;
  readonly give: (to: Address) => Promise<void>;
  /** the page is cross-origin isolated: it may share memory between its threads */
  readonly isolated?: boolean;
};

const ISOLATION = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

/** Serves the static page, the place of the chain, and the faucet (POST /faucet/ADDRESS). */
export async function servePage(options: PageOptions): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    if (options.isolated) response.setHeaders(new Map(Object.entries(ISOLATION)));
    answer(options, request, response).catch((error: Error) => end(response, 500, error.message));
  });
  await new Promise<void>((done, fail) => {
    server.once("error", fail);
    server.listen(options.port, "127.0.0.1", done);
  });
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

function end(response: ServerResponse, status: number, text: string, type = "text/plain; charset=utf-8"): void {
  response.writeHead(status, { "content-type": type });
  response.end(text);
}

async function answer(options: PageOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? "/", "http://page");
  if (pathname === "/network.json") return end(response, 200, JSON.stringify(options.network), TYPES[".json"]);
  if (pathname.startsWith("/faucet/")) {
    const to = pathname.slice("/faucet/".length);
    if (request.method !== "POST" || !isAddress(to)) return end(response, 400, "POST /faucet/ADDRESS");
    await options.give(to);
    return end(response, 200, "sent");
  }
  const path = join(options.folder, normalize(pathname === "/" ? "/index.html" : pathname));
  if (!path.startsWith(options.folder) || !statSync(path, { throwIfNoEntry: false })?.isFile())
    return end(response, 404, "there is no such file");
  const forever = pathname.startsWith("/assets/");
  const zipped = /\bgzip\b/.test(request.headers["accept-encoding"] ?? "");
  response.writeHead(200, {
    "content-type": TYPES[extname(path)] ?? "application/octet-stream",
    "cache-control": forever ? "public, max-age=31536000, immutable" : "no-cache",
    vary: "accept-encoding",
    ...(zipped && { "content-encoding": "gzip" }),
  });
  const file = createReadStream(path);
  (zipped ? file.pipe(createGzip()) : file).pipe(response);
}
