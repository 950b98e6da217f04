import { opgGovernorAbi } from "@opengradient/bindings";
import {
  cancelProposal,
  castVote,
  type Done,
  executeProposal,
  motionOf,
  type Proposal,
  propose,
  queueProposal,
  readProposals,
  type Writer,
} from "@opengradient/protocol";
import type { Command } from "commander";
import type { Address } from "viem";
import {
  type ChainOptions,
  chainOptions,
  connect,
  connectSigning,
  type Place,
  type SigningOptions,
  signingOptions,
} from "../chain/connect.ts";
import { readHistory } from "../chain/history.ts";
import { action, examples } from "../command.ts";
import { CommandError, EXIT } from "../failure.ts";
import { ACTS, parseAct, wordsOfAct } from "../governance/act.ts";
import { expectState, findProposal, nameOf, proposalFacts, proposalLines } from "../governance/proposal.ts";
import type { Output } from "../output.ts";
import { opg, short } from "../words.ts";

/** Numbers of the Governor. */
const SUPPORT: Readonly<Record<string, number>> = { against: 0, for: 1, abstain: 2 };

/** The part of `og vote` that is about proposals. */
export function proposalCommands(vote: Command): void {
  chainOptions(vote.command("list").description("All proposals, how they stand and when what comes; needs no key"))
    .addHelpText("after", examples("og vote list", "og vote list --json"))
    .action(
      action<[ChainOptions]>(async (output, options) => {
        const { place, reader } = await connect(options);
        const all = await readProposals(reader, BigInt(place.deployment.block));
        const { timestamp } = await reader.chain.getBlock();
        const words = all.flatMap((proposal) => [...proposalLines(reader, proposal, Number(timestamp)), ""]);
        output.result(
          all.map((proposal) => proposalFacts(reader, proposal)),
          words.length ? words : ["Nothing was proposed yet."],
        );
      }),
    );

  signingOptions(
    vote
      .command("propose")
      .description("Propose one of the few things that a vote can do; it takes 100,000 OPG of votes")
      .argument(
        "<act>",
        ACTS.map((act) => act.split(" ")[0])
          .filter((name, i, all) => all.indexOf(name) === i)
          .join(", "),
      )
      .argument("[values...]", "what the act needs: see below")
      .option("--why <text>", "your reasons, on chain for good (default: what it does, in words)"),
  )
    .addHelpText("after", `\nActs:\n${ACTS.map((act) => `  ${act}`).join("\n")}\n`)
    .addHelpText(
      "after",
      examples(
        "og vote propose floor 2 --why 'the base fee fell' --account deployer",
        "og vote propose resplit 0xTIER 10 1 --account deployer",
        "og vote propose guardian 0xGUARDIAN --account deployer",
      ),
    )
    .action(
      action<[string, string[], SigningOptions & { why?: string }]>(async (output, name, values, options) => {
        const { place, writer } = await connectSigning(options);
        const act = parseAct(name, values, (await readHistory(writer, place)).tiers);
        const proposer = writer.wallet.account.address;
        await expectVotes(writer, proposer);
        const description = options.why ?? wordsOfAct(act);
        const motion = motionOf(writer, { act, description, proposer });
        const known = (await readProposals(writer, BigInt(place.deployment.block))).find(
          (one) =>
            one.description === motion.description && one.calls.every(({ data }, i) => data === motion.calls[i]?.data),
        );
        if (known)
          throw new CommandError(`you proposed the same with the same words: ${nameOf(known)}`, {
            todo: "give other words with --why",
          });
        const done = await propose(writer, motion);
        await tell(output, writer, { place, id: nameOf({ id: done.result }), done });
      }),
    );

  signingOptions(
    vote
      .command("cast")
      .description("Vote on a proposal with what you had when its vote began; a vote can not be changed")
      .argument("<proposal>", "its name")
      .argument("<vote>", Object.keys(SUPPORT).join(", ")),
  )
    .addHelpText("after", examples("og vote cast 0xPROPOSAL for --account requester"))
    .action(
      action<[string, string, SigningOptions]>(async (output, text, choice, options) => {
        const support = SUPPORT[choice];
        if (support === undefined)
          throw new CommandError(`${choice}: one of ${Object.keys(SUPPORT).join(", ")} is needed`);
        await change(output, { text, options, state: "active" }, async (writer, proposal) => {
          const own = writer.wallet.account.address;
          const weight = await votesAt(writer, own, proposal.snapshot);
          if (weight === 0n)
            throw new CommandError(`${own} had no votes when those of ${short(nameOf(proposal), 8)} were counted`, {
              code: EXIT.no,
              todo: "votes count that were delegated and synced before: og vote power",
            });
          return castVote(writer, { id: proposal.id, support });
        });
      }),
    );

  const step = (name: string, words: string, state: Proposal["state"], act: typeof queueProposal) =>
    signingOptions(vote.command(name).description(words).argument("<proposal>", "its name"))
      .addHelpText("after", examples(`og vote ${name} 0xPROPOSAL --account requester`))
      .action(
        action<[string, SigningOptions]>((output, text, options) => change(output, { text, options, state }, act)),
      );
  step(
    "queue",
    "Queue what was decided for: it can be executed seven days later; anyone may",
    "succeeded",
    queueProposal,
  );
  step("execute", "Carry out what was queued, once its delay has passed; anyone may", "queued", executeProposal);
  step("cancel", "Take a proposal of yours back, before its vote begins", "pending", cancelProposal);
}

type Step = { readonly text: string; readonly options: SigningOptions; readonly state: Proposal["state"] };

/** One transaction about a proposal that stands as it must, and how it stands after it. */
async function change(
  output: Output,
  { text, options, state }: Step,
  act: (writer: Writer, proposal: Proposal) => Promise<Done>,
): Promise<void> {
  const { place, writer } = await connectSigning(options);
  const proposal = await findProposal(writer, place, text);
  const { timestamp } = await writer.chain.getBlock();
  expectState(proposal, state, Number(timestamp));
  const done = await act(writer, proposal);
  await tell(output, writer, { place, id: nameOf(proposal), done });
}

type Told = { readonly place: Place; readonly id: string; readonly done: Done };

async function tell(output: Output, writer: Writer, { place, id, done }: Told): Promise<void> {
  const proposal = await findProposal(writer, place, id);
  const { timestamp } = await writer.chain.getBlock();
  const gas = done.receipt.gasUsed;
  output.result({ ...proposalFacts(writer, proposal), gas }, [
    ...proposalLines(writer, proposal, Number(timestamp)),
    `${gas} gas`,
  ]);
}

const votesAt = ({ chain, addresses }: Writer, account: Address, time: number): Promise<bigint> =>
  chain.readContract({
    address: addresses.governor,
    abi: opgGovernorAbi,
    functionName: "getVotes",
    args: [account, BigInt(time)],
  });

/** @throws CommandError where an account has too few votes to propose anything */
async function expectVotes(writer: Writer, account: Address): Promise<void> {
  const { chain, addresses } = writer;
  const governor = { address: addresses.governor, abi: opgGovernorAbi } as const;
  const [threshold, { timestamp }] = await Promise.all([
    chain.readContract({ ...governor, functionName: "proposalThreshold" }),
    chain.getBlock(),
  ]);
  const votes = await votesAt(writer, account, Number(timestamp) - 1);
  if (votes < threshold)
    throw new CommandError(`${account} has ${opg(votes)} of votes; who proposes needs ${opg(threshold)}`, {
      todo: "delegate OPG to it (og vote delegate), or count what it has at stake (og vote sync)",
    });
}
