import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";

export type Db = Database.Database;

const schema = `
CREATE TABLE IF NOT EXISTS blocks (number INTEGER PRIMARY KEY, hash TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS events (
  block INTEGER NOT NULL, position INTEGER NOT NULL, address TEXT NOT NULL, name TEXT NOT NULL, subject TEXT NOT NULL,
  time INTEGER NOT NULL, arguments TEXT NOT NULL, PRIMARY KEY (block, position));
CREATE INDEX IF NOT EXISTS events_by_subject ON events (subject, block, position);
CREATE INDEX IF NOT EXISTS events_by_name ON events (name, block, position);
CREATE TABLE IF NOT EXISTS claims (
  requestId TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE, model TEXT NOT NULL, claim TEXT NOT NULL,
  signature TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS verdicts (
  digest TEXT PRIMARY KEY, agree INTEGER, reason TEXT NOT NULL, checkedAt INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS commits (
  digest TEXT NOT NULL, kernel INTEGER NOT NULL, element INTEGER NOT NULL, salt TEXT NOT NULL,
  PRIMARY KEY (digest, kernel, element));
CREATE TABLE IF NOT EXISTS intents (
  id TEXT PRIMARY KEY, account TEXT NOT NULL, target TEXT NOT NULL, data TEXT NOT NULL, value TEXT NOT NULL,
  deadline INTEGER, state TEXT NOT NULL, reason TEXT, tries INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS attempts (
  hash TEXT PRIMARY KEY, intent TEXT NOT NULL REFERENCES intents (id), nonce INTEGER NOT NULL, raw TEXT NOT NULL,
  fee TEXT NOT NULL, tip TEXT NOT NULL, sentAt INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS attempts_by_intent ON attempts (intent);
`;

/**
 * The daemon's state on disk. `synchronous = FULL` makes every commit durable before it returns, so that what was
 * written before a broadcast is still there after `kill -9` or a power cut. The lock is exclusive: a second daemon on
 * the same file fails at start.
 */
export function openDatabase(path: string): Db {
  if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true });
  const db = new Database(path);
  db.pragma("locking_mode = EXCLUSIVE");
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  db.pragma("foreign_keys = ON");
  db.exec(schema);
  return db;
}
