import { CLAIMS, claimsWith, encode } from '../../support/claims.ts';
import { HEADER, KEY, mint, rs256, signParts } from '../../support/tokens.ts';
import type { Attack } from './attack.ts';

const TOKEN = mint();
const [head = '', body = '', signature = ''] = TOKEN.split('.');
const claims = JSON.stringify(CLAIMS);
const header = JSON.stringify(HEADER);

/** [checks 13, 16, 40] What stands in the header is no credential of ours. */
const headers: readonly Attack[] = [
  ['no header', 'ERR_AUTH_MISSING', undefined],
  ['an empty header', 'ERR_AUTH_MISSING', ''],
  ['a space', 'ERR_AUTH_SCHEME', ' '],
  ['Bearer alone', 'ERR_AUTH_MALFORMED', 'Bearer'],
  ['Bearer and a space', 'ERR_AUTH_SCHEME', 'Bearer '],
  ['Bearer and a tab', 'ERR_AUTH_SCHEME', `Bearer\t${TOKEN}`],
  ['Bearer and a newline', 'ERR_AUTH_SCHEME', `Bearer\n${TOKEN}`],
  ['Bearer and a no-break space', 'ERR_AUTH_SCHEME', `Bearer\u00a0${TOKEN}`],
  ['Bearer twice', 'ERR_AUTH_SCHEME', `Bearer Bearer ${TOKEN}`],
  ['Bearer and a colon', 'ERR_AUTH_SCHEME', `Bearer: ${TOKEN}`],
  ['Bearer and two tokens', 'ERR_AUTH_SCHEME', `Bearer ${TOKEN} ${TOKEN}`],
  ['Bearer, a token and a comma', 'ERR_AUTH_MALFORMED', `Bearer ${TOKEN},`],
  ['Bearer and quotes', 'ERR_AUTH_MALFORMED', `Bearer "${TOKEN}"`],
  ['Bearer without a space', 'ERR_AUTH_MALFORMED', `Bearer${TOKEN}`],
  ['a space before Bearer', 'ERR_AUTH_SCHEME', ` Bearer ${TOKEN}`],
  ['a space behind the token', 'ERR_AUTH_SCHEME', `Bearer ${TOKEN} `],
  ['a newline behind the token', 'ERR_AUTH_SCHEME', `${TOKEN}\n`],
  ['two bare tokens', 'ERR_AUTH_SCHEME', `${TOKEN} ${TOKEN}`],
  ['Basic', 'ERR_AUTH_SCHEME', 'Basic d2ViZXg6d2ViZXg='],
  ['Basic with a token', 'ERR_AUTH_SCHEME', `Basic ${TOKEN}`],
  ['Digest', 'ERR_AUTH_SCHEME', 'Digest username="webex"'],
  ['DPoP', 'ERR_AUTH_SCHEME', `DPoP ${TOKEN}`],
  ['JWT', 'ERR_AUTH_SCHEME', `JWT ${TOKEN}`],
  ['Bearer in Cyrillic letters', 'ERR_AUTH_SCHEME', `B\u0435arer ${TOKEN}`],
  ['an opaque OAuth token', 'ERR_AUTH_MALFORMED', 'Bearer ZjQ0NmE5N2UtYjg5Yi00_P0A1_abc'],
  ['8,193 bytes around a right token', 'ERR_AUTH_TOO_LARGE', padded(8_193)],
  ['a megabyte around a right token', 'ERR_AUTH_TOO_LARGE', padded(1_048_576)],
  ['a megabyte of dots', 'ERR_AUTH_TOO_LARGE', '.'.repeat(1_048_576)],
  ['8,192 dots', 'ERR_AUTH_MALFORMED', '.'.repeat(8_192)],
  ['8,192 letters', 'ERR_AUTH_MALFORMED', 'a'.repeat(8_192)],
];

