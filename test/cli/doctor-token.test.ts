import { describe, expect, it, test } from 'vitest';

import { ORGANISATION_CLAIM, SCHEMA_CLAIM, URL_CLAIM } from '../../src/auth/claims.ts';
import { type Finding, formatExaminations } from '../../src/cli/doctor-finding.ts';
import { examineToken } from '../../src/cli/doctor-token.ts';
import { createPalette } from '../../src/cli/palette.ts';
import { CLAIM_ATTACKS } from '../auth/attacks/claim-attacks.ts';
import { ENCODING_ATTACKS, ODD_BUT_RIGHT } from '../auth/attacks/encoding-attacks.ts';
import { SIGNATURE_ATTACKS } from '../auth/attacks/signature-attacks.ts';
import { createAuthRig, refusalOf } from '../auth/auth-rig.ts';
import {
  AUDIENCE,
  type Changes,
  DATA_SOURCE_URL,
  FORKING_SCHEMA,
  ISSUER,
  NOW_SECONDS,
  ORGANISATION,
  OTHER_ISSUER,
  SUBJECT,
  TOKEN_ID,
} from '../support/claims.ts';
import { parse } from '../support/config-text.ts';
import { mint } from '../support/tokens.ts';

const rig = createAuthRig();
const SOURCE = {
  url: DATA_SOURCE_URL,
  audience: AUDIENCE,
  subject: SUBJECT,
  organizations: [ORGANISATION],
};
const CONFIG = parse(
  JSON.stringify({
    trust: { issuers: [{ issuer: ISSUER }, { issuer: OTHER_ISSUER }] },
    dataSources: [
      { ...SOURCE, schema: 'voice-virtual-agent' },
      { ...SOURCE, schema: 'media-forking' },
    ],
    agents: [{ id: 'front-desk', bot: { use: 'echo' } }],
  }),
);

const examine = (header: string) => examineToken(header, CONFIG, rig);

const toText = (findings: readonly Finding[]): string =>
  formatExaminations([{ title: 'token', findings }], createPalette(false)).join('\n');

/** What is wrong with a right token after these changes, the verdict left out. */
async function wrongsOf(claims: Changes): Promise<readonly string[]> {
  const { findings } = await examine(mint({ claims }));
  return findings
    .slice(0, -1)
    .filter(({ level }) => level === 'wrong')
    .map(({ text }) => text);
}

describe('the verdict', () => {
  // Each third: that the verdict is the authenticator's own does not depend on the attack.
  const corpus = [...ENCODING_ATTACKS, ...SIGNATURE_ATTACKS, ...CLAIM_ATTACKS].filter(
    (_attack, index) => index % 3 === 0,
  );

  test.each(corpus)(
    'is the authenticator’s, explained, and shows no secret: %s, %s',
    async (_name, code, header) => {
      const { refusal, findings } = await examine(header ?? '');
      expect(refusal?.code).toBe(code);
      expect((await refusalOf(rig.authenticator, header ?? '')).code).toBe(code);
      const [verdict, ...others] = findings.toReversed();
      expect(verdict).toMatchObject({ level: 'wrong', code });
      expect(others.map((finding) => finding.code)).toContain(code);
      const text = toText(findings);
      for (const secret of [SUBJECT, TOKEN_ID, ...(header ?? '').split(/[ .]+/u)])
        if (secret.length > 12) expect(text).not.toContain(secret);
    },
  );

  test.each(ODD_BUT_RIGHT)('is that it would be accepted: %s', async (_name, header) => {
    const { refusal, findings } = await examine(header);
    expect(refusal).toBeUndefined();
    expect(findings.filter(({ level }) => level === 'wrong')).toEqual([]);
  });

  it('of a right token says when it expires, and that a newer one would retire it', async () => {
    expect(toText((await examine(`Bearer ${mint()}`)).findings)).toMatchInlineSnapshot(`
      "token
        ✓ the algorithm is RS256
        ✓ the issuer “https://idbroker.webex.com/idb” is trusted
        ✓ the signature is that of the issuer’s key “0b6c3f0e-6f7a-4b7e-9a55-6f1f6a3c1a01”
        ✓ it expires in 59 minutes
        ✓ it was issued 60 s ago
        ✓ it has a nonce (jti)
        ✓ the audience is the registered one
        ✓ the subject is the registered one
        ✓ the URL is the registered one
        ✓ the schema is that of the voice virtual agent
        ✓ the organisation may use the data source
        ✓ the gateway would accept this token for the voice virtual agent, unless a newer one of its data source has retired it

      nothing is wrong"
    `);
  });
});

