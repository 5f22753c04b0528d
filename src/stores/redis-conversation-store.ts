import type { Result } from 'ioredis';

import type { Claim, ConversationStore, Lease, Owner } from '../conversation/conversation-store.ts';
import { BEAT_SCRIPT, CLAIM_SCRIPT, KEEP_SCRIPT } from './conversation-scripts.ts';
import { type RedisOptions, askVia, digest, startRedis } from './redis.ts';

/** Options of {@link createRedisConversationStore}. */
export interface RedisConversationOptions extends RedisOptions {
  /** How long a conversation is remembered that nobody touches, in milliseconds. */
  readonly ttlMs: number;
  /** How long a replica counts as alive after a heartbeat, in milliseconds; default 3,000. */
  readonly heartbeatTtlMs?: number;
  /** How long a Redis that has lost its memory is not relied on, in milliseconds; default 2,500. */
  readonly youngMs?: number;
}

/** Longer than for a token: a caller rather waits than hears the bot begin anew because Redis was slow once. */
const DEFAULT_COMMAND_TIMEOUT_MS = 1_000;
/** Two heartbeats of a second may be lost. */
const DEFAULT_HEARTBEAT_TTL_MS = 3_000;
/** A replica connects again within a second, shows that it is alive within another, and then tells what it knows. */
const DEFAULT_YOUNG_MS = 2_500;

/**
 * Creates one replica's view of the conversations that replicas share in Redis.
 *
 * Keys are `<prefix>conversation:{<hash>}`, a hash of epoch, owner, phase and record, and `<prefix>replica:<id>`, the
 * heartbeat of a replica, which holds its address. Each question is one round trip, and all keys expire by themselves.
 */
export function createRedisConversationStore(
  options: RedisConversationOptions,
  self: { readonly replicaId: string; readonly address: () => string },
): ConversationStore {
  const { replicaId } = self;
  const { ttlMs, heartbeatTtlMs = DEFAULT_HEARTBEAT_TTL_MS, youngMs = DEFAULT_YOUNG_MS } = options;
  const connection = startRedis({
    ...options,
    commandTimeoutMs: options.commandTimeoutMs ?? DEFAULT_COMMAND_TIMEOUT_MS,
  });
  const { client, keyPrefix } = connection;
  client.defineCommand('claimConversation', { numberOfKeys: 1, lua: CLAIM_SCRIPT });
  client.defineCommand('beatReplica', { numberOfKeys: 2, lua: BEAT_SCRIPT });
  client.defineCommand('keepConversation', { numberOfKeys: 1, lua: KEEP_SCRIPT });
  const heartbeats = `${keyPrefix}replica:`;
  const since = `${keyPrefix}conversations-since`;
  const keyOf = (key: string): string => `${keyPrefix}conversation:{${digest(key)}}`;
  const ask = askVia(
    connection,
    'ERR_STORE_UNAVAILABLE',
    'the conversation store in Redis did not answer',
  );
  const keep = (
    { key, epoch }: Lease,
    phase: 'held' | 'free' | 'ended',
    record?: string,
  ): Promise<boolean> =>
    ask(async () => {
      const hasRecord = record === undefined ? '' : '1';
      const done = await client.keepConversation(
        keyOf(key),
        replicaId,
        epoch,
        phase,
        hasRecord,
        record ?? '',
        ttlMs,
      );
      return done === 1;
    });

  return {
    replicaId,
    claim: (key, { begins = false, dead } = {}) =>
      ask(async () => {
        const answer = await client.claimConversation(
          keyOf(key),
          replicaId,
          heartbeats,
          dead?.replicaId ?? '',
          begins ? '1' : '',
          ttlMs,
          since,
          youngMs,
        );
        return toClaim(key, answer);
      }),
    save: (lease, record) => keep(lease, 'held', record),
    release: (lease, record) => keep(lease, 'free', record),
    end: (lease) => keep(lease, 'ended'),
    beat: () =>
      ask(() => client.beatReplica(heartbeats + replicaId, since, self.address(), heartbeatTtlMs)),
    async close() {
      try {
        await client.del(heartbeats + replicaId);
      } catch {
        // It expires.
      }
      await connection.close();
    },
  };
}

type ClaimReply =
  | readonly ['ended' | 'unsure']
  | readonly ['theirs', replicaId: string, address: string]
  | readonly ['ours', epoch: string, record?: string];

declare module 'ioredis' {
  interface RedisCommander<Context> {
    claimConversation(
      key: string,
      replicaId: string,
      heartbeats: string,
      dead: string,
      begins: '1' | '',
      ttlMs: number,
      since: string,
      youngMs: number,
    ): Result<ClaimReply, Context>;
    beatReplica(
      key: string,
      since: string,
      address: string,
      heartbeatTtlMs: number,
    ): Result<string, Context>;
    keepConversation(
      key: string,
      replicaId: string,
      epoch: number,
      phase: 'held' | 'free' | 'ended',
      hasRecord: '1' | '',
      record: string,
      ttlMs: number,
    ): Result<0 | 1, Context>;
  }
}

/** What our own script answered: its shape needs no proof, as whoever can write there decides anyway. */
function toClaim(key: string, reply: ClaimReply): Claim {
  switch (reply[0]) {
    case 'ended':
    case 'unsure':
      return { type: reply[0] };
    case 'theirs': {
      const owner: Owner = { replicaId: reply[1], address: reply[2] };
      return { type: 'theirs', owner };
    }
    case 'ours':
      return { type: 'ours', lease: { key, epoch: Number(reply[1]) }, record: reply[2] };
    default:
      return reply satisfies never;
  }
}
