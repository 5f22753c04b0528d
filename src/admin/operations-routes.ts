import type { FastifyInstance, FastifyReply } from 'fastify';
import { hash } from 'node:crypto';

import type { Revocable, RevokedCredentials } from '../auth/data-sources.ts';
import type { Logger } from '../core/logger.ts';
import { logEvent } from '../telemetry/log-events.ts';
import { bearerOf, createTokenCheck } from './operator-token.ts';

/** What a revocation put an end to. */
export interface RevocationEffect {
  readonly conversations: number;
  readonly streams: number;
}

/** What is refused by hand, as the operator's routes change it. */
interface Revocations {
  /**
   * Refuses an organisation or a nonce from now on, and ends what is open for it.
   *
   * @throws {RangeError} When no more revocations are held.
   */
  revoke(what: Revocable): RevocationEffect | Promise<RevocationEffect>;
  /** Takes a revocation back; `false` when there was none. */
  restore(what: Revocable): boolean | Promise<boolean>;
  revoked(): RevokedCredentials;
}

/** What operators may do, and how they prove that they are operators. */
export interface Operations {
  /** The bearer token of the routes that change something. */
  readonly token: string;
  readonly revocations: Revocations;
}

/** Revocations live in this process: every replica is told, and a restart forgets them. The answers say so. */
const SCOPE = { scope: 'process' };
const BODY_ERROR = 'the body must be {"organizationId": UUID} or {"nonce": text}';
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iu;
const MAX_NONCE_LENGTH = 2_048;
const HASH_PREFIX_LENGTH = 12;

/**
 * Adds `/revocations`, behind a bearer token.
 *
 * `POST` with `{"organizationId": UUID}` or `{"nonce": text}` refuses an organisation, or the token with that `jti`, at its
 * next RPC and ends its open streams at once; `DELETE` with the same body takes that back; `GET` tells what is refused. A
 * nonce is never shown or logged, but the first characters of its SHA-256 in base64url.
 *
 * Revocations live in this process only: with several replicas each one is told, and what must outlive a restart is taken
 * out of the configuration or `trust.organizationsFile` as well.
 */
export function addOperationsRoutes(
  app: FastifyInstance,
  { token, revocations }: Operations,
  logger: Logger,
): void {
  const isToken = createTokenCheck(token);
  app.register((routes, _options, done) => {
    // Before the body is read.
    routes.addHook('onRequest', async (request, reply) => {
      const given = bearerOf(request.headers.authorization);
      if (given !== undefined && isToken(given)) return undefined;
      const status = given === undefined ? 401 : 403;
      logEvent(logger, 'admin.refused', { method: request.method, peer: request.ip, status });
      if (status === 401) reply.header('www-authenticate', 'Bearer');
      return fail(reply, status, status === 401 ? 'a bearer token is needed' : 'wrong token');
    });

    routes.get('/revocations', () => {
      const { organisations, tokenIds } = revocations.revoked();
      return {
        ...SCOPE,
        organizations: { count: organisations.length, ids: organisations },
        nonces: { count: tokenIds.length, hashes: tokenIds.map(hashPrefix) },
      };
    });

    routes.post('/revocations', async ({ body }, reply) => {
      const what = toRevocable(body);
      if (what === undefined) return fail(reply, 400, BODY_ERROR);
      try {
        const ended = await revocations.revoke(what);
        logEvent(logger, 'admin.revoked', { ...describe(what), ...ended });
        return { ...SCOPE, ended };
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        return fail(reply, 409, error.message);
      }
    });

    routes.delete('/revocations', async ({ body }, reply) => {
      const what = toRevocable(body);
      if (what === undefined) return fail(reply, 400, BODY_ERROR);
      if (!(await revocations.restore(what))) return fail(reply, 404, 'was not revoked');
      logEvent(logger, 'admin.restored', describe(what));
      return SCOPE;
    });
    done();
  });
}

/** Takes exactly one of the two keys, and nothing else. */
function toRevocable(body: unknown): Revocable | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const [[key, value] = [], ...others] = Object.entries(body);
  if (typeof value !== 'string' || others.length > 0) return undefined;
  if (key === 'organizationId' && UUID.test(value)) return { organisationId: value.toLowerCase() };
  if (key === 'nonce' && value !== '' && value.length <= MAX_NONCE_LENGTH)
    return { tokenId: value };
  return undefined;
}

function describe(what: Revocable): Readonly<Record<string, string>> {
  return 'tokenId' in what
    ? { nonceHash: hashPrefix(what.tokenId) }
    : { organisation: what.organisationId };
}

function hashPrefix(nonce: string): string {
  return hash('sha256', nonce, 'base64url').slice(0, HASH_PREFIX_LENGTH);
}

async function fail(reply: FastifyReply, status: number, error: string): Promise<FastifyReply> {
  return reply.code(status).send({ error });
}
