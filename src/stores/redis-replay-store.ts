import type { Result } from 'ioredis';

import type { TokenGeneration } from '../auth/replay-guard.ts';
import type {
  GenerationRecord,
  ReplayStore,
  RotationAnswer,
  RotationDecision,
} from '../auth/replay-store.ts';
import { EXPIRY_MARGIN_MS, MAX_TOKEN_IDS } from '../auth/rotate-generation.ts';
import { type RedisOptions, askVia, digest, startRedis } from './redis.ts';
import { ROTATE_GENERATION_SCRIPT } from './rotate-generation-script.ts';

/** Greatest expiry that is kept, in milliseconds since the epoch: Lua writes numbers to JSON with 14 digits. */
const MAX_TIME_MS = 90_000_000_000_000;

/**
 * Creates the replay memory that replicas share.
 *
 * Keys are `<prefix>replay:{<hash of the identity>}`, and with `:<hash of the id>` behind it for single use: the part in
 * braces keeps an identity on one node of a cluster. Each expires by itself when the last token it speaks of has. Redis must
 * run with `maxmemory-policy noeviction`, or it forgets without saying so; persistence is not needed, as a store that has
 * lost its memory is taught by those who ask (see {@link ReplayStore}).
 */
export function createRedisReplayStore(options: RedisOptions): ReplayStore {
  const connection = startRedis(options);
  const { client, keyPrefix } = connection;
  client.defineCommand('rotateGeneration', { numberOfKeys: 1, lua: ROTATE_GENERATION_SCRIPT });
  const keyOf = (identity: string): string => `${keyPrefix}replay:{${digest(identity)}}`;
  const ask = askVia(
    connection,
    'ERR_AUTH_REPLAY_STORE_UNAVAILABLE',
    'the replay store in Redis did not answer',
  );

  return {
    rotate: (generation, { nowMs, overlapMs, known }) =>
      ask(async () => {
        const answer = await client.rotateGeneration(
          keyOf(generation.identity),
          JSON.stringify(toStored(generation)),
          known === undefined ? '' : JSON.stringify(known),
          nowMs,
          overlapMs ?? '',
          EXPIRY_MARGIN_MS,
          MAX_TOKEN_IDS,
        );
        return toAnswer(answer);
      }),
    useOnce: ({ identity, tokenId, expiresAtMs }, nowMs) =>
      ask(async () => {
        const key = `${keyOf(identity)}:${digest(tokenId)}`;
        const lifeMs = toTime(expiresAtMs) + EXPIRY_MARGIN_MS - nowMs;
        const isNew = await client.set(key, '1', 'PX', Math.max(1, Math.ceil(lifeMs)), 'NX');
        return { decision: isNew === 'OK' ? 'first-use' : 'token-id-reused', forgotten: 0 };
      }),
    // A full or read-only Redis answers a ping, and decides nothing.
    check: () => ask(async () => void (await client.set(`${keyPrefix}replay:check`, '1', 'PX', 1))),
    close: () => connection.close(),
  };
}

type RotateGenerationReply = readonly [decision: string, recordJson: string, forgotten: number];

declare module 'ioredis' {
  interface RedisCommander<Context> {
    rotateGeneration(
      key: string,
      generationJson: string,
      knownJson: string,
      nowMs: number,
      overlapMs: number | '',
      marginMs: number,
      maxTokenIds: number,
    ): Result<RotateGenerationReply, Context>;
  }
}

function toStored({ tokenId, tokenHash, issuedAtMs, expiresAtMs }: TokenGeneration) {
  return {
    tokenId,
    tokenHash,
    issuedAtMs: toTime(issuedAtMs),
    expiresAtMs: toTime(expiresAtMs),
  };
}

/** What our own script wrote: its shape needs no proof, as whoever can write there decides anyway. */
function toAnswer([decision, recordJson, forgotten]: RotateGenerationReply): RotationAnswer {
  const record = JSON.parse(recordJson) as GenerationRecord;
  // Lua writes an empty list as an object.
  const tokenIds = Array.isArray(record.tokenIds) ? record.tokenIds : [];
  return { decision: decision as RotationDecision, record: { ...record, tokenIds }, forgotten };
}

function toTime(timeMs: number): number {
  return Math.max(0, Math.min(Math.trunc(timeMs), MAX_TIME_MS));
}