describe('an explanation', () => {
  test.each([
    [{ [URL_CLAIM]: `${DATA_SOURCE_URL}/` }, 'by a trailing slash'],
    [{ [URL_CLAIM]: DATA_SOURCE_URL.replace(':443', '') }, 'by a “:443”'],
    [{ [URL_CLAIM]: DATA_SOURCE_URL.toUpperCase() }, 'by letter case'],
    [{ [URL_CLAIM]: DATA_SOURCE_URL.replace('https', 'grpc') }, 'by the scheme'],
    [
      { [URL_CLAIM]: `${DATA_SOURCE_URL.replace(':443', '')}/` },
      'by a “:443” and a trailing slash',
    ],
    [{ [URL_CLAIM]: 'https://else.example' }, `from the configured “${DATA_SOURCE_URL}”`],
    [{ iss: `${ISSUER}/` }, `from the trusted “${ISSUER}” by a trailing slash`],
    [{ iss: 'https://evil.example/idb' }, 'is none of the trusted ones'],
    [{ aud: `${AUDIENCE} ` }, 'by white space around it'],
    [{ sub: 'someone-elses-subject' }, 'the subject is not the registered one'],
    [{ [SCHEMA_CLAIM]: FORKING_SCHEMA }, 'is that of media forking, not that of the voice'],
    [{ [ORGANISATION_CLAIM]: ORGANISATION.replaceAll('1', '9') }, 'is not known here'],
    [{ exp: NOW_SECONDS - 3 * 3_600, iat: NOW_SECONDS - 9_000_000 }, 'it expired 3 hours ago'],
    [{ iat: NOW_SECONDS + 300 }, 'it was issued 5 minutes in the future'],
    [{ nbf: NOW_SECONDS + 300 }, 'it is valid from 5 minutes in the future'],
    [{ token_type: 'Bearer' }, 'this is an OAuth token'],
    [{ jti: undefined }, 'jti is missing or malformed'],
  ])('says of %j: %s', async (claims, words) => {
    const wrongs = await wrongsOf(claims);
    expect(wrongs).toHaveLength(1);
    expect(wrongs[0]).toContain(words);
  });

  it('names every fault, and not only the first', async () => {
    const wrongs = await wrongsOf({
      token_type: 'Bearer',
      exp: NOW_SECONDS - 600,
      nbf: NOW_SECONDS + 600,
      jti: 7,
      aud: 'else',
      sub: 'else',
      [URL_CLAIM]: 'https://else.example',
      [SCHEMA_CLAIM]: FORKING_SCHEMA,
      [ORGANISATION_CLAIM]: '99999999-2222-3333-4444-555555555555',
    });
    expect(wrongs).toHaveLength(9);
  });

  it('says what is forgiven, and still worth a look', async () => {
    const claims = { exp: NOW_SECONDS - 10, iat: NOW_SECONDS + 10 };
    const { refusal, findings } = await examine(mint({ claims }));
    expect(refusal).toBeUndefined();
    expect(findings.filter(({ level }) => level === 'risk').map(({ text }) => text)).toEqual([
      'it expired 10 s ago; 30 s are forgiven',
      'it was issued 10 s in the future; 30 s are forgiven',
    ]);
  });

  it('shows nothing that a terminal would obey', async () => {
    const { findings } = await examine(
      mint({ claims: { [URL_CLAIM]: 'https://x\u001B[2J\u009B\u202Ey\n✓ fine' } }),
    );
    for (const harm of ['\u001B', '\u009B', '\u202E', '\n✓'])
      expect(toText(findings)).not.toContain(harm);
  });
});
