/** Stories before the court: data that are withheld, and operators whose process ends. */
import { disputesAbi, stakingAbi } from "@opengradient/bindings";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { checkHere, choose, connect, drawDigit, drawWithKeys, fund, payAndAsk, picture } from "./acts.ts";
import { seriousFaults } from "./quality.ts";
import type { OperatorProcess, Person, Stage } from "./stage.ts";

const OPG = 10n ** 18n;
/** Longer than the operators' time to answer a demand, and than ours for a request. */
const ANSWER = 61;
const DEADLINE = 400;

/** c/2 + M/4 and 3c + M, with c = 100 and M = 10,000. */
const REWARD = 2_550n * OPG;
const SLASHED = 10_300n * OPG;

export function courtStories(open: () => Stage): void {
  const funded = async (name: string): Promise<Person> => {
    const person = await open().visitor(name);
    await connect(person.page, name);
    await fund(person.page);
    return person;
  };
  const asks = async (name: string, operator: string): Promise<Person & { number: string }> => {
    const person = await funded(name);
    await drawDigit(person.page, 4);
    return { ...person, number: await payAndAsk(person.page, operator) };
  };
  const stakeOf = async ({ address }: OperatorProcess): Promise<bigint> => {
    const { chain, network } = open();
    const at = { address: network.deployment.staking, abi: stakingAbi, functionName: "operators" } as const;
    return (await chain.readContract({ ...at, args: [address] })).staked;
  };
  const challenge = (page: Page) => page.getByRole("button", { name: "Challenge this answer" }).click();

  test("withheld by the network alone: the data are demanded, and a right answer ends the challenge", async () => {
    const { context: asking, number } = await asks("Ada", "Olga");
    await asking.close();
    const { page, context } = await funded("Dee");
    await context.route("**/claims/**", (route) => route.abort());
    await choose(page, number);
    expect(await checkHere(page)).toBe("withheld");
    await picture(page, "17-withheld-quote");
    await challenge(page);
    await page.getByText(/Demanded on chain: 13 pieces of the input/).waitFor();
    await page.getByTestId("ending").getByText("Right after all.").waitFor();
    await page.getByText("Bit-equal.").waitFor();
    await picture(page, "18-right-after-all");
    expect(await page.getByTestId("gained").textContent()).toBe("0 OPG");
    await context.close();
  });

  test("a lie that is served only where it is demanded: the page buys the data, and proves it", async () => {
    const stage = open();
    const liar = await stage.operator(4, "withhold");
    const staked = await stakeOf(liar);
    const { context: asking, number, address: asker } = await asks("Ida", liar.name);
    await asking.close();
    const { page, context, address } = await funded("Val");
    await choose(page, number);
    expect(await checkHere(page)).toBe("withheld");
    await challenge(page);
    await page.getByText(/Demanded on chain: the fingerprints/).waitFor();
    await page.getByTestId("gained").waitFor();
    await picture(page, "20-bought-and-proven");
    // The opening cost 3 × the fee, which the court still holds; it is no liar's.
    expect(await page.getByTestId("gained").textContent()).toBe("+2,547 OPG");
    expect(await stage.opgOf(address)).toBe(1_000n * OPG + REWARD - 3n * OPG);
    await page.getByRole("button", { name: "Take it back" }).click();
    await page.getByText("for an opening of what was false").waitFor({ state: "detached" });
    expect(await stage.opgOf(address)).toBe(1_000n * OPG + REWARD);
    expect(await stage.opgOf(asker)).toBe(1_100n * OPG);
    expect(staked - (await stakeOf(liar))).toBe(SLASHED);
    await context.close();
  });

  test("a process that is killed: choose another, call its silence, take the fee back", async () => {
    const stage = open();
    const mute = await stage.operator(5, "withhold");
    const staked = await stakeOf(mute);
    const kim = await byKeys(stage, mute);
    await mute.kill();
    const late = await askAgain(kim.page, mute);
    await picture(kim.page, "22-asked-another");
    await silence(stage, kim.number, kim.address);
    expect(staked - (await stakeOf(mute))).toBe(SLASHED);
    // 1,000 − two fees of the mute one − Omar's fee + coverage and fee of the claim that fell
    expect(await stage.opgOf(kim.address)).toBe((1_000n - 2n - 2n + 101n) * OPG);
    await stage.travel(DEADLINE);
    await choose(kim.page, late);
    await kim.page.getByRole("button", { name: "Take the fee back" }).press("Enter");
    await kim.page.getByText("Refunded.").waitFor();
    await picture(kim.page, "25-refunded");
    expect(await stage.opgOf(kim.address)).toBe((1_000n - 1n - 2n + 101n) * OPG);
    await kim.context.close();
  });

  /** Connects, is given money, draws, chooses, pays: without a pointer. */
  async function byKeys(stage: Stage, operator: OperatorProcess): Promise<Person & { number: string }> {
    const person = await stage.visitor("Kim");
    const { page } = person;
    await page.getByRole("button", { name: "Connect a wallet" }).press("Enter");
    await page.getByRole("button", { name: "Kim" }).press("Enter");
    await page.getByRole("button", { name: "Get test money" }).press("Enter");
    await page.getByTestId("balance").getByText("1,000 OPG").waitFor();
    await drawWithKeys(page);
    await page.getByRole("radio", { name: operator.name }).press("Space");
    await page.getByRole("button", { name: "Pay and ask" }).press("Enter");
    const heading = page.getByRole("heading", { name: /Receipt of answer/ });
    await heading.waitFor();
    return { ...person, number: (await heading.textContent())!.match(/#\d+/)![0] };
  }

  /** Asks the dead operator once more, against the warning, and then somebody else; gives the number of the first. */
  async function askAgain(page: Page, dead: OperatorProcess): Promise<string> {
    await page.getByText("does not answer now").waitFor();
    await page.getByRole("radio", { name: dead.name }).press("Space");
    await page.getByText("does not answer this page right now").waitFor();
    await page.getByRole("button", { name: "Pay and ask" }).press("Enter");
    await page.getByText("This page keeps trying").waitFor();
    await picture(page, "21-dead-operator");
    expect(await seriousFaults(page)).toEqual([]);
    const waiting = (await page.getByRole("heading", { name: /^Request #/ }).textContent())!.match(/#\d+/)![0];
    await page.getByRole("button", { name: "Ask somebody else" }).press("Enter");
    expect(await page.getByRole("radio", { name: dead.name }).isChecked()).toBe(false);
    await page.getByRole("radio", { name: /Omar/ }).press("Space");
    await page.getByRole("button", { name: "Pay and ask" }).press("Enter");
    await page.getByText("Omar says:").waitFor();
    return waiting;
  }

  async function silence(stage: Stage, number: string, requester: string): Promise<void> {
    const { page, context, address } = await funded("Sue");
    await choose(page, number);
    expect(await checkHere(page)).toBe("withheld");
    await challenge(page);
    await page.getByText(/Waiting for the operator's answer/).waitFor();
    await picture(page, "23-silence");
    await stage.travel(ANSWER);
    await page.getByTestId("gained").waitFor();
    expect(await page.getByTestId("gained").textContent()).toBe("+2,550 OPG");
    expect(await stage.opgOf(address)).toBe(1_000n * OPG + REWARD);
    const shown = page.getByRole("list").filter({ hasText: "who paid" });
    await shown.getByText(`100 OPG and the fee of 1 OPG to ${requester.slice(0, 6)}`).waitFor();
    await page.getByRole("button", { name: "Take it back" }).click();
    await page.getByText("of prices that nobody earned").waitFor({ state: "detached" });
    await picture(page, "24-silence-called");
    const court = { address: stage.network.deployment.disputes, abi: disputesAbi } as const;
    expect(await stage.chain.readContract({ ...court, functionName: "credits", args: [address] })).toBe(0n);
    await context.close();
  }
}