/** Other numbers of parts, and parts that are empty (RFC 7516, RFC 7515 appendix F). */
const parts = [
  ['two parts', `${head}.${body}`],
  ['two parts and a dot less', `${head}.${signature}`],
  ['four parts', `${TOKEN}.${signature}`],
  ['five parts, as a JWE has', `${head}.${body}.${signature}.${body}.${signature}`],
  ['a JWE with the algorithm dir', `${encode('{"alg":"dir","enc":"A256GCM"}')}..aXY.Y3Q.dGFn`],
  ['a dot behind', `${TOKEN}.`],
  ['a dot before', `.${TOKEN}`],
  ['no header part', `.${body}.${signature}`],
  ['a detached payload', `${head}..${signature}`],
  ['a detached payload, signed as such', signParts(head, '')],
  ['two dots', '..'],
  ['one dot', '.'],
  [
    'the JSON serialisation',
    `{"protected":"${head}","payload":"${body}","signature":"${signature}"}`,
  ],
  ['a token in a token', mint({ claims: TOKEN })],
].map(([name = '', token]): Attack => [name, 'ERR_AUTH_MALFORMED', token]);

/** One text, many spellings; each signed as it is spelled (RFC 7515 section 2). */
const slashed = Buffer.from(claimsWith('"x":"\u00fb\u00ff\u00fe\u00bf~~~???>>>"')).toString(
  'base64',
);
const base64 = [
  ['padding behind the payload', `${head}.${body}==.${signature}`],
  ['padding behind the signature', `${TOKEN}==`],
  ['a padded payload, signed so', signParts(head, `${encode(aligned(1))}==`)],
  ['the other alphabet, signed so', signParts(head, slashed.replaceAll('=', ''))],
  ['a plus in the signature', `${head}.${body}.+${signature.slice(1)}`],
  ['a slash in the signature', `${head}.${body}./${signature.slice(1)}`],
  [
    'a newline in the payload, signed so',
    signParts(head, `${body.slice(0, 40)}\n${body.slice(40)}`),
  ],
  [
    'an exclamation mark in the payload, signed so',
    signParts(head, `${body.slice(0, 40)}!${body.slice(40)}`),
  ],
  ['a percent sign in the header', `%${head}.${body}.${signature}`],
  ['a null byte behind', `${TOKEN}\0`],
  ['surplus bits in the signature', `${head}.${body}.${surplus(signature)}`],
  ['surplus bits in the payload, signed so', signParts(head, surplus(encode(aligned(1))))],
  ['one letter too many', `${head}.${body}.${signature}AAA`],
  ['full-width letters', `${head}.${body}.\uff21${signature.slice(1)}`],
  ['a dot of another script', TOKEN.replace('.', '\u3002')],
].map(([name = '', token = '']): Attack => [
  `base64: ${name}`,
  // White space is refused before the token is taken apart.
  /\s/u.test(token) ? 'ERR_AUTH_SCHEME' : 'ERR_AUTH_MALFORMED',
  token,
]);

/** What is no JSON object, or none that every parser reads alike (RFC 8725 sections 2.6 and 3.7, RFC 8259). */
const payloads = [
  ['an array', '[]'],
  ['an array of claims', `[${claims}]`],
  ['a string', JSON.stringify(claims)],
  ['a number', '42'],
  ['null', 'null'],
  ['true', 'true'],
  ['nothing but a space', ' '],
  ['text', 'iss=webex'],
  ['something behind', `${claims}{}`],
  ['a comma behind the last member', `${claims.slice(0, -1)},}`],
  ['cut off', claims.slice(0, -1)],
  ['a comment', `/* */${claims}`],
  ['a comment behind', `${claims}//`],
  ['single quotes', claims.replaceAll('"', "'")],
  ['names without quotes', '{iss:"x"}'],
  ['NaN', claimsWith('"x":NaN')],
  ['undefined', claimsWith('"x":undefined')],
  ['a newline in a string', claimsWith('"x":"\n"')],
  ['a wrong escape', claimsWith(String.raw`"x":"\x41"`)],
  ['a function', claimsWith('"x":alert(1)')],
  ['UTF-8 with a byte-order mark', `\ufeff${claims}`],
  ['a no-break space before', `\u00a0${claims}`],
  ['a name twice, one level down', claimsWith('"x":{"a":1,"a":2}')],
  ['a name twice, in an array', claimsWith('"x":[{"a":1},{"b":1,"b":2}]')],
  ['an empty name twice', claimsWith('"":1,"":2')],
  ['__proto__ twice', claimsWith('"__proto__":1,"__proto__":2')],
  ['a name twice, behind an escaped quote', claimsWith(String.raw`"x":"\"","x":"y"`)],
  ['a name twice, behind brackets in a string', claimsWith('"x":"}]{[:,","x":"y"')],
  ['a name twice, behind an escaped backslash', claimsWith(String.raw`"x":"\\","x":"y"`)],
  ['deep and never closed', `${'{"a":'.repeat(500)}1`],
].flatMap(([name = '', text = '']): Attack[] => [
  [`payload ${name}`, 'ERR_AUTH_MALFORMED', mint({ claims: text })],
]);

