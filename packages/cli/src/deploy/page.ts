import type { Addresses, Deployment } from "@opengradient/bindings";
import type { RolesPage } from "@opengradient/protocol";

const row = (...cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

/** The roles page for people. */
export function rolesMarkdown({ chainId, block, ...addresses }: Deployment, { roles, objections }: RolesPage): string {
  const sound =
    "Nothing is to be objected: the deployer holds no role, no OPG and no votes, and every contract is wired as it should be.";
  return [
    `# Roles of the system on chain ${chainId}`,
    "",
    `Read back from the chain; the first contract is of block ${block}. \`og roles\` reads them again.`,
    "",
    ...(objections.length ? ["**Objections**", "", ...objections.map((text) => `- ${text}`)] : [sound]),
    "",
    row("contract", "who may", "account", "that is"),
    row("---", "---", "---", "---"),
    ...roles.map(({ on, may, holder, name }) => row(on, may, `\`${holder}\``, name ?? "**outside**")),
    "",
    row("contract", "address"),
    row("---", "---"),
    ...(Object.keys(addresses) as (keyof Addresses)[]).map((name) => row(name, `\`${addresses[name]}\``)),
    "",
  ].join("\n");
}
