import { readFileSync } from "node:fs";
import { importModel } from "@opengradient/cli";
import { compile, load } from "@opengradient/engine";
import { decodePackage } from "@opengradient/protocol";
import type { Page } from "playwright-core";
import { bytesToHex, type Hex, hexToBytes } from "viem";

/** The answer's bits as the engine gives them here, for the only input that the page keeps. */
export async function runInNode(page: Page, modelRoot: Hex): Promise<Hex> {
  const kept = await page.evaluate(() =>
    Object.keys(localStorage)
      .filter((key) => key.startsWith("og:input:"))
      .map((key) => localStorage.getItem(key)!),
  );
  if (kept.length !== 1) throw new Error(`the page keeps ${kept.length} inputs, not one`);
  const { tensors } = decodePackage(hexToBytes(kept[0] as Hex));
  const source = readFileSync(new URL("../../packages/models/digits/digits.onnx", import.meta.url));
  const { program, weights, roots } = importModel(source);
  if (roots.modelRoot !== modelRoot) throw new Error(`digits.onnx is ${roots.modelRoot}, not ${modelRoot}`);
  const engine = await load(await compile(program), weights);
  const [output] = engine.run(tensors);
  return bytesToHex(output!.data);
}
