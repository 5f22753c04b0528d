import { ORGANISATION_CLAIM, SCHEMA_CLAIM, URL_CLAIM } from '../../src/auth/claims.ts';
import type { DataSource } from '../../src/auth/data-sources.ts';

/** What the gateway of the tests trusts, and what a token for it says. */
export const ISSUER = 'https://idbroker.webex.com/idb';
export const OTHER_ISSUER = 'https://idbroker-eu.webex.com/idb';
export const AUDIENCE = 'contact-centre-gateway';
export const SUBJECT = 'callers-of-the-shop';
export const DATA_SOURCE_URL = 'https://bots.shop.example:443/webex';
export const VOICE_SCHEMA = '5397013b-7920-4ffc-807c-e8a3e0a18f43';
export const FORKING_SCHEMA = '523e1b7f-4693-47bc-b84e-a7b7a505fb0b';
export const ORGANISATION = '1a1b1c1d-2222-4333-8444-5e5f5a5b5c5d';
export const TOKEN_ID = 'nonce-of-the-registration';
/** Where a fake clock starts. */
export const NOW_MS = 1_700_000_000_000;
export const NOW_SECONDS = NOW_MS / 1000;

/** The registered data source of the tests. */
export const VOICE_SOURCE: DataSource = {
  url: DATA_SOURCE_URL,
  schemaId: VOICE_SCHEMA,
  audience: AUDIENCE,
  subject: SUBJECT,
  organisations: new Set([ORGANISATION]),
};

/** The claims of a right token. */
export const CLAIMS = {
  iss: ISSUER,
  aud: AUDIENCE,
  sub: SUBJECT,
  jti: TOKEN_ID,
  iat: NOW_SECONDS - 60,
  exp: NOW_SECONDS + 3_540,
  [URL_CLAIM]: DATA_SOURCE_URL,
  [SCHEMA_CLAIM]: VOICE_SCHEMA,
  [ORGANISATION_CLAIM]: ORGANISATION,
} as const;

/** Members that replace or join those of a right token; `undefined` takes one out. */
export type Changes = Readonly<Record<string, unknown>>;

/** Encodes a part as a compact JWS has it. */
export function encode(part: string | Uint8Array): string {
  return Buffer.from(part).toString('base64url');
}

/** The JSON of the right claims with raw text behind the last member, such as `"iss":"again"`. */
export function claimsWith(rawMember: string): string {
  return `${JSON.stringify(CLAIMS).slice(0, -1)},${rawMember}}`;
}
