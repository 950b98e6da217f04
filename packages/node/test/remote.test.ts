import { createServer, type RequestListener } from "node:http";
import { expect, test } from "vitest";
import { fetchModel, isReady, MODEL_FILES, RemoteError } from "../src/index.ts";

const root = `0x${"ab".repeat(32)}` as const;

async function served<T>(answer: RequestListener, act: (endpoint: string) => Promise<T>): Promise<T> {
  const server = createServer(answer);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as { port: number };
  try {
    return await act(`http://127.0.0.1:${port}/`);
  } finally {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
}

test("a download tells how far it is, of how much, and what broke off", async () => {
  const heard: [string, number, number | undefined][] = [];
  const halved: RequestListener = (_, response) => {
    response.writeHead(200, { "content-length": "1000" });
    response.write(new Uint8Array(400), () => response.destroy());
  };
  const fetched = served(halved, (endpoint) => fetchModel(endpoint, root, (...at) => heard.push(at)));
  await expect(fetched).rejects.toThrow(/\/models\/0xab.*model\.json broke off/);
  await expect(fetched).rejects.toBeInstanceOf(RemoteError);
  expect(heard.at(-1)).toEqual([MODEL_FILES[0], 400, 1000]);
});

test("who has no such model says so, and who is gone is not ready", async () => {
  const none: RequestListener = (_, response) => response.writeHead(404).end();
  expect(await served(none, (endpoint) => fetchModel(endpoint, root))).toBeUndefined();
  expect(await served((_, response) => response.writeHead(503).end(), isReady)).toBe(false);
  expect(await served((_, response) => response.end("ok"), isReady)).toBe(true);
  expect(await isReady("http://127.0.0.1:1")).toBe(false);
});
