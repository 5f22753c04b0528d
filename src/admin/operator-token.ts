import { hash, timingSafeEqual } from 'node:crypto';

const BEARER = /^bearer +(\S+)$/iu;

/** Tells whether what was given is the operators' token; how long that takes says nothing of it. */
export function createTokenCheck(token: string): (given: string) => boolean {
  const expected = digest(token);
  return (given) => timingSafeEqual(digest(given), expected);
}

/** Finds the token in an `authorization` header. */
export function bearerOf(header: string | undefined): string | undefined {
  return BEARER.exec(header ?? '')?.[1];
}

/** Digests have one length, so that comparing them tells nothing of the token, its length included. */
function digest(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}
