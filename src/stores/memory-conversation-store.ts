import { LRUCache } from 'lru-cache';

import type {
  ConversationRecord,
  ConversationStore,
  Lease,
  Owner,
} from '../conversation/conversation-store.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/gateway-error.ts';

/** Options of {@link createSharedConversations}. */
export interface SharedConversationsOptions {
  /** How long a conversation is remembered that nobody touches, in milliseconds. */
  readonly ttlMs: number;
  /** Most conversations, at least 1; the one that was touched least recently gives way. Default 100,000. */
  readonly maxConversations?: number;
}

/** Conversations that the replicas of one process, or the workers behind it, share. */
export interface SharedConversations {
  /** A replica's view, which counts as alive until it is closed. */
  replica(owner: Owner): ConversationStore;
}

const DEFAULT_MAX_CONVERSATIONS = 100_000;

type Phase = 'held' | 'free' | 'ended';

interface Entry {
  readonly epoch: number;
  readonly owner: Owner;
  readonly phase: Phase;
  readonly record: ConversationRecord | undefined;
  readonly forgetAtMs: number;
}

/** Creates a memory of conversations that is lost with the process. */
export function createSharedConversations(
  options: SharedConversationsOptions,
  { clock }: { readonly clock: Pick<Clock, 'now'> },
): SharedConversations {
  const entries = new LRUCache<string, Entry>({
    max: options.maxConversations ?? DEFAULT_MAX_CONVERSATIONS,
  });
  /** By replica id: who is alive. */
  const alive = new Set<string>();

  const find = (key: string): Entry | undefined => {
    const entry = entries.get(key);
    if (entry === undefined || entry.forgetAtMs > clock.now()) return entry;
    entries.delete(key);
    return undefined;
  };
  const keep = (key: string, entry: Omit<Entry, 'forgetAtMs'>): void =>
    void entries.set(key, { ...entry, forgetAtMs: clock.now() + options.ttlMs });

  return {
    replica(owner) {
      const { replicaId } = owner;
      alive.add(replicaId);
      const assertOpen = (): void => {
        if (!alive.has(replicaId))
          throw new GatewayError('ERR_STORE_UNAVAILABLE', 'the conversation store is closed');
      };
      /** What is kept under the lease from now on; `false` when it is worth nothing. */
      const change = (
        { key, epoch }: Lease,
        phase: Phase,
        record: ConversationRecord | undefined,
      ): boolean => {
        assertOpen();
        const entry = find(key);
        if (entry !== undefined) {
          const isOurs = entry.owner.replicaId === replicaId;
          if (!isOurs && entry.epoch >= epoch) return false;
          if (isOurs && entry.epoch >= epoch && entry.phase === 'ended') return phase === 'ended';
        }
        if (phase === 'free' && record === undefined) entries.delete(key);
        else keep(key, { epoch: Math.max(epoch, entry?.epoch ?? 0), owner, phase, record });
        return true;
      };
      return {
        replicaId,
        async claim(key, { begins = false, dead } = {}) {
          assertOpen();
          const entry = find(key);
          if (entry?.phase === 'ended' && !begins) return { type: 'ended' };
          if (
            entry?.phase === 'held' &&
            entry.owner.replicaId !== replicaId &&
            entry.owner.replicaId !== dead?.replicaId &&
            alive.has(entry.owner.replicaId)
          )
            return { type: 'theirs', owner: entry.owner };
          const epoch = Math.max(clock.now(), (entry?.epoch ?? 0) + 1);
          const record = entry?.phase === 'ended' ? undefined : entry?.record;
          keep(key, { epoch, owner, phase: 'held', record });
          return { type: 'ours', lease: { key, epoch }, record };
        },
        save: async (lease, record) => change(lease, 'held', record),
        release: async (lease, record) => change(lease, 'free', record ?? find(lease.key)?.record),
        end: async (lease) => change(lease, 'ended', undefined),
        async beat() {
          assertOpen();
          return 'memory';
        },
        async close() {
          alive.delete(replicaId);
        },
      };
    },
  };
}
