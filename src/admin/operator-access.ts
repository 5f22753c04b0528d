import type { FastifyReply, FastifyRequest } from 'fastify';

import type { Clock } from '../core/clock.ts';
import { bearerOf, createTokenCheck } from './operator-token.ts';
import { createSessions } from './sessions.ts';

/** Why somebody is not let in. */
export interface Refusal {
  readonly status: 401 | 403;
  readonly error: string;
}

/** Lets operators in who show the token, or the cookie that they got for it. */
export interface OperatorAccess {
  /** Says why a request is refused; `undefined`: it is not. */
  refusalOf(request: FastifyRequest): Refusal | undefined;
  /** Asks again, for an answer that stays open. */
  isWelcome(request: FastifyRequest): boolean;
  /** Signs a browser in and has it keep the cookie; or says why not. */
  signIn(request: FastifyRequest, reply: FastifyReply, token: string): Refusal | undefined;
  signOut(request: FastifyRequest, reply: FastifyReply): void;
}

/** A working day and some; then the token is asked for again. */
const SESSION_TTL_MS = 12 * 3_600_000;
const MAX_SESSIONS = 64;
const COOKIE = 'byova_session';
const COOKIE_VALUE = /(?:^|;\s*)byova_session=([\w-]{20,100})(?:;|$)/u;
const FOREIGN: Refusal = { status: 403, error: 'asked for by another site' };

/**
 * Creates the access of one admin port.
 *
 * The cookie alone is not enough: what a browser says of where a request comes from must not be another site, and must be
 * said where something is changed. `SameSite` does not tell ports apart, and operators forward many ports to one machine.
 *
 * @param path The cookie is for this path alone.
 */
export function createOperatorAccess(
  { token, path }: { readonly token: string; readonly path: string },
  clock: Pick<Clock, 'now'>,
): OperatorAccess {
  const isToken = createTokenCheck(token);
  const sessions = createSessions({ maxSessions: MAX_SESSIONS, ttlMs: SESSION_TTL_MS }, clock);
  const cookie = (request: FastifyRequest, value: string, maxAgeS: number): string => {
    // A proxy that speaks TLS says so; who lies about it only loses the cookie.
    const isTls = request.protocol === 'https' || request.headers['x-forwarded-proto'] === 'https';
    const secure = isTls ? '; Secure' : '';
    return `${COOKIE}=${value}; Path=${path}; HttpOnly; SameSite=Strict; Max-Age=${maxAgeS}${secure}`;
  };
  const refusalOf = (request: FastifyRequest): Refusal | undefined => {
    const { authorization } = request.headers;
    if (authorization !== undefined) {
      const given = bearerOf(authorization);
      if (given === undefined) return { status: 401, error: 'a bearer token is needed' };
      return isToken(given) ? undefined : { status: 403, error: 'wrong token' };
    }
    const secret = secretOf(request);
    if (secret === undefined || !sessions.has(secret))
      return { status: 401, error: 'sign in, or show a bearer token' };
    return isOwnSite(request) ? undefined : FOREIGN;
  };
  return {
    refusalOf,
    isWelcome: (request) => refusalOf(request) === undefined,
    signIn(request, reply, given) {
      if (!isOwnSite(request)) return FOREIGN;
      if (!isToken(given)) return { status: 403, error: 'wrong token' };
      reply.header('set-cookie', cookie(request, sessions.open(), SESSION_TTL_MS / 1_000));
      return undefined;
    },
    signOut(request, reply) {
      const secret = secretOf(request);
      if (secret !== undefined) sessions.end(secret);
      reply.header('set-cookie', cookie(request, '', 0));
    },
  };
}

function secretOf({ headers }: FastifyRequest): string | undefined {
  return COOKIE_VALUE.exec(headers.cookie ?? '')?.[1];
}

/** Whether the browser says that our own page asks. Where it may say nothing, only reading is allowed. */
function isOwnSite({ headers, method }: FastifyRequest): boolean {
  const isReading = method === 'GET' || method === 'HEAD';
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' || (isReading && site === 'none');
  const { origin, host } = headers;
  if (origin === undefined) return isReading;
  return URL.canParse(origin) && new URL(origin).host === host;
}
