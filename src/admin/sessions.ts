import { hash, randomBytes } from 'node:crypto';

import type { Clock } from '../core/clock.ts';

/** How long and how many. */
export interface SessionOptions {
  /** Most people signed in at once; the one who came first gives way. */
  readonly maxSessions: number;
  readonly ttlMs: number;
}

/** People who have shown the operators' token. */
export interface Sessions {
  /** Signs somebody in. @returns The secret that the browser keeps. */
  open(): string;
  has(secret: string): boolean;
  /** Signs out; nothing happens when it was not signed in. */
  end(secret: string): void;
}

const SECRET_BYTES = 32;

/** Creates an empty list of sessions; of each only the hash of its secret is held. */
export function createSessions(
  { maxSessions, ttlMs }: SessionOptions,
  clock: Pick<Clock, 'now'>,
): Sessions {
  /** Hash → when it is over, oldest first. */
  const sessions = new Map<string, number>();
  return {
    open() {
      for (const [known, untilMs] of sessions)
        if (untilMs <= clock.now() || sessions.size >= maxSessions) sessions.delete(known);
      const secret = randomBytes(SECRET_BYTES).toString('base64url');
      sessions.set(nameOf(secret), clock.now() + ttlMs);
      return secret;
    },
    has: (secret) => (sessions.get(nameOf(secret)) ?? 0) > clock.now(),
    end: (secret) => void sessions.delete(nameOf(secret)),
  };
}

function nameOf(secret: string): string {
  return hash('sha256', secret, 'base64url');
}
