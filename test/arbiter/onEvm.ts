import { afterAll, beforeAll } from "vitest";
import { artifact, type Deployed, type Evm, openEvm } from "./evm.ts";

/** Contracts on an EVM of their own, there while the tests of the `describe` that asks for them run. */
export function onEvm<const S extends readonly string[]>(...sources: S): { readonly [K in keyof S]: Deployed } {
  let evm: Evm;
  const deployed: Deployed[] = [];
  beforeAll(async () => {
    evm = await openEvm();
    for (const source of sources) deployed.push(await evm.deploy(artifact(source)));
  });
  afterAll(() => evm.close());
  const contracts = sources.map(
    (source, i): Deployed => ({
      sourceName: source,
      abi: artifact(source).abi,
      get address() {
        return deployed[i]!.address;
      },
      call: (name, args) => deployed[i]!.call(name, args),
      transact: (name, args) => deployed[i]!.transact(name, args),
    }),
  );
  return contracts as { readonly [K in keyof S]: Deployed };
}
