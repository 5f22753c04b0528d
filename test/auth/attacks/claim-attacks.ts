import { ORGANISATION_CLAIM, SCHEMA_CLAIM, URL_CLAIM } from '../../../src/auth/claims.ts';
import type { ErrorCode } from '../../../src/core/gateway-error.ts';
import {
  CLAIMS,
  DATA_SOURCE_URL,
  FORKING_SCHEMA,
  ISSUER,
  NOW_SECONDS,
  ORGANISATION,
  SUBJECT,
  VOICE_SCHEMA,
  claimsWith,
} from '../../support/claims.ts';
import { mint } from '../../support/tokens.ts';
import type { Attack } from './attack.ts';

/** The claims that must be there, and the reason of a token in which one is not what it should be. */
const REASONS = {
  iss: 'ERR_AUTH_ISSUER',
  aud: 'ERR_AUTH_AUDIENCE',
  sub: 'ERR_AUTH_SUBJECT',
  jti: 'ERR_AUTH_TOKEN_ID',
  iat: 'ERR_AUTH_MALFORMED',
  exp: 'ERR_AUTH_MALFORMED',
  [URL_CLAIM]: 'ERR_AUTH_URL',
  [SCHEMA_CLAIM]: 'ERR_AUTH_SCHEMA',
  [ORGANISATION_CLAIM]: 'ERR_AUTH_MALFORMED',
} as const satisfies Record<keyof typeof CLAIMS, ErrorCode>;

/** What no claim may be. */
const WRONG_VALUES: Readonly<Record<string, (right: unknown) => unknown>> = {
  missing: () => undefined,
  null: () => null,
  'a boolean': () => true,
  'an object': (right) => ({ value: right }),
  'an empty array': () => [],
  'a nested array': (right) => [[right]],
  'a mixed array': (right) => [right, 7],
  'an empty string': () => '',
  'a very long string': () => 'long-'.repeat(500),
};

/** Each claim: missing, null, wrongly typed, too long, said twice (RFC 8725 sections 2.6, 3.8, 3.9 and 3.10). */
const eachClaim = Object.entries(REASONS).flatMap(([claim, code]): readonly Attack[] => {
  const right = CLAIMS[claim as keyof typeof CLAIMS];
  const escaped = `\\u${claim.charCodeAt(0).toString(16).padStart(4, '0')}${claim.slice(1)}`;
  const value = JSON.stringify(right);
  return [
    ...Object.entries(WRONG_VALUES).map(([what, wrong]): Attack => [
      `${claim} ${what}`,
      code,
      mint({ claims: { [claim]: wrong(right) } }),
    ]),
    [`${claim} twice`, 'ERR_AUTH_MALFORMED', mint({ claims: claimsWith(`"${claim}":${value}`) })],
    [
      `${claim} twice, the second name escaped`,
      'ERR_AUTH_MALFORMED',
      mint({ claims: claimsWith(`"${escaped}":${value}`) }),
    ],
  ];
});

/** [check 20] RFC 8725 section 3.8. */
const issuers = [
  `${ISSUER}/`,
  `${ISSUER}.evil.example`,
  `${ISSUER}/../idb`,
  `${ISSUER}?keys=https://evil.example`,
  `${ISSUER}#`,
  `${ISSUER} `,
  ` ${ISSUER}`,
  `${ISSUER}\n`,
  `${ISSUER}\0`,
  ISSUER.toUpperCase(),
  'HTTPS://idbroker.webex.com/idb',
  'http://idbroker.webex.com/idb',
  'https://idbroker.webex.com:443/idb',
  'https://idbroker.webex.com./idb',
  'https://idbroker.webex.com',
  'https://idbroker.webex.com/idb2',
  'https://idbroker.webex.com//idb',
  'https://idbroker.webex.com/%69db',
  'https://idbroker.webex.com.evil.example/idb',
  'https://idbroker.webex.com@evil.example/idb',
  'https://evil.example/https://idbroker.webex.com/idb',
  'https://evil.example#https://idbroker.webex.com/idb',
  'https://notidbroker.webex.com/idb',
  'https://idbroker.webex.c\u043em/idb',
  'https://idbroker\uff0ewebex.com/idb',
  'https://idbrokerbts.webex.com/idb',
  'file:///etc/passwd',
  'http://169.254.169.254/latest/meta-data',
  'http://[::1]/idb',
  '//idbroker.webex.com/idb',
  '__proto__',
].map((iss): Attack => [
  `iss ${JSON.stringify(iss)}`,
  'ERR_AUTH_ISSUER',
  mint({ claims: { iss } }),
]);

