import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";

export type Db = Database.Database;

const schema = `
CREATE TABLE IF NOT EXISTS blocks (number INTEGER PRIMARY KEY, hash TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS events (
  block INTEGER NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL, subject TEXT NOT NULL, request TEXT,
  event TEXT NOT NULL, PRIMARY KEY (block, position));
CREATE INDEX IF NOT EXISTS events_by_request ON events (request);
CREATE INDEX IF NOT EXISTS events_by_subject ON events (subject, block, position);
CREATE INDEX IF NOT EXISTS events_by_name ON events (name, block, position);
CREATE TABLE IF NOT EXISTS answers (
  requestId TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE, answer TEXT NOT NULL, signature TEXT);
CREATE TABLE IF NOT EXISTS sold (
  requestId TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE, answer TEXT NOT NULL, signature TEXT,
  model TEXT NOT NULL, parameters TEXT NOT NULL, soldAt INTEGER NOT NULL, postBy INTEGER NOT NULL,
  batch TEXT REFERENCES batches (root), place INTEGER);
CREATE INDEX IF NOT EXISTS sold_by_batch ON sold (batch, place);
CREATE TABLE IF NOT EXISTS batches (
  root TEXT PRIMARY KEY, coverage TEXT NOT NULL, count INTEGER NOT NULL, parameters TEXT NOT NULL, postBy INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS batches_by_end ON batches (postBy);
CREATE TABLE IF NOT EXISTS lanes (
  channel TEXT NOT NULL, model TEXT NOT NULL, parameters TEXT NOT NULL, parties TEXT NOT NULL,
  unit TEXT NOT NULL, price TEXT NOT NULL, cumulative TEXT NOT NULL, signature TEXT NOT NULL, owed TEXT NOT NULL,
  redeemed TEXT NOT NULL, since INTEGER NOT NULL, PRIMARY KEY (channel, model, parameters, unit, price));
CREATE TABLE IF NOT EXISTS accused (digest TEXT PRIMARY KEY, receipt TEXT NOT NULL, leaf TEXT);
CREATE TABLE IF NOT EXISTS verdicts (
  digest TEXT PRIMARY KEY, agree INTEGER, reason TEXT NOT NULL, checkedAt INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS commits (
  digest TEXT NOT NULL, kernel INTEGER NOT NULL, element INTEGER NOT NULL, salt TEXT NOT NULL, commitment TEXT NOT NULL,
  PRIMARY KEY (digest, kernel, element));
CREATE TABLE IF NOT EXISTS intents (
  place INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account TEXT NOT NULL, target TEXT NOT NULL,
  data TEXT NOT NULL, value TEXT NOT NULL, deadline INTEGER, state TEXT NOT NULL, reason TEXT,
  tries INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS attempts (
  hash TEXT PRIMARY KEY, intent TEXT NOT NULL REFERENCES intents (id), account TEXT NOT NULL, nonce INTEGER NOT NULL,
  raw TEXT NOT NULL, gas TEXT NOT NULL, fee TEXT NOT NULL, tip TEXT NOT NULL, sentAt INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS attempts_by_intent ON attempts (intent);
`;

/** Another daemon holds the data directory. */
export class DataDirectoryInUseError extends Error {
  override readonly name = "DataDirectoryInUseError";
  constructor(path: string, cause: unknown) {
    super(`${path} is in use: two daemons with one data directory could act twice; stop the other one`, { cause });
  }
}

/**
 * The daemon's state on disk. `synchronous = FULL` makes every commit durable before it returns, so that what was
 * written before a broadcast is still there after `kill -9` or a power cut. The lock is exclusive.
 * @throws DataDirectoryInUseError
 */
export function openDatabase(path: string): Db {
  if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true });
  const db = new Database(path, { timeout: 500 });
  try {
    db.pragma("locking_mode = EXCLUSIVE");
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = FULL");
    db.pragma("foreign_keys = ON");
    db.exec(schema);
  } catch (error) {
    db.close();
    if ((error as { code?: string }).code?.startsWith("SQLITE_BUSY")) throw new DataDirectoryInUseError(path, error);
    throw error;
  }
  return db;
}
