// A contract's interface and storage as lines that people read.

type Parameter = { readonly type: string; readonly indexed?: boolean; readonly components?: readonly Parameter[] };

export type AbiItem = {
  readonly type: string;
  readonly name?: string;
  readonly stateMutability?: string;
  readonly inputs?: readonly Parameter[];
  readonly outputs?: readonly Parameter[];
};

/** Of the compiler. A slot holds 32 bytes; offsets are bytes. */
export type StorageLayout = {
  readonly storage: readonly Member[];
  readonly types: Record<string, { readonly label: string; readonly members?: readonly Member[] }> | null;
};
type Member = { readonly label: string; readonly slot: string; readonly offset: number; readonly type: string };

const typeText = ({ type, indexed, components }: Parameter): string => {
  const text = components ? type.replace("tuple", `(${components.map(typeText).join(",")})`) : type;
  return indexed ? `${text} indexed` : text;
};

const list = (parameters: readonly Parameter[] = []): string => `(${parameters.map(typeText).join(",")})`;

/** Names of parameters are left out: only types reach selectors and topics. */
export const signaturesOf = (abi: readonly AbiItem[]): string[] =>
  abi
    .map(({ type, name = "", stateMutability, inputs, outputs }) => {
      const head = `${type}${name && ` ${name}`}${list(inputs)}`;
      if (type !== "function") return stateMutability === "payable" ? `${head} payable` : head;
      const words = stateMutability === "nonpayable" ? "" : ` ${stateMutability}`;
      return `${head}${words}${outputs?.length ? ` returns ${list(outputs)}` : ""}`;
    })
    .sort();

/** Variables in order, then the members of the structs that they hold. */
export function storageOf({ storage, types }: StorageLayout): string[] {
  const line = ({ label, slot, offset, type }: Member): string => `${slot}:${offset} ${types![type]!.label} ${label}`;
  const structs = Object.values(types ?? {})
    .filter(({ members }) => members)
    .sort((a, b) => (a.label < b.label ? -1 : 1))
    .flatMap(({ label, members }) => members!.map((member) => `${label} ${line(member)}`));
  return [...storage.map(line), ...structs];
}
