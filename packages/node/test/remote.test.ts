import { createServer, type RequestListener } from "node:http";
import { concatBytes, PIECE_BYTES } from "@opengradient/commitments";
import { expect, test } from "vitest";
import { fetchModel, isReady, MODEL_FILES, type ModelFile, modelFile, RemoteError } from "../src/index.ts";
import { sumModel } from "./sumModel.ts";

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

const large = sumModel(PIECE_BYTES);

/** Fetches it from who changes a file; how far each file came. */
async function changed(file: ModelFile, change: (bytes: Uint8Array) => Uint8Array) {
  const heard: Partial<Record<ModelFile, readonly [loaded: number, total: number | undefined]>> = {};
  const answer: RequestListener = ({ url }, response) => {
    const asked = MODEL_FILES.find((name) => url!.endsWith(name))!;
    const bytes = concatBytes(modelFile(large, asked));
    const sent = asked === file ? change(bytes) : bytes;
    response.writeHead(200, { "content-length": sent.length });
    response.end(sent);
  };
  const fetched = await served(answer, (endpoint) =>
    fetchModel(endpoint, large.modelRoot, (name, ...at) => {
      heard[name] = at;
    }),
  ).catch((error: RemoteError) => error);
  return { heard, fetched };
}

test("a model is whole, and its progress ends with its size", async () => {
  const { heard, fetched } = await changed("weights.bin", (bytes) => bytes);
  expect(fetched).toEqual(large);
  const size = 4 * PIECE_BYTES + 4 * 32;
  expect(heard["weights.bin"]).toEqual([size, size]);
});

test.each([
  [
    "a card of another model",
    "model.json",
    () => concatBytes(modelFile(sumModel(4), "model.json")),
    /is of 0x.*, not of/,
  ],
  [
    "other leaves",
    "program.bin",
    (bytes: Uint8Array) => bytes.with(40, bytes[40]! ^ 1),
    /the leaves .* make 0x.*, not/,
  ],
  ["another kernel", "program.bin", (bytes: Uint8Array) => bytes.with(bytes.length - 1, 9), /kernel 0 .* not the one/],
  ["hashes of other weights", "weights.bin", (bytes: Uint8Array) => bytes.with(9, bytes[9]! ^ 1), /hashes .* make 0x/],
  ["less", "weights.bin", (bytes: Uint8Array) => bytes.slice(0, -5), /ends early, after 1048699 bytes/],
  ["more", "weights.bin", (bytes: Uint8Array) => concatBytes([bytes, bytes]), /goes on after its 1048704 bytes/],
] as const)("%s is refused", async (_, file, change, words) => {
  const { fetched } = await changed(file, change);
  expect(fetched).toBeInstanceOf(RemoteError);
  expect((fetched as RemoteError).message).toMatch(words);
});

test("a false weight ends the download with its piece", async () => {
  const { heard, fetched } = await changed("weights.bin", (bytes) => bytes.with(200, bytes[200]! ^ 1));
  expect((fetched as RemoteError).message).toMatch(/weight 0 in weights.bin is false between bytes 0 and 262144/);
  expect(heard["weights.bin"]![0]).toBeLessThan(PIECE_BYTES + 4 * 32);
});
