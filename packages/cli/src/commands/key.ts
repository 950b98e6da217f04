import { privateKeyToAddress } from "viem/accounts";
import { keyOf, newKeystore } from "../chain/keys.ts";
import { action, examples, type Register } from "../command.ts";
import { CommandError } from "../failure.ts";

export const keyCommand: Register = (og) => {
  og.command("key")
    .description("Make a key in an encrypted file (keystore of version 3), or say the address of one")
    .argument("<act>", "new or show")
    .argument("<file>", "the keystore; its password is in the file that OG_PASSWORD_FILE names")
    .addHelpText("after", examples("og key new hot.json", "og key show hot.json"))
    .action(
      action<[string, string]>(async (output, act, keystore) => {
        if (act !== "new" && act !== "show") throw new CommandError(`${act}: new or show`);
        const address = act === "new" ? newKeystore(keystore) : privateKeyToAddress(keyOf({ keystore }, false));
        output.result({ address, keystore }, [address]);
      }),
    );
};
