import { encodePackage, type Reader, shownInput } from "@opengradient/protocol";
import { requestOf } from "./claims.ts";
import type { Db } from "./database.ts";
import type { LoadedModel } from "./executor.ts";
import type { Inputs } from "./inputs.ts";

/** Keeps the input of a request if its contract showed it on chain; looks once. @throws as `Inputs.keep` for a false one */
export type TakeShown = (requestId: bigint) => Promise<void>;

export type ShownOptions = {
  readonly db: Db;
  readonly reader: Reader;
  readonly models: ReadonlyMap<string, LoadedModel>;
  readonly inputs: Inputs;
};

export function openShown({ db, reader, models, inputs }: ShownOptions): TakeShown {
  const looked = new Set<string>();
  return async (requestId) => {
    const request = requestOf(db, requestId);
    const model = request && models.get(request.terms.modelRoot);
    if (!request || !model) return;
    // After a reorganisation the same number may be another request.
    const key = `${requestId} ${request.terms.input}`;
    if (looked.has(key) || inputs.has(request.terms.input)) return;
    const shown = await shownInput(reader, request);
    looked.add(key);
    if (shown) inputs.keep(model, request.terms.input, encodePackage(shown));
  };
}
