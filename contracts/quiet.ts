import type { SolidityHooks } from "hardhat/types/hooks";
import type { HardhatPlugin } from "hardhat/types/plugins";

// forge-std alone raises 257 warnings under this compiler, which would bury those about our own files.
const foreign = /-->\s+npm\/|more than 256 warnings/;

const hooks: Partial<SolidityHooks> = {
  async invokeSolc(context, compiler, input, config, next) {
    const output = await next(context, compiler, input, config);
    const errors = output.errors?.filter(
      ({ severity, formattedMessage }) => severity === "error" || !foreign.test(formattedMessage ?? ""),
    );
    return { ...output, errors };
  },
};

export const quiet: HardhatPlugin = {
  id: "quiet",
  hookHandlers: { solidity: async () => ({ default: async () => hooks }) },
};
