import type { Page } from "playwright-core";
import { PICTURES } from "./stage.ts";

/** Keeps a picture of the whole page. */
export const picture = (page: Page, name: string): Promise<unknown> =>
  page.screenshot({ path: `${PICTURES}/${name}.png`, fullPage: true, animations: "disabled" });

/** Strokes of digits on a square of side 1. */
const STROKES: Readonly<Record<number, readonly (readonly [number, number])[][]>> = {
  1: [
    [
      [0.38, 0.28],
      [0.54, 0.16],
      [0.54, 0.84],
    ],
  ],
  4: [
    [
      [0.58, 0.15],
      [0.28, 0.58],
      [0.76, 0.58],
    ],
    [
      [0.62, 0.38],
      [0.62, 0.86],
    ],
  ],
  7: [
    [
      [0.25, 0.2],
      [0.75, 0.2],
      [0.45, 0.85],
    ],
  ],
};

export async function connect(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name: "Connect a wallet" }).click();
  await page.getByRole("button", { name }).click();
  await page.getByText("disconnect").waitFor();
}

export async function fund(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Get test money" }).click();
  await page.getByTestId("balance").getByText("1,000 OPG").waitFor();
}

export async function drawDigit(page: Page, digit: number, shift = 0): Promise<void> {
  const clear = page.getByRole("button", { name: "Clear" });
  if (await clear.isEnabled()) await clear.click();
  const canvas = page.getByLabel("Drawing area for one digit");
  await canvas.scrollIntoViewIfNeeded();
  const box = (await canvas.boundingBox())!;
  const at = ([x, y]: readonly [number, number]) => [box.x + x * box.width + shift, box.y + y * box.height] as const;
  for (const line of STROKES[digit]!) {
    await page.mouse.move(...at(line[0]!));
    await page.mouse.down();
    for (const point of line.slice(1)) await page.mouse.move(...at(point), { steps: 8 });
    await page.mouse.up();
  }
}

/** A one, by keys alone. */
export async function drawWithKeys(page: Page): Promise<void> {
  await page.getByLabel("Drawing area for one digit").focus();
  await page.keyboard.press("Space");
  for (let i = 0; i < 16; i++) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Space");
}

/** Pays the operator of that name, and waits for its answer; gives the number of the request. */
export async function payAndAsk(page: Page, operator: string): Promise<string> {
  const heading = page.getByRole("heading", { name: /Receipt of answer/ });
  const before = (await heading.count()) ? await heading.textContent() : "";
  await page.getByRole("radio", { name: operator }).check();
  await page.getByRole("button", { name: "Pay and ask" }).click();
  const next = heading.filter({ hasNotText: new RegExp(`${before || "nothing"}$`) });
  await next.waitFor();
  return (await next.textContent())!.match(/#\d+/)![0];
}

/** Looks at an answer out of the list, "#3". */
export const choose = (page: Page, number: string): Promise<void> =>
  page.getByRole("button", { name: new RegExp(`^${number}\\b`) }).click();

export type Verdict = "equal" | "differs" | "withheld";

export async function checkHere(page: Page): Promise<Verdict> {
  await page.getByRole("button", { name: /Check (this answer|again)/ }).click();
  const verdict = page.getByTestId("check").locator(".verdict, [role=alert]");
  await verdict.waitFor();
  const classes = (await verdict.getAttribute("class")) ?? "";
  const found = (["equal", "differs", "withheld"] as const).find((name) => classes.includes(name));
  if (!found) throw new Error(`the check failed: ${await verdict.textContent()}`);
  return found;
}
