import { delegationAbi, stakingAbi } from "@opengradient/bindings";
import {
  announceCut,
  authorise,
  ensureAllowance,
  offer,
  readStake,
  register,
  restore,
  revoke,
  rotateKey,
  stake,
  thaw,
  updateOperator,
  type Writer,
  withdrawStake,
} from "@opengradient/protocol";
import { type Address, type Hex, isAddress, parseEther, zeroAddress } from "viem";
import { connectSigning, type SigningOptions, signingOptions } from "../chain/connect.ts";
import { action, collect, examples, type Register } from "../command.ts";
import { CommandError } from "../failure.ts";
import { modelRootOf } from "../model/load.ts";
import { date, opg, table } from "../words.ts";

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
  restore?: boolean;
  leave?: boolean;
  cut?: string;
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
      .option(
        "--offer <model=fee,coverage>",
        "a model (its root or file), its fee and the most coverage, in OPG",
        collect,
      )
      .option("--thaw", "take the amount out of cover; it can be withdrawn after the thaw period")
      .option("--withdraw", "withdraw what has thawed")
      .option("--restore", "after a fault, once no claim of yours is open: make the fault bond up and work again")
      .option("--leave", "leave this Market, once no claim of yours is open in it")
      .option(
        "--cut <percent>",
        "what you keep of what is delegated to you earns, 0 to 50; counts 7 days later (default: 50)",
      ),
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
        if (options.cut !== undefined)
          note("announce the cut", await announceCut(writer, { bps: delegatorsBps(options.cut) }));
        if (options.withdraw) note("withdraw", await withdrawStake(writer, {}));
        else if (options.restore) note("restore", await restore(writer, {}));
        else if (options.leave) note("leave", await revoke(writer, { court: writer.addresses.market }));
        else if (options.thaw) {
          if (amount === undefined) throw new CommandError("--thaw needs an amount");
          note("thaw", await thaw(writer, { amount }));
        } else {
          if (amount !== undefined || changes(options)) await enrol(writer, { ...options, offers }, note);
          if (amount !== undefined) {
            note("approve", await ensureAllowance(writer, { spender: writer.addresses.staking, amount }));
            note("stake", await stake(writer, { operator: writer.wallet.account.address, amount }));
          }
        }
        const state = await readOperator(writer);
        output.result({ operator: writer.wallet.account.address, ...state, gas }, [
          ...table(rowsOf(writer.wallet.account.address, state)),
          ...Object.entries(gas).map(([what, used]) => `${what}: ${used} gas`),
        ]);
      }),
    );
};

const changes = ({ endpoint, signer, payee, offer: offers }: Options): boolean =>
  [endpoint, signer, payee, offers].some((value) => value !== undefined);

function rowsOf(owner: Address, state: State): string[][] {
  if (state.signer === zeroAddress)
    return [["operator", `${owner} is none yet: og stake AMOUNT --endpoint URL --offer MODEL=FEE,COVERAGE`]];
  const { thawing, thawedAt, jailedSince, bondLeft, faultBond } = state;
  return [
    ["operator", owner],
    ["hot key", state.signer],
    ["payee", state.payee],
    ["endpoint", state.endpoint || "(none)"],
    ["court", state.authorised ? "this Market" : "none: it answers to nobody and can cover nothing"],
    ["staked", opg(state.staked)],
    ["locked", `${opg(state.locked)}, three times what your open answers cover`],
    ["fault bond", `${opg(bondLeft)} of ${opg(faultBond)}, which only a first fault takes`],
    ["covers", `${opg(state.room)} in a new answer`],
    ["thawing", thawing ? `${opg(thawing)} until ${date(thawedAt)}` : opg(0n)],
    ["delegated", `${opg(state.delegated)}, which get ${state.shareBps / 100} % of what they earn`],
    ...(jailedSince ? [["jailed", `since ${date(jailedSince)}; after your open answers: og stake --restore`]] : []),
  ];
}

/** Basis points that delegators get when the operator keeps so many per cent. */
const delegatorsBps = (percent: string): number => 10_000 - basisPoints("--cut", percent, { least: 0, most: 5_000 });

/** Per cent as basis points, within bounds in basis points. */
export function basisPoints(what: string, percent: string, { least, most }: { least: number; most: number }): number {
  const bps = Math.round(100 * Number(percent));
  if (!/^\d{1,2}(\.\d{1,2})?$/.test(percent) || bps < least || bps > most)
    throw new CommandError(`${what} ${percent}: per cent from ${least / 100} to ${most / 100} are needed, as 12.5`);
  return bps;
}

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

type State = Awaited<ReturnType<typeof readOperator>>;

async function readOperator(writer: Writer) {
  const { chain, addresses, wallet } = writer;
  const own = wallet.account.address;
  const pools = { address: addresses.delegation, abi: delegationAbi, args: [own] } as const;
  const courts = { address: addresses.staking, abi: stakingAbi, args: [own, addresses.market] } as const;
  const [{ frozenAt, ...record }, [authorised], pool, cut, { timestamp }] = await Promise.all([
    readStake(writer, own),
    chain.readContract({ ...courts, functionName: "courtLocks" }),
    chain.readContract({ ...pools, functionName: "pools" }),
    chain.readContract({ ...pools, functionName: "cutOf" }),
    chain.getBlock(),
  ]);
  const shareBps = timestamp < BigInt(cut.from) ? cut.bps : cut.nextBps;
  return { ...record, authorised, delegated: pool.tokens, shareBps, jailedSince: Number(frozenAt) };
}

export function opgAmount(what: string, text: string): bigint {
  if (!/^\d+(\.\d{1,18})?$/.test(text)) throw new CommandError(`${what} ${text}: an amount of OPG is needed, as 12.5`);
  return parseEther(text);
}

export function addressOf(what: string, text: string): Address;
export function addressOf(what: string, text: string | undefined): Address | undefined;
export function addressOf(what: string, text: string | undefined): Address | undefined {
  if (text === undefined) return undefined;
  if (!isAddress(text)) throw new CommandError(`${what} ${text}: an address is needed, 0x and 40 hex digits`);
  return text;
}

function parseOffer(text: string) {
  const [model, terms] = text.split("=");
  const [fee, coverage] = (terms ?? "").split(",");
  if (!model || !fee || !coverage) throw new CommandError(`--offer ${text}: write MODEL=FEE,COVERAGE`);
  return {
    modelRoot: modelRootOf(model),
    fee: opgAmount("--offer, fee", fee),
    maxCoverage: opgAmount("--offer, coverage", coverage),
  };
}