/** The same for the bytes, and for the header. */
const bytes: readonly Attack[] = [
  ['payload in UTF-16', 'ERR_AUTH_MALFORMED', mint({ claims: Buffer.from(claims, 'utf16le') })],
  [
    'payload in Latin-1',
    'ERR_AUTH_MALFORMED',
    mint({ claims: Buffer.from(claimsWith('"x":"\u00e9"'), 'latin1') }),
  ],
  [
    'payload with an overlong slash',
    'ERR_AUTH_MALFORMED',
    mint({ claims: spliced(Buffer.from([0xc0, 0xaf])) }),
  ],
  [
    'payload with a surrogate',
    'ERR_AUTH_MALFORMED',
    mint({ claims: spliced(Buffer.from([0xed, 0xa0, 0x80])) }),
  ],
  [
    'payload with a byte of no code',
    'ERR_AUTH_MALFORMED',
    mint({ claims: spliced(Buffer.from([0xff])) }),
  ],
  [
    'payload compressed',
    'ERR_AUTH_MALFORMED',
    mint({ header: { zip: 'DEF' }, claims: Buffer.from('789cab5601', 'hex') }),
  ],
  ['payload of null bytes', 'ERR_AUTH_MALFORMED', mint({ claims: Buffer.alloc(16) })],
  ['header an array', 'ERR_AUTH_MALFORMED', mint({ header: `[${header}]` })],
  ['header a string', 'ERR_AUTH_MALFORMED', mint({ header: '"RS256"' })],
  ['header null', 'ERR_AUTH_MALFORMED', mint({ header: 'null' })],
  [
    'header with alg twice',
    'ERR_AUTH_MALFORMED',
    mint({ header: `{"alg":"none",${header.slice(1)}` }),
  ],
  [
    'header with alg twice, one escaped',
    'ERR_AUTH_MALFORMED',
    mint({ header: String.raw`{"\u0061lg":"none",${header.slice(1)}` }),
  ],
  [
    'header with kid twice',
    'ERR_AUTH_MALFORMED',
    mint({ header: `{"kid":"x",${header.slice(1)}` }),
  ],
  ['header with a byte-order mark', 'ERR_AUTH_MALFORMED', mint({ header: `\ufeff${header}` })],
  ['header with something behind', 'ERR_AUTH_MALFORMED', mint({ header: `${header} x` })],
  ['header in YAML', 'ERR_AUTH_MALFORMED', mint({ header: 'alg: RS256' })],
  [
    'header that inherits alg',
    'ERR_AUTH_ALGORITHM',
    mint({ header: `{"kid":"${KEY.keyId}","__proto__":{"alg":"RS256"}}` }),
  ],
  [
    'header that inherits kid',
    'ERR_AUTH_KEY_ID',
    mint({ header: '{"alg":"RS256","__proto__":{"kid":"x"}}' }),
  ],
  [
    'header with a deep alg',
    'ERR_AUTH_ALGORITHM',
    mint({ header: `{"alg":${'['.repeat(2_000)}${']'.repeat(2_000)}}` }),
  ],
  [
    'payload that inherits its claims',
    'ERR_AUTH_ISSUER',
    mint({ claims: `{"__proto__":${claims}}` }),
  ],
  [
    'payload with claims of a constructor',
    'ERR_AUTH_ISSUER',
    mint({ claims: `{"constructor":{"prototype":${claims}}}` }),
  ],
  [
    'payload with claims one level down',
    'ERR_AUTH_ISSUER',
    mint({ claims: `{"claims":${claims}}` }),
  ],
  [
    'payload with a deep iss',
    'ERR_AUTH_ISSUER',
    mint({ claims: `{"iss":${'['.repeat(2_000)}${']'.repeat(2_000)}}` }),
  ],
  [
    'payload with a name behind a null byte',
    'ERR_AUTH_ISSUER',
    mint({ claims: claims.replace('"iss"', String.raw`"iss\u0000"`) }),
  ],
  [
    'payload with names in capitals',
    'ERR_AUTH_ISSUER',
    mint({ claims: claims.replace('"iss"', '"ISS"') }),
  ],
  ['payload empty, signed', 'ERR_AUTH_ISSUER', mint({ claims: '{}' })],
  ['header empty, signed', 'ERR_AUTH_ALGORITHM', mint({ header: '{}' })],
];

