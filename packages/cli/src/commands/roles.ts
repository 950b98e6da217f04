import { readRoles } from "@opengradient/protocol";
import { type ChainOptions, chainOptions, connect } from "../chain/connect.ts";
import { action, examples, type Register } from "../command.ts";
import { rolesMarkdown } from "../deploy/page.ts";
import { EXIT } from "../failure.ts";
import { addressOf } from "./stake.ts";

type Options = ChainOptions & { deployer?: string };

export const rolesCommand: Register = (og) => {
  chainOptions(
    og
      .command("roles")
      .description(
        "Read from the chain who may do what others may not, as a page in Markdown; exit code 1 if it objects",
      )
      .option("--deployer <address>", "also look that this account holds nothing"),
  )
    .addHelpText("after", examples("og roles --deployment .og/chain-11155111/deployment.json > roles.md"))
    .action(
      action<[Options]>(async (output, options) => {
        const { place, reader } = await connect(options);
        const deployer = addressOf("--deployer", options.deployer);
        const page = await readRoles(reader, deployer, BigInt(place.deployment.block));
        output.result({ deployment: place.deployment, ...page }, [rolesMarkdown(place.deployment, page)]);
        return page.objections.length ? EXIT.no : EXIT.done;
      }),
    );
};
