import { LRUCache } from 'lru-cache';

import type { TokenGeneration } from '../auth/replay-guard.ts';
import type {
  GenerationRecord,
  LocalReplayStore,
  Rotation,
  RotationAnswer,
  UseAnswer,
} from '../auth/replay-store.ts';
import { EXPIRY_MARGIN_MS, rotateGeneration } from '../auth/rotate-generation.ts';
import { GatewayError } from '../core/gateway-error.ts';

/** Options of {@link createMemoryReplayStore}. */
export interface MemoryReplayStoreOptions {
  /** Most identities remembered, at least 1; default 50,000, about 1 KB each. */
  readonly maxIdentities?: number;
  /** `single-use`: most ids remembered for one identity, at least 1; default 20,000. Size it from tokens a second × life. */
  readonly maxTokenIds?: number;
  /**
   * What gives way when there is no room and nothing has expired: `forget` drops the identity that was used least recently, or
   * the oldest id, and says so in the answer; `refuse` fails what is new. Default `forget`.
   */
  readonly whenFull?: 'forget' | 'refuse';
}

const DEFAULT_MAX_IDENTITIES = 50_000;
const DEFAULT_MAX_TOKEN_IDS = 20_000;

/** A full memory is searched for what has expired at most this often: it costs milliseconds. */
const SWEEP_INTERVAL_MS = 1000;

interface Entry {
  forgetAtMs: number;
  record: GenerationRecord | undefined;
  /** Of single use: id → when it may be forgotten, oldest first. */
  readonly ids: Map<string, number>;
  sweptAtMs: number;
}

/**
 * Creates the replay memory of one process. It answers synchronously and is lost with the process.
 *
 * @see ReplayStore for what it keeps, and {@link MemoryReplayStoreOptions} for its bounds.
 */
export function createMemoryReplayStore(options: MemoryReplayStoreOptions = {}): LocalReplayStore {
  const maxIdentities = options.maxIdentities ?? DEFAULT_MAX_IDENTITIES;
  const maxTokenIds = options.maxTokenIds ?? DEFAULT_MAX_TOKEN_IDS;
  const whenFull = options.whenFull ?? 'forget';
  const identities = new LRUCache<string, Entry>({ max: maxIdentities });
  let sweptAtMs = -Infinity;
  let isClosed = false;

  const find = (identity: string, nowMs: number): Entry | undefined => {
    if (isClosed) throw unavailable('the replay memory is closed');
    const entry = identities.get(identity);
    if (entry === undefined || entry.forgetAtMs > nowMs) return entry;
    identities.delete(identity);
    return undefined;
  };

  /** @returns How many had to be forgotten for it. */
  const add = (identity: string, entry: Entry, nowMs: number): number => {
    if (identities.size >= maxIdentities && nowMs - sweptAtMs >= SWEEP_INTERVAL_MS) {
      sweptAtMs = nowMs;
      for (const [key, { forgetAtMs }] of identities.entries())
        if (forgetAtMs <= nowMs) identities.delete(key);
    }
    const isFull = identities.size >= maxIdentities;
    if (isFull && whenFull === 'refuse') throw unavailable('the replay memory is full');
    identities.set(identity, entry);
    return isFull ? 1 : 0;
  };

  return {
    recall: (identity, nowMs) => find(identity, nowMs)?.record,
    recent(max, nowMs) {
      const records: (readonly [string, GenerationRecord])[] = [];
      for (const [identity, { record, forgetAtMs }] of identities.entries()) {
        if (records.length >= max) break;
        if (record !== undefined && forgetAtMs > nowMs) records.push([identity, record]);
      }
      return records;
    },
    rotate(generation: TokenGeneration, rotation: Rotation): RotationAnswer {
      const entry = find(generation.identity, rotation.nowMs);
      const answer = rotateGeneration(entry?.record, generation, rotation);
      const { record } = answer;
      if (entry !== undefined) {
        entry.record = record;
        entry.forgetAtMs = record.forgetAtMs;
        return answer;
      }
      const { forgetAtMs } = record;
      const forgotten = add(generation.identity, createEntry(forgetAtMs, record), rotation.nowMs);
      return forgotten === 0 ? answer : { ...answer, forgotten: answer.forgotten + forgotten };
    },
    useOnce({ identity, tokenId, expiresAtMs }: TokenGeneration, nowMs: number): UseAnswer {
      const forgetAtMs = expiresAtMs + EXPIRY_MARGIN_MS;
      let entry = find(identity, nowMs);
      let forgotten = 0;
      if (entry === undefined) {
        entry = createEntry(forgetAtMs);
        forgotten = add(identity, entry, nowMs);
      }
      const { ids } = entry;
      if ((ids.get(tokenId) ?? 0) > nowMs) return { decision: 'token-id-reused', forgotten };
      dropExpired(entry, nowMs, ids.size >= maxTokenIds);
      if (ids.size >= maxTokenIds) {
        if (whenFull === 'refuse') throw unavailable('the replay memory of the identity is full');
        for (const oldest of ids.keys()) {
          ids.delete(oldest);
          break;
        }
        forgotten++;
      }
      ids.set(tokenId, forgetAtMs);
      entry.forgetAtMs = Math.max(entry.forgetAtMs, forgetAtMs);
      return { decision: 'first-use', forgotten };
    },
    check() {
      if (isClosed) throw unavailable('the replay memory is closed');
    },
    close() {
      isClosed = true;
      identities.clear();
      return Promise.resolve();
    },
  };
}

function createEntry(forgetAtMs: number, record?: GenerationRecord): Entry {
  return { forgetAtMs, record, ids: new Map(), sweptAtMs: -Infinity };
}

/** Ids mostly expire in the order they came, so the oldest tell; when there is no room, all are looked at. */
function dropExpired(entry: Entry, nowMs: number, isFull: boolean): void {
  const isSweep = isFull && nowMs - entry.sweptAtMs >= SWEEP_INTERVAL_MS;
  if (isSweep) entry.sweptAtMs = nowMs;
  for (const [id, untilMs] of entry.ids) {
    if (untilMs <= nowMs) entry.ids.delete(id);
    else if (!isSweep) break;
  }
}

function unavailable(message: string): GatewayError {
  return new GatewayError('ERR_AUTH_REPLAY_STORE_UNAVAILABLE', message);
}