/** Credentials that do not have the form of one. */
export const ENCODING_ATTACKS: readonly Attack[] = [
  ...headers,
  ...parts,
  ...base64,
  ...payloads,
  ...bytes,
];

/** A right token in a header of exactly so many bytes. */
function padded(size: number): string {
  const slack = size - Buffer.byteLength(`Bearer ${mint({ claims: { x: '' } })}`);
  // Four letters stand for three bytes: near enough, and the spaces behind `Bearer` do the rest.
  const token = mint({ claims: { x: 'x'.repeat(Math.floor((slack * 3) / 4) - 2) } });
  return `Bearer${' '.repeat(size - 'Bearer'.length - token.length)}${token}`;
}

/** The claims as text whose length leaves a remainder of `rest` when base64 takes three bytes at a time. */
function aligned(rest: number): string {
  return claims + ' '.repeat((3 + rest - (claims.length % 3)) % 3);
}

/** Another spelling of the same bytes: the bits that the last letter has to spare are set. */
function surplus(part: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = alphabet.indexOf(part.at(-1) ?? '');
  return `${part.slice(0, -1)}${alphabet[last + 1] ?? ''}`;
}

function spliced(middle: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${claims.slice(0, -1)},"x":"`), middle, Buffer.from('"}')]);
}

/** Odd, and right all the same. */
export const ODD_BUT_RIGHT: readonly (readonly [name: string, header: string])[] = [
  ['a bare token', TOKEN],
  ['Bearer', `Bearer ${TOKEN}`],
  ['bearer in small letters', `bearer ${TOKEN}`],
  ['BEARER and two spaces', `BEARER  ${TOKEN}`],
  ['a header of 8,192 bytes', padded(8_192)],
  [
    'UUIDs in capitals',
    mint({
      claims: claims.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/gu, (id) =>
        id.toUpperCase(),
      ),
    }),
  ],
  ['exp 29 s ago', mint({ claims: { exp: CLAIMS.iat + 60 - 29 } })],
  ['iat and nbf 30 s ahead', mint({ claims: { iat: CLAIMS.iat + 90, nbf: CLAIMS.iat + 90 } })],
  ['times with a fraction', mint({ claims: { exp: CLAIMS.exp + 0.5, iat: CLAIMS.iat + 0.25 } })],
  ['aud an array with ours', mint({ claims: { aud: ['another', CLAIMS.aud] } })],
  ['claims nobody knows', mint({ claims: claimsWith('"x":{"__proto__":{"a":1}},"y":[[[{}]]]') })],
  ['the same name in two objects', mint({ claims: claimsWith('"x":{"iss":1},"y":{"iss":2}') })],
  [
    'brackets and quotes in a string',
    mint({ claims: claimsWith(String.raw`"x":"\"iss\":{[","z":"\\"`) }),
  ],
  ['500 levels', mint({ claims: claimsWith(`"x":${'['.repeat(500)}${']'.repeat(500)}`) })],
  ['names escaped once', mint({ claims: claims.replace('"iss"', String.raw`"i\u0073s"`) })],
  ['white space around the JSON', mint({ claims: ` \n${claims}\t` })],
  ['no typ', mint({ header: { typ: undefined } })],
  [
    'keys that nobody asked for',
    mint({ header: { jku: 'https://evil.example', x5c: [] }, signer: rs256() }),
  ],
];
