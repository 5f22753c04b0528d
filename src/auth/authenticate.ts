import { hash } from 'node:crypto';

import { compactVerify } from 'jose';
import { LRUCache } from 'lru-cache';

import type { Principal } from '../conversation/principal.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError, isGatewayError } from '../core/gateway-error.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { type Claims, checkClaims } from './claims.ts';
import type { DataSource, DataSources } from './data-sources.ts';
import { extractToken } from './extract-token.ts';
import type { KeySource, VerificationKey } from './key-source.ts';
import { refusal } from './refusal.ts';
import type { ReplayGuard, TokenGeneration } from './replay-guard.ts';
import { checkTokenHeader } from './token-header.ts';
import { decodeTokenParts } from './token-parts.ts';

/** What a credential is held against. */
export interface AuthenticatorOptions {
  /** Issuers whose tokens are accepted, character for character. */
  readonly issuers: readonly string[];
  readonly clockSkewMs: number;
  /** Largest `authorization` header, in bytes. Default 8 KiB. */
  readonly maxHeaderBytes?: number;
  /** Most verified tokens remembered; each is one data source of one organisation. Default 10,000. */
  readonly maxRemembered?: number;
}

/** What the authenticator works with. */
export interface AuthenticatorDeps {
  readonly clock: Pick<Clock, 'now'>;
  readonly keys: KeySource;
  readonly dataSources: DataSources;
  readonly replay: ReplayGuard;
  readonly metrics: Pick<Metrics, 'authentications' | 'tokenCacheHits'>;
}

/** Turns a header value into a {@link Principal}: the only door. */
export interface Authenticator {
  /**
   * Authenticates one RPC. Synchronous when the token was verified before, which is the rule: Webex sends the same JWS with
   * every RPC until its data source is renewed.
   *
   * @param header Value of the `authorization` metadata.
   * @param schemaId UUID of the data-exchange schema of the service that is called.
   * @throws {GatewayError} One of the `ERR_AUTH_` codes; thrown, or as a rejection. Its `detail` is for the operator.
   */
  authenticate(header: string | undefined, schemaId: string): Principal | Promise<Principal>;
  /** Whether a principal that was let in would be let in now; for streams that stay open. */
  isStillWelcome(principal: Principal): boolean;
  /** How many verified tokens are remembered. */
  readonly remembered: () => number;
}

interface Remembered {
  readonly principal: Principal;
  readonly generation: TokenGeneration;
  readonly key: VerificationKey;
}

const DEFAULT_MAX_HEADER_BYTES = 8_192;
const DEFAULT_MAX_REMEMBERED = 10_000;
const HASH_PREFIX_LENGTH = 12;
/** Most verifications that later calls can join; beyond it they are not shared, only made. */
const MAX_SHARED_VERIFICATIONS = 1_000;

