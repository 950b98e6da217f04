/** The example of every hook of packages/react, rendered against a chain: what its README shows does run. */
import { readdirSync, readFileSync } from "node:fs";
import { parametersHash, readAllowance } from "@opengradient/protocol";
import * as room from "@opengradient/react";
import { createElement, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { defineChain } from "viem";
import { hardhat } from "viem/chains";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { mock } from "wagmi/connectors";
import { Countdown } from "../../packages/react/examples/Countdown.tsx";
import { Funds } from "../../packages/react/examples/Funds.tsx";
import { Offers } from "../../packages/react/examples/Offers.tsx";
import { Plan } from "../../packages/react/examples/Plan.tsx";
import { ProofBond } from "../../packages/react/examples/ProofBond.tsx";
import { type Facts, Providers } from "../../packages/react/examples/Providers.tsx";
import { Stake } from "../../packages/react/examples/Stake.tsx";
import { Standing } from "../../packages/react/examples/Standing.tsx";
import { Summary } from "../../packages/react/examples/Summary.tsx";
import { Where } from "../../packages/react/examples/Where.tsx";
import { Writer } from "../../packages/react/examples/Writer.tsx";
import { OPG, quick, rich } from "../chain/chain.ts";
import { ask, give, openStage, type Playing, postedClaim, type Stage, startOperator } from "../chain/stage.ts";
import { toyInput } from "../chain/toy.ts";

// React, wagmi and TanStack Query look for a page when they are loaded.
await vi.hoisted(async () => {
  const { Window } = await import("happy-dom");
  const window = new Window({ url: "http://localhost/" });
  const { document, Event, CustomEvent } = window;
  Object.assign(globalThis, { window, document, Event, CustomEvent });
});

const ROOM = new URL("../../packages/react/", import.meta.url);

let stage: Stage;
let playing: Playing;
let facts: Facts;

beforeAll(async () => {
  stage = await openStage();
  playing = await startOperator(stage);
  const { chainId, block, ...addresses } = stage.deployment;
  const chain = defineChain({ ...hardhat, id: chainId, rpcUrls: { default: { http: [stage.chain.url] } } });
  facts = { chain, addresses, fromBlock: BigInt(block), connectors: [mock({ accounts: [rich.address] })] };
});
afterAll(async () => {
  await stage?.stopNodes();
  await stage?.close();
});

type Shown = { text(): string; click(button: string): void; close(): void };

/** Puts a part on a page of its own. */
function show(part: ReactNode): Shown {
  let thrown: unknown;
  const element = document.body.appendChild(document.createElement("div"));
  const root = createRoot(element, { onUncaughtError: (error) => (thrown = error) });
  root.render(createElement(Providers, { facts }, part));
  return {
    text() {
      if (thrown) throw thrown;
      return element.textContent ?? "";
    },
    click(words) {
      const button = [...element.querySelectorAll("button")].find(({ textContent }) => textContent?.includes(words));
      if (!button || button.disabled) throw new Error(`nothing says ${words} and can be pressed: ${element.innerHTML}`);
      button.click();
    },
    close() {
      root.unmount();
      element.remove();
    },
  };
}

const until = (act: () => unknown) => vi.waitFor(act, { timeout: 15_000, interval: 50 });
const reads = (shown: Shown, wanted: RegExp | string) => until(() => expect(shown.text()).toMatch(wanted));

/** Shows a part until it says what is wanted. */
async function says(part: ReactNode, wanted: RegExp | string): Promise<void> {
  const shown = show(part);
  try {
    await reads(shown, wanted);
  } finally {
    shown.close();
  }
}

test("every hook has an example, and its docstring and the README name it", () => {
  const hooks = Object.keys(room).filter((name) => name.startsWith("use"));
  const source = ["place", "plan", "reads"].map((name) => readFileSync(new URL(`src/${name}.ts`, ROOM), "utf8")).join();
  const readme = readFileSync(new URL("README.md", ROOM), "utf8");
  expect(hooks.length).toBeGreaterThan(8);
  for (const hook of hooks) {
    const example = source.match(
      new RegExp(`@example (examples/\\w+\\.tsx)\\n \\*/\\nexport (?:function|const) ${hook}\\b`),
    )?.[1];
    expect(example, `${hook} names no example in its docstring`).toBeDefined();
    expect(readFileSync(new URL(example!, ROOM), "utf8")).toContain(`${hook}(`);
    expect(readme).toContain(`\`${hook}(`);
    expect(readme).toContain(example);
  }
  const rendered = readFileSync(new URL(import.meta.url), "utf8");
  for (const file of readdirSync(new URL("examples", ROOM))) expect(rendered).toContain(`examples/${file}"`);
});

test("where: usePlace, useReader", () =>
  says(createElement(Where), `Market ${stage.deployment.market} on chain 31337`));

test("who offers: useOffers", async () => {
  const { address } = playing.operator.owner.wallet.account;
  const offer = `${address}: 1 OPG, covers 10000 OPG; 0 answers, 0 false`;
  await says(createElement(Offers, { model: stage.model.modelRoot }), offer);
});

test("what an operator put up: useStake", () => {
  const operator = playing.operator.owner.wallet.account.address;
  return says(createElement(Stake, { operator }), /^50000 OPG staked, 0 locked; a first fault costs 10000 beside/);
});

test("an answer: useSummary, useStanding", async () => {
  const input = toyInput(1);
  const shown = show(createElement(Summary));
  const { requestId } = await ask(stage, stage.author, playing.operator, input);
  await give(playing.node, input);
  const claim = await postedClaim(stage, requestId);
  await reads(shown, `#${requestId} is open`);
  shown.close();
  await says(createElement(Standing, { claim }), /^open: challenge it until 20.*Z; 0 questions wait/);
  expect(claim.parameters).toBe(parametersHash(quick));
});

test("what somebody holds: useFunds", async () => {
  const { address } = playing.operator.hot.wallet.account;
  await says(createElement(Funds, { address }), /^0 OPG and (?:9\.99\d*|10) of native coin/);
});

test("a proof's bond: useProofBond", () => says(createElement(ProofBond), "A proof takes 100 OPG"));

test("the chain's clock: useChainTime", async () => {
  const { timestamp } = await stage.chain.client.getBlock();
  await says(createElement(Countdown, { until: Number(timestamp) + 1000 }), /^9\d\d s left|^1000 s left/);
  await says(createElement(Countdown, { until: Number(timestamp) - 10 }), "Over");
});

test("connects, and sends what is planned: useWriter, usePlan", async () => {
  const shown = show([createElement(Writer, { key: 1 }), createElement(Plan, { key: 2 })]);
  await reads(shown, "Connect");
  shown.click("Connect");
  await reads(shown, `Signs as ${rich.address}`);
  shown.click("Allow the Market");
  await reads(shown, "Done");
  const spender = stage.deployment.market;
  expect(await readAllowance(stage.author, { owner: rich.address, spender })).toBe(3n * OPG);
  shown.close();
});
