import type { JwksAnswer } from './fetch-jwks.ts';
import { parseJwks } from './parse-jwks.ts';
import { readBounded } from './read-bounded.ts';

/**
 * Reads a JWK set from a file, for a site that has no way out to the issuer.
 *
 * @param maxBytes A larger file is refused.
 * @returns Never a rejection; its `maxAgeMs` is 0, so that a file that was exchanged is noticed as soon as the bounds allow.
 */
export async function loadPinnedKeys(file: string, maxBytes: number): Promise<JwksAnswer> {
  try {
    const bytes = await readBounded(file, maxBytes);
    if (bytes === 'too-large') return { type: 'failed', reason: 'too-large' };
    if (bytes === 'writable') return { type: 'failed', reason: 'file' };
    const entries = parseJwks(bytes);
    if (entries === undefined) return { type: 'failed', reason: 'malformed' };
    return { type: 'keys', entries, maxAgeMs: 0 };
  } catch {
    return { type: 'failed', reason: 'file' };
  }
}
