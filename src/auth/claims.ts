import { refusal } from './refusal.ts';
import type { TokenObject } from './token-parts.ts';

/** The claims of a token, of the right types; whether they are the right ones is decided elsewhere. */
export interface Claims {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly subject: string;
  readonly tokenId: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  readonly dataSourceUrl: string;
  /** In lower case. */
  readonly schemaId: string;
  /** In lower case. */
  readonly organisationId: string;
}

/** Names of Webex's own claims (protocol.md section 3.2). */
export const URL_CLAIM = 'com.cisco.datasource.url';
export const SCHEMA_CLAIM = 'com.cisco.datasource.schema.uuid';
export const ORGANISATION_CLAIM = 'com.cisco.org.uuid';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/iu;
const MAX_AUDIENCES = 16;
const MAX_TEXT_LENGTH = 2_048;
/** Year 9999; a larger number is not a date. */
const MAX_SECONDS = 253_402_300_799;

/**
 * Checks the times of a verified token and the types of all its claims, in the order of protocol.md section 3.5.
 *
 * @throws {GatewayError} `ERR_AUTH_TOKEN_TYPE`, `ERR_AUTH_EXPIRED`, `ERR_AUTH_NOT_YET_VALID`, `ERR_AUTH_AUDIENCE`,
 *   `ERR_AUTH_SUBJECT`, `ERR_AUTH_URL`, `ERR_AUTH_SCHEMA`, `ERR_AUTH_TOKEN_ID`, `ERR_AUTH_MALFORMED`.
 */
export function checkClaims(payload: TokenObject, nowMs: number, clockSkewMs: number): Claims {
  // A token with a type is an OAuth token that went astray.
  if (payload['token_type'] !== undefined)
    throw refusal('ERR_AUTH_TOKEN_TYPE', 'an OAuth token is no data-source token');
  const expiresAtMs = toTimeMs(payload, 'exp');
  if (nowMs >= expiresAtMs + clockSkewMs)
    throw refusal('ERR_AUTH_EXPIRED', 'the credential has expired', { claim: 'exp' });
  const issuedAtMs = toTimeMs(payload, 'iat');
  const notBeforeMs = payload['nbf'] === undefined ? issuedAtMs : toTimeMs(payload, 'nbf');
  for (const [claim, timeMs] of [['iat', issuedAtMs] as const, ['nbf', notBeforeMs] as const])
    if (timeMs > nowMs + clockSkewMs)
      throw refusal('ERR_AUTH_NOT_YET_VALID', 'the credential is not valid yet', { claim });
  const audiences = toAudiences(payload['aud']);
  const subject = toText(payload['sub']);
  const dataSourceUrl = toText(payload[URL_CLAIM]);
  const schemaId = toUuid(payload[SCHEMA_CLAIM]);
  const organisationId = toUuid(payload[ORGANISATION_CLAIM]);
  const tokenId = toText(payload['jti']);
  if (audiences === undefined) throw missing('ERR_AUTH_AUDIENCE', 'aud');
  if (subject === undefined) throw missing('ERR_AUTH_SUBJECT', 'sub');
  if (dataSourceUrl === undefined) throw missing('ERR_AUTH_URL', URL_CLAIM);
  if (schemaId === undefined) throw missing('ERR_AUTH_SCHEMA', SCHEMA_CLAIM);
  if (organisationId === undefined) throw missing('ERR_AUTH_MALFORMED', ORGANISATION_CLAIM);
  if (tokenId === undefined) throw missing('ERR_AUTH_TOKEN_ID', 'jti');
  return {
    // Checked before a key was looked for.
    issuer: String(payload['iss']),
    audiences,
    subject,
    tokenId,
    issuedAtMs,
    expiresAtMs,
    dataSourceUrl,
    schemaId,
    organisationId,
  };
}

function toTimeMs(payload: TokenObject, claim: 'exp' | 'iat' | 'nbf'): number {
  const value = payload[claim];
  if (typeof value !== 'number' || !(value >= 0 && value <= MAX_SECONDS))
    throw missing('ERR_AUTH_MALFORMED', claim);
  return value * 1000;
}

function toText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= MAX_TEXT_LENGTH
    ? value
    : undefined;
}

function toUuid(value: unknown): string | undefined {
  return typeof value === 'string' && UUID.test(value) ? value.toLowerCase() : undefined;
}

function toAudiences(value: unknown): readonly string[] | undefined {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const audiences = list.map(toText).filter((audience) => audience !== undefined);
  return audiences.length === list.length && list.length > 0 && list.length <= MAX_AUDIENCES
    ? audiences
    : undefined;
}

function missing(code: Parameters<typeof refusal>[0], claim: string): Error {
  return refusal(code, `${claim} is missing or malformed`, { claim });
}
