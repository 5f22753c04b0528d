import { createHmac, randomBytes } from 'node:crypto';

/** Turns an identifier into a pseudonym: the same for the same identifier and key, and no way back. */
export type Pseudonymise = (identifier: string) => string;

/** Enough to tell apart all calls of a year. */
const LENGTH = 20;
const MAX_REMEMBERED = 20_000;

/**
 * Creates the pseudonyms of a process: HMAC-SHA-256 with `key`.
 *
 * @param key What replicas share, so that their logs can be joined; default: one that dies with the process.
 */
export function createPseudonyms(key: string | undefined): Pseudonymise {
  const secret = key ?? randomBytes(32);
  const remembered = new Map<string, string>();
  return (identifier) => {
    const known = remembered.get(identifier);
    if (known !== undefined) return known;
    const digest = createHmac('sha256', secret).update(identifier).digest('base64url');
    const pseudonym = `~${digest.slice(0, LENGTH)}`;
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(identifier, pseudonym);
    return pseudonym;
  };
}