/** [check 26] */
const urls = [
  DATA_SOURCE_URL.replace(':443', ''),
  DATA_SOURCE_URL.replace(':443', ':8443'),
  `${DATA_SOURCE_URL}/`,
  `${DATA_SOURCE_URL}?`,
  `${DATA_SOURCE_URL}#`,
  `${DATA_SOURCE_URL} `,
  `${DATA_SOURCE_URL}/../webex`,
  DATA_SOURCE_URL.replace('bots', 'BOTS'),
  DATA_SOURCE_URL.replace('/webex', '/Webex'),
  DATA_SOURCE_URL.replace('/webex', '/%77ebex'),
  DATA_SOURCE_URL.replace('https:', 'http:'),
  DATA_SOURCE_URL.replace('https://', 'grpc://'),
  DATA_SOURCE_URL.replace('https://', ''),
  DATA_SOURCE_URL.replace('https://', 'https://user@'),
  DATA_SOURCE_URL.replace('.example', '.example.'),
  DATA_SOURCE_URL.replace('shop', 'sh\u043ep'),
  DATA_SOURCE_URL.replace('shop', 'xn--shp-fed'),
].map((url): Attack => [
  `url ${JSON.stringify(url)}`,
  'ERR_AUTH_URL',
  mint({ claims: { [URL_CLAIM]: url } }),
]);

/** [check 23]: thirty seconds of grace, and not one more. */
const times = (
  [
    ['exp 30 s ago', 'ERR_AUTH_EXPIRED', { exp: NOW_SECONDS - 30 }],
    ['exp a year ago', 'ERR_AUTH_EXPIRED', { exp: NOW_SECONDS - 31_536_000 }],
    ['exp 0', 'ERR_AUTH_EXPIRED', { exp: 0 }],
    ['exp -1', 'ERR_AUTH_MALFORMED', { exp: -1 }],
    ['exp a string of digits', 'ERR_AUTH_MALFORMED', { exp: String(NOW_SECONDS + 60) }],
    ['exp an ISO date', 'ERR_AUTH_MALFORMED', { exp: '2099-01-01T00:00:00Z' }],
    ['exp "Infinity"', 'ERR_AUTH_MALFORMED', { exp: 'Infinity' }],
    ['exp 1e308', 'ERR_AUTH_MALFORMED', { exp: 1e308 }],
    ['exp in milliseconds', 'ERR_AUTH_MALFORMED', { exp: NOW_SECONDS * 1000 }],
    ['iat 31 s ahead', 'ERR_AUTH_NOT_YET_VALID', { iat: NOW_SECONDS + 31 }],
    ['iat negative', 'ERR_AUTH_MALFORMED', { iat: -5 }],
    ['iat a string of digits', 'ERR_AUTH_MALFORMED', { iat: String(NOW_SECONDS) }],
    ['iat 1e308', 'ERR_AUTH_MALFORMED', { iat: 1e308 }],
    ['nbf 31 s ahead', 'ERR_AUTH_NOT_YET_VALID', { nbf: NOW_SECONDS + 31 }],
    ['nbf null', 'ERR_AUTH_MALFORMED', { nbf: null }],
    ['nbf a string', 'ERR_AUTH_MALFORMED', { nbf: String(NOW_SECONDS) }],
    ['nbf an array', 'ERR_AUTH_MALFORMED', { nbf: [NOW_SECONDS] }],
  ] as const
).map(([name, code, claims]): Attack => [name, code, mint({ claims })]);

/** Numbers and words that JSON.stringify would not write. */
const rawTimes = (
  [
    ['exp 1e400', '1e400'],
    ['exp Infinity', 'Infinity'],
    ['exp NaN', 'NaN'],
    ['exp hexadecimal', '0x7fffffff'],
    ['exp with a leading zero', '01700003600'],
    ['exp with a plus', '+1700003600'],
  ] as const
).map(([name, raw]): Attack => {
  const claims = JSON.stringify(CLAIMS).replace(`"exp":${CLAIMS.exp}`, `"exp":${raw}`);
  return [name, 'ERR_AUTH_MALFORMED', mint({ claims })];
});

