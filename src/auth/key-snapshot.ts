import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

import { isRecord } from '../core/json.ts';
import type { RsaPublicJwk } from './import-keys.ts';
import { MAX_JWKS_KEYS } from './parse-jwks.ts';
import { readBounded } from './read-bounded.ts';

const VERSION = 1;
const MAX_SNAPSHOT_BYTES = 16 * 1024 * 1024;
const MAX_SNAPSHOT_ISSUERS = 1_000;
const OWNER_ONLY = 0o600;

/** The keys of one issuer as a file keeps them. Public keys only: there is nothing secret in it. */
export interface SnapshotIssuer<Key = RsaPublicJwk> {
  readonly issuer: string;
  readonly jwksUri: string;
  readonly fetchedAtMs: number;
  readonly ttlMs: number;
  readonly keys: readonly Key[];
}

/** What a snapshot file held. */
export type LoadedSnapshot =
  | { readonly type: 'absent' }
  /** `keys` are as doubtful as those of a fetch; see `importKeys`. */
  | { readonly type: 'loaded'; readonly issuers: readonly SnapshotIssuer<unknown>[] }
  | {
      readonly type: 'refused';
      readonly reason: 'unreadable' | 'too-large' | 'writable' | 'malformed';
    };

/**
 * Reads a snapshot. A file of which any part has the wrong form is refused as a whole.
 *
 * @returns Never a rejection.
 */
export async function loadSnapshot(file: string): Promise<LoadedSnapshot> {
  let bytes: Uint8Array | 'too-large' | 'writable';
  try {
    bytes = await readBounded(file, MAX_SNAPSHOT_BYTES);
  } catch (error) {
    return isAbsent(error) ? { type: 'absent' } : { type: 'refused', reason: 'unreadable' };
  }
  if (typeof bytes === 'string') return { type: 'refused', reason: bytes };
  const issuers = decodeSnapshot(Buffer.from(bytes).toString('utf8'));
  return issuers === undefined
    ? { type: 'refused', reason: 'malformed' }
    : { type: 'loaded', issuers };
}

/**
 * Writes a snapshot: a reader, also after a crash, finds the old file or the new one, never a part. Mode 0600.
 *
 * @throws {Error} Of `node:fs`; the old file is then as it was.
 */
export async function saveSnapshot(
  file: string,
  issuers: readonly SnapshotIssuer[],
): Promise<void> {
  const draft = `${file}.${randomUUID()}.tmp`;
  try {
    await writeDurably(draft, JSON.stringify({ version: VERSION, issuers }));
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await syncFolder(dirname(file));
}

/** Writes one snapshot at a time. */
export interface SnapshotWriter {
  /** Writes what there is now; while a write runs, one more follows it, however often this is called. */
  request(): void;
  /** Waits for the writes that were asked for. */
  idle(): Promise<void>;
}

/**
 * Creates a writer.
 *
 * @param collect What to write; called when a write begins.
 * @param onError Hears of a write that failed; the next request tries again.
 */
export function createSnapshotWriter(
  file: string,
  collect: () => readonly SnapshotIssuer[],
  onError: (error: unknown) => void,
): SnapshotWriter {
  let running = Promise.resolve();
  let isWaiting = false;

  async function write(): Promise<void> {
    isWaiting = false;
    try {
      await saveSnapshot(file, collect());
    } catch (error) {
      onError(error);
    }
  }
  return {
    request() {
      if (isWaiting) return;
      isWaiting = true;
      running = running.then(write);
    },
    idle: () => running,
  };
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', OWNER_ONLY);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the new name durable, where the platform can; where it cannot, a crash brings back the old file, which is whole. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    return;
  }
}

function decodeSnapshot(text: string): readonly SnapshotIssuer<unknown>[] | undefined {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(body) || body['version'] !== VERSION) return undefined;
  const issuers: unknown = body['issuers'];
  if (!Array.isArray(issuers) || issuers.length > MAX_SNAPSHOT_ISSUERS) return undefined;
  return issuers.every(isSnapshotIssuer) ? issuers : undefined;
}

function isSnapshotIssuer(value: unknown): value is SnapshotIssuer<unknown> {
  if (!isRecord(value)) return false;
  const { issuer, jwksUri, fetchedAtMs, ttlMs, keys } = value;
  return (
    typeof issuer === 'string' &&
    typeof jwksUri === 'string' &&
    Number.isFinite(fetchedAtMs) &&
    Number.isFinite(ttlMs) &&
    Array.isArray(keys) &&
    keys.length <= MAX_JWKS_KEYS
  );
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
