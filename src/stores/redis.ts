import { hash } from 'node:crypto';

import { Redis } from 'ioredis';

import { type ErrorCode, GatewayError } from '../core/gateway-error.ts';

/** Where Redis is. */
export interface RedisOptions {
  /** `redis://` or `rediss://` (TLS), with user, password and database number as the URL has them. */
  readonly url: string;
  /** Put before every key; default `byova:`. */
  readonly keyPrefix?: string | undefined;
  /** How long a question may take, in milliseconds, at least 1; default 250. */
  readonly commandTimeoutMs?: number | undefined;
}

/** A connection that mends itself. */
export interface RedisConnection {
  readonly client: Redis;
  readonly keyPrefix: string;
  /** Settles when the first attempt to connect has succeeded or failed; never rejects. */
  readonly firstAttempt: Promise<void>;
  /** Disconnects at once; what is asked afterwards fails. Idempotent. */
  close(): Promise<void>;
}

/** Asks Redis, once the first attempt to connect is over; fails with the error that was named. */
export type AskRedis = <A>(question: () => Promise<A>) => Promise<A>;

const DEFAULT_KEY_PREFIX = 'byova:';
/** A caller waits for it at worst once; a healthy Redis answers in one. */
const DEFAULT_COMMAND_TIMEOUT_MS = 250;
const CONNECT_TIMEOUT_MS = 1000;
const MAX_RECONNECT_DELAY_MS = 1000;

/**
 * Starts a connection to Redis. Questions that are asked in one turn of the event loop travel together.
 *
 * A question never waits for a connection: while there is none it fails at once, and it is not sent again when it was lost,
 * because what it decides may have changed. Reconnecting goes on for ever, at most a second apart.
 */
export function startRedis(options: RedisOptions): RedisConnection {
  const client = new Redis(options.url, {
    lazyConnect: true,
    enableAutoPipelining: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: options.commandTimeoutMs ?? DEFAULT_COMMAND_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: (attempt) => Math.min(25 * 2 ** Math.min(attempt, 10), MAX_RECONNECT_DELAY_MS),
  });
  // Without a listener it would write to the console; whoever asks a question hears of the failure.
  client.on('error', () => undefined);
  const connect = async (): Promise<void> => {
    try {
      await client.connect();
    } catch {
      // Reconnecting has begun.
    }
  };
  return {
    client,
    keyPrefix: options.keyPrefix ?? DEFAULT_KEY_PREFIX,
    firstAttempt: connect(),
    close() {
      client.disconnect();
      return Promise.resolve();
    },
  };
}

/** Makes the one way in which a store asks its Redis. @param code And `message`: how a question fails. */
export function askVia(connection: RedisConnection, code: ErrorCode, message: string): AskRedis {
  return async (question) => {
    await connection.firstAttempt;
    try {
      return await question();
    } catch (cause) {
      throw new GatewayError(code, message, { cause });
    }
  };
}

/** What stands in a key for something that is nobody's business who looks at keys. */
export function digest(text: string): string {
  return hash('sha256', text, 'base64url');
}
