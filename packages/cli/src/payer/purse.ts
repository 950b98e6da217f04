import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { HeldClaim, LaneName, LaneState, Purse } from "@opengradient/node";
import {
  type Claim,
  claimDigest,
  decodePackage,
  encodePackage,
  type Leaf,
  leafFromJson,
  leafToJson,
  type Package,
  type Parties,
  packageInput,
  receiptFromJson,
  receiptToJson,
} from "@opengradient/protocol";
import { type Address, concat, getAddress, type Hex, keccak256, type LocalAccount, toHex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";

/** What a requester keeps in a folder: its channels, what it owes in them, session keys, signed claims and their inputs. */
export type FilePurse = Purse & {
  readonly folder: string;
  channels(): readonly Parties[];
  keepChannel(parties: Parties): void;
  /** A fresh key that signs vouchers of one channel: its budget is the deposit. */
  newSession(): LocalAccount;
  session(address: Address): LocalAccount | undefined;
  claims(): readonly (HeldClaim & { readonly digest: Hex })[];
  keepLeaf(digest: Hex, leaf: Leaf): void;
  input(claim: Claim): Package | undefined;
  /** where a claim's receipt is */
  pathOf(digest: Hex): string;
};

/** Written whole, and on disk when this returns: what is sent afterwards can not be forgotten. */
function keep(path: string, content: string | Uint8Array, mode = 0o644): void {
  const file = openSync(`${path}.part`, "w", mode);
  const bytes = typeof content === "string" ? Buffer.from(`${content}\n`) : content;
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
  fsyncSync(file);
  closeSync(file);
  renameSync(`${path}.part`, path);
}

const read = (path: string): string | undefined => (existsSync(path) ? readFileSync(path, "utf8").trim() : undefined);

const laneText = (state: LaneState): string =>
  JSON.stringify(state, (_, value) => (typeof value === "bigint" ? String(value) : value));

function laneState(text: string): LaneState {
  const { cumulative, paid, coverage, ...rest } = JSON.parse(text) as Record<keyof LaneState, string>;
  return {
    ...(rest as unknown as LaneState),
    cumulative: BigInt(cumulative),
    paid: BigInt(paid),
    coverage: BigInt(coverage),
  };
}

export function openPurse(folder: string): FilePurse {
  const rooms = ["channels", "lanes", "keys", "claims", "inputs"] as const;
  for (const room of rooms) mkdirSync(join(folder, room), { recursive: true });
  chmodSync(join(folder, "keys"), 0o700);
  const list = (room: (typeof rooms)[number], ending: string): string[] =>
    readdirSync(join(folder, room))
      .filter((name) => name.endsWith(ending))
      .map((name) => join(folder, room, name));
  const lanePath = ({ channel, modelRoot, parameters, unit, price }: LaneName): string => {
    const counted = unit === undefined || price === undefined ? [] : [unit, toHex(price, { size: 32 })];
    return join(folder, "lanes", `${keccak256(concat([channel, modelRoot, parameters, ...counted]))}.json`);
  };
  const keyPath = (address: Address): string => join(folder, "keys", getAddress(address));
  const pathOf = (digest: Hex): string => join(folder, "claims", `${digest}.json`);
  const leafPath = (digest: Hex): string => join(folder, "claims", `${digest}.leaf`);
  const inputPath = (input: Hex): string => join(folder, "inputs", `${input}.input`);
  return {
    folder,
    pathOf,
    channels: () => list("channels", ".json").map((path) => JSON.parse(readFileSync(path, "utf8")) as Parties),
    keepChannel: (parties) =>
      keep(join(folder, "channels", `${parties.requester}-${parties.operator}.json`), JSON.stringify(parties)),
    newSession() {
      const key = generatePrivateKey();
      const account = privateKeyToAccount(key);
      keep(keyPath(account.address), key, 0o600);
      return account;
    },
    session(address) {
      const key = read(keyPath(address));
      return key === undefined ? undefined : privateKeyToAccount(key as Hex);
    },
    lane(name) {
      const text = read(lanePath(name));
      return text === undefined ? undefined : laneState(text);
    },
    keepLane: (name, state) => keep(lanePath(name), laneText(state)),
    keepInput: (input) => keep(inputPath(packageInput(input)), encodePackage(input)),
    keepClaim: (receipt) => keep(pathOf(claimDigest(receipt, receipt.claim)), receiptToJson(receipt)),
    keepLeaf: (digest, leaf) => keep(leafPath(digest), leafToJson(leaf)),
    claims: () =>
      list("claims", ".json").map((path) => {
        const receipt = receiptFromJson(readFileSync(path, "utf8"));
        const digest = claimDigest(receipt, receipt.claim);
        const leaf = read(leafPath(digest));
        return { digest, receipt, leaf: leaf === undefined ? undefined : leafFromJson(leaf) };
      }),
    input({ input }) {
      const path = inputPath(input);
      return existsSync(path) ? decodePackage(new Uint8Array(readFileSync(path))) : undefined;
    },
  };
}
