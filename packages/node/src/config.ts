import { getAddress, type Hex, isAddress } from "viem";
import { z } from "zod";

const address = z
  .string()
  .refine((text) => isAddress(text, { strict: false }), "must be an address")
  .transform((text) => getAddress(text.toLowerCase()));
const key = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/, "must be 32 bytes of hex")
  .transform((text) => text as Hex);

const digest = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/, "must be 32 bytes of lower-case hex")
  .transform((text) => text as Hex);

/** Where the contracts of one system are, as `og devnet` and deployments write it down. */
export const deploymentSchema = z.object({
  chainId: z.int().positive(),
  block: z.int().nonnegative(),
  opg: address,
  modelRegistry: address,
  staking: address,
  delegation: address,
  votes: address,
  governor: address,
  timelock: address,
  market: address,
  batches: address,
  newWork: address,
  channels: address,
  deliveries: address,
  disputes: address,
  arbiter: address,
  validator: address,
});

/** An amount in whole coins, as text. */
const coins = z.string().regex(/^\d+(\.\d{1,18})?$/, "must be an amount in whole coins, as 12.5");

const HOUR = 3600;

const schema = z.object({
  /** folder of the node's own state */
  dataDir: z.string().min(1),
  rpcUrl: z.url(),
  deployment: deploymentSchema,
  /** folders of models (`writeModel`) */
  models: z.array(z.string()).min(1),
  http: z.object({ host: z.string().default("127.0.0.1"), port: z.int().min(0).max(65_535).default(0) }).prefault({}),
  pollMs: z.int().min(10).default(1_000),
  /** blocks on top before an event or a transaction counts */
  depth: z.int().min(0).default(2),
  /** seconds without a block before a transaction's fee is raised */
  bumpAfter: z.int().positive().default(30),
  /** gwei that a gas unit may cost at most */
  feeCapGwei: z.int().positive().default(500),
  /** seconds after a claim's window in which its input and output are still served although it is decided */
  keepSeconds: z
    .int()
    .min(0)
    .default(7 * 86_400),
  mostUploadBytes: z
    .int()
    .positive()
    .default(1 << 28),
  operator: z
    .object({
      owner: address,
      key,
      postOpened: z.boolean().default(false),
      /** answers that vouchers bought are posted together: so many at most, and no later than so many seconds after the first */
      batch: z
        .object({
          size: z.int().min(1).max(65_536).default(256),
          seconds: z
            .int()
            .min(0)
            .max(6 * HOUR)
            .default(600),
        })
        .prefault({}),
      /** what answers are sold for in another unit than OPG: a fee in the unit, and OPG for one unit, at least */
      prices: z
        .array(
          z.object({
            model: digest,
            unit: z.string().regex(/^[\x20-\x7e]{1,32}$/, "must be 1 to 32 characters of ASCII"),
            fee: coins,
            least: coins,
          }),
        )
        .default([]),
      /** vouchers are redeemed together when they are worth so much OPG, or the oldest is so many seconds old */
      redeem: z
        .object({
          least: coins.default("100"),
          seconds: z
            .int()
            .min(0)
            .default(24 * HOUR),
        })
        .prefault({}),
    })
    .optional(),
  watcher: z
    .discriminatedUnion("mode", [
      z.object({ mode: z.literal("watch") }),
      z.object({
        mode: z.literal("defend"),
        key,
        /** native coin, in whole coins as text, that the demands of one claim may cost at most */
        mostNative: coins.default("0.25"),
        /** seconds from a claim's post in which others may dispute it first */
        patience: z.int().min(0).default(0),
        /** digests of the only claims to look at; absent: all */
        only: z.array(digest).optional(),
      }),
    ])
    .optional(),
});

export type NodeConfig = z.output<typeof schema>;
export type NodeConfigInput = z.input<typeof schema>;

/** A configuration that can not be run, with every key that is missing or wrong. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** @throws ConfigError */
export function parseConfig(value: unknown): NodeConfig {
  const parsed = schema.safeParse(value);
  if (!parsed.success)
    throw new ConfigError(`the node's configuration is not complete:\n${z.prettifyError(parsed.error)}`);
  const { operator, watcher } = parsed.data;
  if (!operator && !watcher)
    throw new ConfigError("the configuration names no role: give `operator`, `watcher` or both");
  if (operator && watcher?.mode === "defend" && operator.key === watcher.key)
    throw new ConfigError("operator and watcher need different keys: each key has one sender of transactions");
  return parsed.data;
}
