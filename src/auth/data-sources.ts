import type { Principal } from '../conversation/principal.ts';
import { type Claims, ORGANISATION_CLAIM, SCHEMA_CLAIM, URL_CLAIM } from './claims.ts';
import { refusal } from './refusal.ts';

/** One registered data source: what a token for this gateway must say. */
export interface DataSource {
  /** Character for character. */
  readonly url: string;
  /** UUID, in lower case. */
  readonly schemaId: string;
  readonly audience: string;
  readonly subject: string;
  /** UUIDs in lower case, or every organisation. */
  readonly organisations: 'any' | ReadonlySet<string>;
}

/** What can be refused by hand: an organisation, or the token that carries a `jti`. */
export type Revocable = { readonly organisationId: string } | { readonly tokenId: string };

/** What was refused by hand. */
export interface RevokedCredentials {
  readonly organisations: readonly string[];
  /** Secret: never shown or logged. */
  readonly tokenIds: readonly string[];
}

/** Most organisations and nonces that can be revoked by hand; beyond it, take them out of the configuration. */
const MAX_REVOKED = 10_000;

/** The data sources of this gateway, who may use them, and what was revoked since. */
export interface DataSources {
  /**
   * Finds the data source that the claims are for, and checks that the organisation may use it.
   *
   * @param schemaId UUID of the schema of the service that was called.
   * @throws {GatewayError} `ERR_AUTH_AUDIENCE`, `ERR_AUTH_SUBJECT`, `ERR_AUTH_URL`, `ERR_AUTH_SCHEMA`,
   *   `ERR_AUTH_ORGANISATION`, `ERR_AUTH_REVOKED`; the first that no data source satisfies, in this order.
   */
  match(claims: Claims, schemaId: string): DataSource;
  /** Whether a principal that was let in would be let in now. */
  isWelcome(principal: Principal): boolean;
  /** Whether any token of the organisation could be let in now. */
  isOpenTo(organisationId: string): boolean;
  /** Takes over a new list. */
  replace(sources: readonly DataSource[]): void;
  /** From now on lets in only these, UUIDs in lower case, and of them only whom a data source serves; `undefined`: whom one serves. */
  setKnownOrganisations(known: ReadonlySet<string> | undefined): void;
  /**
   * Refuses an organisation or a nonce until it is restored or the process ends. Other processes do not hear of it.
   *
   * @throws {RangeError} When 10,000 others are revoked.
   */
  revoke(what: Revocable): void;
  /** Takes a revocation back; `false` when there was none. */
  restore(what: Revocable): boolean;
  revoked(): RevokedCredentials;
}

/** Creates the register. */
export function createDataSources(initial: readonly DataSource[]): DataSources {
  let sources = initial;
  let known: ReadonlySet<string> | undefined;
  const organisations = new Set<string>();
  const tokenIds = new Set<string>();
  const isKnown = (organisationId: string): boolean => known?.has(organisationId) ?? true;
  /** Where a revocation is kept, and under which name. */
  const placeOf = (what: Revocable): readonly [Set<string>, string] =>
    'tokenId' in what
      ? [tokenIds, what.tokenId]
      : [organisations, what.organisationId.toLowerCase()];
  return {
    match(claims, schemaId) {
      const source = narrow(sources, claims, schemaId, isKnown);
      if (organisations.has(claims.organisationId) || tokenIds.has(claims.tokenId))
        throw refusal('ERR_AUTH_REVOKED', 'the credential was revoked');
      return source;
    },
    isWelcome: (principal) =>
      !organisations.has(principal.organisationId) &&
      !tokenIds.has(principal.tokenId) &&
      isKnown(principal.organisationId) &&
      sources.some(
        (source) =>
          source.url === principal.dataSourceUrl &&
          source.schemaId === principal.schemaId &&
          source.audience === principal.audience &&
          source.subject === principal.subject &&
          serves(source, principal.organisationId),
      ),
    isOpenTo: (organisationId) =>
      !organisations.has(organisationId) &&
      isKnown(organisationId) &&
      sources.some((source) => serves(source, organisationId)),
    replace(changed) {
      sources = changed;
    },
    setKnownOrganisations(changed) {
      known = changed;
    },
    revoke(what) {
      const [place, name] = placeOf(what);
      if (organisations.size + tokenIds.size >= MAX_REVOKED && !place.has(name))
        throw new RangeError('too many revocations');
      place.add(name);
    },
    restore(what) {
      const [place, name] = placeOf(what);
      return place.delete(name);
    },
    revoked: () => ({ organisations: [...organisations], tokenIds: [...tokenIds] }),
  };
}

/** Each claim leaves fewer candidates; the first that leaves none is the one that differed. */
function narrow(
  all: readonly DataSource[],
  claims: Claims,
  schemaId: string,
  isKnown: (organisationId: string) => boolean,
): DataSource {
  const byAudience = all.filter(({ audience }) => claims.audiences.includes(audience));
  if (byAudience.length === 0)
    throw refusal('ERR_AUTH_AUDIENCE', 'the audience is not this gateway', {
      claim: 'aud',
      expected: unique(all.map(({ audience }) => audience)),
      actual: claims.audiences.join(' '),
    });
  const bySubject = byAudience.filter(({ subject }) => subject === claims.subject);
  if (bySubject.length === 0)
    throw refusal('ERR_AUTH_SUBJECT', 'the subject is not the registered one', { claim: 'sub' });
  const byUrl = bySubject.filter(({ url }) => url === claims.dataSourceUrl);
  if (byUrl.length === 0)
    throw refusal('ERR_AUTH_URL', 'the data-source URL is not the registered one', {
      claim: URL_CLAIM,
      expected: unique(bySubject.map(({ url }) => url)),
      actual: claims.dataSourceUrl,
    });
  const bySchema = byUrl.filter((source) => source.schemaId === claims.schemaId);
  if (bySchema.length === 0 || claims.schemaId !== schemaId)
    throw refusal('ERR_AUTH_SCHEMA', 'the schema is not that of the service', {
      claim: SCHEMA_CLAIM,
      expected:
        claims.schemaId === schemaId ? unique(byUrl.map((source) => source.schemaId)) : schemaId,
      actual: claims.schemaId,
    });
  const source = isKnown(claims.organisationId)
    ? bySchema.find((candidate) => serves(candidate, claims.organisationId))
    : undefined;
  if (source === undefined)
    throw refusal('ERR_AUTH_ORGANISATION', 'the organisation is not known here', {
      claim: ORGANISATION_CLAIM,
      actual: claims.organisationId,
    });
  return source;
}

function serves({ organisations }: DataSource, organisationId: string): boolean {
  return organisations === 'any' || organisations.has(organisationId);
}

function unique(values: readonly string[]): readonly string[] {
  return [...new Set(values)];
}