/** A token for somebody or something else (RFC 8725 sections 2.7, 2.8, 3.9 and 3.12). */
const elsewhere = (
  [
    ['aud of another gateway', 'ERR_AUTH_AUDIENCE', { aud: 'another-gateway' }],
    ['aud in capitals', 'ERR_AUTH_AUDIENCE', { aud: CLAIMS.aud.toUpperCase() }],
    ['aud with a space behind', 'ERR_AUTH_AUDIENCE', { aud: `${CLAIMS.aud} ` }],
    ['aud as part of a list in a string', 'ERR_AUTH_AUDIENCE', { aud: `${CLAIMS.aud},other` }],
    ['aud a wildcard', 'ERR_AUTH_AUDIENCE', { aud: '*' }],
    ['aud an array without ours', 'ERR_AUTH_AUDIENCE', { aud: ['another', 'third'] }],
    ['aud 17 values', 'ERR_AUTH_AUDIENCE', { aud: Array(17).fill(CLAIMS.aud) }],
    ['aud a number', 'ERR_AUTH_AUDIENCE', { aud: 12_345_678 }],
    ['sub of another', 'ERR_AUTH_SUBJECT', { sub: 'callers-of-another-shop' }],
    ['sub in capitals', 'ERR_AUTH_SUBJECT', { sub: SUBJECT.toUpperCase() }],
    ['sub an array', 'ERR_AUTH_SUBJECT', { sub: [SUBJECT] }],
    ['jti an array', 'ERR_AUTH_TOKEN_ID', { jti: [CLAIMS.jti] }],
    ['jti a number', 'ERR_AUTH_TOKEN_ID', { jti: 12_345_678 }],
    ['schema of forking', 'ERR_AUTH_SCHEMA', { [SCHEMA_CLAIM]: FORKING_SCHEMA }],
    ['schema of nobody', 'ERR_AUTH_SCHEMA', { [SCHEMA_CLAIM]: ORGANISATION }],
    ['schema in braces', 'ERR_AUTH_SCHEMA', { [SCHEMA_CLAIM]: `{${VOICE_SCHEMA}}` }],
    [
      'schema without hyphens',
      'ERR_AUTH_SCHEMA',
      { [SCHEMA_CLAIM]: VOICE_SCHEMA.replaceAll('-', '') },
    ],
    ['schema as a URN', 'ERR_AUTH_SCHEMA', { [SCHEMA_CLAIM]: `urn:uuid:${VOICE_SCHEMA}` }],
    ['schema and a newline', 'ERR_AUTH_SCHEMA', { [SCHEMA_CLAIM]: `${VOICE_SCHEMA}\n` }],
    ['organisation unknown', 'ERR_AUTH_ORGANISATION', { [ORGANISATION_CLAIM]: VOICE_SCHEMA }],
    ['organisation no UUID', 'ERR_AUTH_MALFORMED', { [ORGANISATION_CLAIM]: 'the-shop' }],
    [
      'organisation in base64',
      'ERR_AUTH_MALFORMED',
      { [ORGANISATION_CLAIM]: 'Y2lzY29zcGFyazovL3Vz' },
    ],
    ['organisation __proto__', 'ERR_AUTH_MALFORMED', { [ORGANISATION_CLAIM]: '__proto__' }],
    [
      'organisation two in one',
      'ERR_AUTH_MALFORMED',
      { [ORGANISATION_CLAIM]: `${ORGANISATION},${VOICE_SCHEMA}` },
    ],
    ['token_type Bearer', 'ERR_AUTH_TOKEN_TYPE', { token_type: 'Bearer' }],
    ['token_type bearer', 'ERR_AUTH_TOKEN_TYPE', { token_type: 'bearer' }],
    ['token_type null', 'ERR_AUTH_TOKEN_TYPE', { token_type: null }],
    ['token_type empty', 'ERR_AUTH_TOKEN_TYPE', { token_type: '' }],
  ] as const
).map(([name, code, claims]): Attack => [name, code, mint({ claims })]);

/** Signed by a trusted key, with claims that are not the right ones. */
export const CLAIM_ATTACKS: readonly Attack[] = [
  ...eachClaim,
  ...issuers,
  ...urls,
  ...times,
  ...rawTimes,
  ...elsewhere,
];
