import { stakingAbi } from "@opengradient/bindings";
import {
  act,
  authorise,
  calls,
  ensureAllowance,
  offer,
  register,
  rotateKey,
  stake,
  updateOperator,
  type Writer,
} from "@opengradient/protocol";
import { type Address, type Hex, isAddress, parseEther, zeroAddress } from "viem";
import { connectSigning, type SigningOptions, signingOptions } from "../chain/connect.ts";
import { action, collect, examples, type Register } from "../command.ts";
import { CommandError } from "../failure.ts";
import { opg, table } from "../words.ts";

/** Seconds, longer than any claim of a former hot key can stay open. */
const FORMER_KEY_DEFENDS = 180 * 86_400;

type Options = SigningOptions & {
  endpoint?: string;
  signer?: string;
  stolen?: boolean;
  payee?: string;
  offer?: string[];
  thaw?: boolean;
  withdraw?: boolean;
};

export const stakeCommand: Register = (og) => {
  signingOptions(
    og
      .command("stake")
      .description("Become an operator, or add to an operator's stake; without an amount: show how it stands")
      .argument("[amount]", "OPG to stake (with --thaw: to take out of cover)")
      .option("--endpoint <url>", "where requesters and challengers reach you")
      .option("--signer <address>", "hot key that signs answers (default: your own)")
      .option("--stolen", "with --signer: the former key may not even defend its claims any more")
      .option("--payee <address>", "where fees go (default: your own)")
      .option("--offer <model=fee,coverage>", "a model, its fee and the most coverage, in OPG", collect)
      .option("--thaw", "take the amount out of cover; it can be withdrawn after the thaw period")
      .option("--withdraw", "withdraw what has thawed"),
  )
    .addHelpText(
      "after",
      examples(
        "og stake 50000 --account operator --endpoint http://127.0.0.1:7070 --offer 0xMODEL=0.5,100",
        "og stake 1000 --thaw --account operator",
      ),
    )
    .action(
      action<[string | undefined, Options]>(async (output, text, options) => {
        const { writer } = await connectSigning(options);
        const gas: Record<string, bigint> = {};
        const note = (what: string, done: { receipt: { gasUsed: bigint } } | undefined) => {
          if (done) gas[what] = done.receipt.gasUsed;
        };
        const offers = (options.offer ?? []).map(parseOffer);
        const amount = text === undefined ? undefined : opgAmount("the amount", text);
        if (options.withdraw) note("withdraw", await act(writer, calls.withdrawStake(writer.addresses, {})));
        else if (options.thaw) {
          if (amount === undefined) throw new CommandError("--thaw needs an amount");
          note("thaw", await act(writer, calls.thaw(writer.addresses, { amount })));
        } else {
          await enrol(writer, { ...options, offers }, note);
          if (amount !== undefined) {
            note("approve", await ensureAllowance(writer, { spender: writer.addresses.staking, amount }));
            note("stake", await stake(writer, { operator: writer.wallet.account.address, amount }));
          }
        }
        const state = await readOperator(writer);
        output.result({ operator: writer.wallet.account.address, ...state, gas }, [
          ...table([
            ["operator", writer.wallet.account.address],
            ["endpoint", state.endpoint || "(none)"],
            ["staked", opg(state.staked)],
            ["locked", opg(state.locked)],
            ["thawing", opg(state.thawing)],
            ["covers", `${opg(state.room)} in a new answer`],
            ...(state.jailedSince ? [["jailed", `since ${new Date(1000 * state.jailedSince).toISOString()}`]] : []),
          ]),
          ...Object.entries(gas).map(([what, used]) => `${what}: ${used} gas`),
        ]);
      }),
    );
};

type Enrolment = Pick<Options, "endpoint" | "signer" | "stolen" | "payee"> & {
  offers: readonly { modelRoot: Hex; fee: bigint; maxCoverage: bigint }[];
};
type Note = (what: string, done: { receipt: { gasUsed: bigint } }) => void;

/** Registers, updates or adds offers, as far as something is to be changed, and opts in to the Market. */
async function enrol(
  writer: Writer,
  { endpoint, signer, stolen, payee, offers }: Enrolment,
  note: Note,
): Promise<void> {
  const own = writer.wallet.account.address;
  const state = await readOperator(writer);
  const keys = {
    signer: addressOf("--signer", signer) ?? (state.signer === zeroAddress ? own : state.signer),
    payee: addressOf("--payee", payee) ?? (state.signer === zeroAddress ? own : state.payee),
    endpoint: endpoint ?? state.endpoint,
  };
  if (state.signer === zeroAddress) note("register", await register(writer, { ...keys, offers }));
  else {
    if (endpoint ?? payee) note("update", await updateOperator(writer, keys));
    if (keys.signer !== state.signer) {
      const defendsUntil = stolen ? 0 : Math.floor(Date.now() / 1000) + FORMER_KEY_DEFENDS;
      note("rotate", await rotateKey(writer, { signer: keys.signer, defendsUntil }));
    }
    if (offers.length) note("offer", await offer(writer, { offers }));
  }
  if (!state.authorised) note("authorise", await authorise(writer, { court: writer.addresses.market }));
}

async function readOperator({ chain, addresses, wallet }: Writer) {
  const at = { address: addresses.staking, abi: stakingAbi } as const;
  const own = wallet.account.address;
  const [record, room, [authorised]] = await Promise.all([
    chain.readContract({ ...at, functionName: "operators", args: [own] }),
    chain.readContract({ ...at, functionName: "room", args: [own] }),
    chain.readContract({ ...at, functionName: "courtLocks", args: [own, addresses.market] }),
  ]);
  const { signer, payee, endpoint, staked, locked, thawing, frozenAt } = record;
  return { signer, payee, endpoint, staked, locked, thawing, room, authorised, jailedSince: Number(frozenAt) };
}

export function opgAmount(what: string, text: string): bigint {
  if (!/^\d+(\.\d{1,18})?$/.test(text)) throw new CommandError(`${what} ${text}: an amount of OPG is needed, as 12.5`);
  return parseEther(text);
}

export function addressOf(what: string, text: string | undefined): Address | undefined {
  if (text === undefined) return undefined;
  if (!isAddress(text)) throw new CommandError(`${what} ${text}: an address is needed, 0x and 40 hex digits`);
  return text;
}

export function hashOf(what: string, text: string): Hex {
  if (!/^0x[0-9a-fA-F]{64}$/.test(text)) throw new CommandError(`${what} ${text}: 0x and 64 hex digits are needed`);
  return text.toLowerCase() as Hex;
}

function parseOffer(text: string) {
  const [model, terms] = text.split("=");
  const [fee, coverage] = (terms ?? "").split(",");
  if (!model || !fee || !coverage) throw new CommandError(`--offer ${text}: write MODEL=FEE,COVERAGE`);
  return {
    modelRoot: hashOf("--offer", model),
    fee: opgAmount("--offer, fee", fee),
    maxCoverage: opgAmount("--offer, coverage", coverage),
  };
}
