import { z } from 'zod';

import type { IssuerConfig } from './config.ts';
import { redisSectionOf, seconds, secureUrl, text } from './fields.ts';

const MAX_ISSUERS = 50;

/** Where an issuer of Webex keeps its keys, below its own URL (protocol.md section 3.4). */
const JWKS_PATH = '/oauth2/v2/keys/verificationjwk';

/** The issuers of Webex's production clusters (protocol.md section 3.4). */
const PRODUCTION_ISSUERS = [
  { issuer: 'https://idbroker.webex.com/idb' },
  { issuer: 'https://idbroker-b-us.webex.com/idb' },
  { issuer: 'https://idbroker-eu.webex.com/idb' },
  { issuer: 'https://idbroker-ca.webex.com/idb' },
];

/** One of `trust.issuers`. */
export const issuerSection = z.strictObject({
  issuer: secureUrl
    .refine((url) => !url.includes('?'), { error: 'must hold no query' })
    .describe('The `iss` claim, compared character for character'),
  jwksUri: secureUrl
    .optional()
    .describe(`Address of its keys; default: the issuer followed by \`${JWKS_PATH}\``),
  pinnedFile: text
    .optional()
    .describe('JWKS file to read instead of fetching, for sites without a way out; default: none'),
});

const redisSection = redisSectionOf(
  'Where replicas share what they know of tokens: `redis://` or `rediss://`',
);

const replaySection = z.strictObject({
  policy: z
    .enum(['rotation', 'registered', 'single-use', 'off'])
    .default('rotation')
    .describe('What makes a token a replay'),
  overlapSeconds: seconds(0, 86_400)
    .optional()
    .describe('How long a token is accepted after a newer one; default: until it expires'),
  onStoreFailure: z
    .enum(['local', 'refuse'])
    .optional()
    .describe(
      'When the replay store is down: decide by this process alone, or refuse; default: `local`, and `refuse` with `single-use`',
    ),
  redis: redisSection.optional().describe('A store that replicas share; default: none'),
});

const keysSection = z.strictObject({
  snapshotFile: text
    .optional()
    .describe('File that keeps the issuers’ keys over a restart; default: none'),
  staleHours: z
    .number()
    .min(0)
    .max(168)
    .default(24)
    .describe('How long keys are used when they cannot be fetched anew, in hours'),
});

/** `trust`. */
export const trustSection = z.strictObject({
  issuers: z
    .array(issuerSection)
    .min(1)
    .max(MAX_ISSUERS)
    .default(PRODUCTION_ISSUERS)
    .describe('Whose tokens are accepted; default: the four production issuers of Webex'),
  clockSkewSeconds: seconds(0, 300)
    .default(30)
    .describe('How far the clocks of Webex and the gateway may differ'),
  requireCustomerOrgId: z
    .boolean()
    .default(true)
    .describe('Refuse messages that do not name the organisation of their token'),
  organizationsFile: text
    .optional()
    .describe(
      'File with one organisation UUID a line, watched: only these may call; default: whoever a data source names',
    ),
  replay: replaySection.prefault({}).describe('Protection against stolen tokens'),
  keys: keysSection.prefault({}).describe('How issuers’ keys outlive an outage'),
});

/** Completes an issuer with the address of its keys. */
export function toIssuer({
  issuer,
  jwksUri,
}: z.output<typeof issuerSection>): Pick<IssuerConfig, 'issuer' | 'jwksUri'> {
  return { issuer, jwksUri: jwksUri ?? issuer.replace(/\/$/u, '') + JWKS_PATH };
}