/** Creates the authenticator: protocol.md section 3.5, in its order. */
export function createAuthenticator(
  options: AuthenticatorOptions,
  deps: AuthenticatorDeps,
): Authenticator {
  const { clock, keys, dataSources, replay, metrics } = deps;
  const issuers = new Set(options.issuers);
  const maxHeaderBytes = options.maxHeaderBytes ?? DEFAULT_MAX_HEADER_BYTES;
  // Only verified tokens get in, so a stranger cannot fill it.
  const remembered = new LRUCache<string, Remembered>({
    max: options.maxRemembered ?? DEFAULT_MAX_REMEMBERED,
  });

  const verify = async (
    token: string,
    tokenHash: string,
    schemaId: string,
  ): Promise<Remembered> => {
    const { header, payload } = decodeTokenParts(token);
    const keyId = checkTokenHeader(header);
    const issuer = payload['iss'];
    // Before anything is fetched: a token must not choose where this process connects to (RFC 8725 section 3.10).
    if (typeof issuer !== 'string' || !issuers.has(issuer))
      throw refusal('ERR_AUTH_ISSUER', 'the issuer is not trusted', {
        claim: 'iss',
        expected: options.issuers,
        actual: typeof issuer === 'string' ? issuer : typeof issuer,
      });
    const key = await keys.find(issuer, keyId);
    try {
      await compactVerify(token, key.key, { algorithms: ['RS256'] });
    } catch {
      throw refusal('ERR_AUTH_SIGNATURE', 'the signature is wrong');
    }
    const claims = checkClaims(payload, clock.now(), options.clockSkewMs);
    const { url, audience, subject } = matchSource(claims, schemaId);
    const { organisationId, tokenId, issuedAtMs, expiresAtMs } = claims;
    return {
      key,
      principal: {
        organisationId,
        issuer,
        audience,
        subject,
        dataSourceUrl: url,
        schemaId,
        tokenId,
        expiresAtMs,
      },
      generation: {
        identity: JSON.stringify([issuer, organisationId, url, schemaId, audience, subject]),
        tokenId,
        tokenHash,
        issuedAtMs,
        expiresAtMs,
      },
    };
  };

  const matchSource = (claims: Claims, schemaId: string): DataSource => {
    try {
      return dataSources.match(claims, schemaId);
    } catch (error) {
      throw withDetail(error, toStory(claims));
    }
  };

  /** The replay guard's word on one use; synchronous when the guard is, and then without a closure. */
  const admit = ({ generation, principal }: Remembered): Promise<void> | undefined => {
    try {
      const pending = replay.admit(generation);
      return pending?.catch((error: unknown) => {
        throw withDetail(error, toStory(principal));
      });
    } catch (error) {
      throw withDetail(error, toStory(principal));
    }
  };

  // Calls that begin together, with a token that is new here, share one verification.
  const running = new LRUCache<string, Promise<Remembered>>({ max: MAX_SHARED_VERIFICATIONS });

  const verifyOnce = (token: string, tokenHash: string, schemaId: string): Promise<Remembered> => {
    const id = `${schemaId} ${tokenHash}`;
    const joined = running.get(id);
    if (joined !== undefined) return joined;
    const started = verify(token, tokenHash, schemaId).finally(() => running.delete(id));
    running.set(id, started);
    return started;
  };

  const admitNew = async (
    token: string,
    tokenHash: string,
    schemaId: string,
  ): Promise<Principal> => {
    try {
      const verified = await verifyOnce(token, tokenHash, schemaId);
      await admit(verified);
      // A store may take its time, and a sweep of the open streams does not see one that is about to open.
      if (!dataSources.isWelcome(verified.principal))
        throw refusal('ERR_AUTH_REVOKED', 'the credential was revoked');
      remembered.set(tokenHash, verified);
      return accept(verified);
    } catch (error) {
      throw count(withHash(error, tokenHash));
    }
  };

  const accept = ({ principal }: Remembered): Principal => {
    metrics.authentications.inc({ result: 'ok' });
    return principal;
  };

  const admitLater = async (known: Remembered, pending: Promise<void>): Promise<Principal> => {
    try {
      await pending;
    } catch (error) {
      throw count(withHash(error, known.generation.tokenHash));
    }
    return accept(known);
  };

  const admitKnown = (known: Remembered): Principal | Promise<Principal> => {
    metrics.tokenCacheHits.inc();
    const pending = admit(known);
    return pending === undefined ? accept(known) : admitLater(known, pending);
  };

  const isUsable = ({ principal, key }: Remembered, schemaId: string): boolean =>
    principal.schemaId === schemaId &&
    clock.now() < principal.expiresAtMs + options.clockSkewMs &&
    key.isTrusted() &&
    dataSources.isWelcome(principal);

  const count = (error: unknown): unknown => {
    metrics.authentications.inc({ result: isGatewayError(error) ? error.code : 'error' });
    return error;
  };

  /** Of the RPC before: most bring what it brought, and comparing costs a tenth of hashing. */
  let lastHeader: string | undefined;
  let last: Remembered | undefined;

  return {
    authenticate(header, schemaId) {
      let tokenHash: string | undefined;
      try {
        if (last !== undefined && header === lastHeader) {
          tokenHash = last.generation.tokenHash;
          if (isUsable(last, schemaId)) return admitKnown(last);
        }
        const token = extractToken(header, maxHeaderBytes);
        tokenHash = hash('sha256', token, 'base64url');
        const known = remembered.get(tokenHash);
        if (known === undefined || !isUsable(known, schemaId))
          return admitNew(token, tokenHash, schemaId);
        lastHeader = header;
        last = known;
        return admitKnown(known);
      } catch (error) {
        throw count(withHash(error, tokenHash));
      }
    },
    isStillWelcome: (principal) => dataSources.isWelcome(principal),
    remembered: () => remembered.size,
  };
}

/** Adds the first characters of the token's hash, by which an operator finds it again, to what is logged. */
function withHash(error: unknown, tokenHash: string | undefined): unknown {
  return tokenHash === undefined
    ? error
    : withDetail(error, { tokenHash: tokenHash.slice(0, HASH_PREFIX_LENGTH) });
}

/** Adds to what an operator reads of a refusal. */
function withDetail(error: unknown, detail: Readonly<Record<string, unknown>>): unknown {
  if (!isGatewayError(error)) return error;
  return new GatewayError(error.code, error.message, {
    cause: error.cause,
    detail: { ...detail, ...error.detail },
  });
}

/** Whose token it was; only of one whose signature is right. */
function toStory(token: Pick<Principal, 'issuer' | 'organisationId' | 'schemaId'>) {
  return { issuer: token.issuer, organisation: token.organisationId, schema: token.schemaId };
}
