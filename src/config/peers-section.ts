import { z } from 'zod';

import { listenAddress, secretToken, text } from './fields.ts';

const TARGET = /^(?:\[[\da-f:.]+\]|[a-z\d](?:[\w.-]*[a-z\d])?):\d{1,5}$/iu;

const tlsSection = z.strictObject({
  cert: text.describe('PEM file with the certificate that this replica shows, and its chain'),
  key: text.describe('PEM file with its private key'),
  ca: text.describe('PEM file of the authority that must have signed the other replicas’ ones'),
  serverName: text
    .optional()
    .describe('Name to expect in their certificates; default: the one under which they are called'),
});

/** `peers`. */
export const peersSection = z.strictObject({
  listen: listenAddress.describe(
    'Address where other replicas send on RPCs of calls that this one has',
  ),
  advertise: text
    .regex(TARGET, { error: 'must be "host:port"' })
    .optional()
    .describe('Where they reach it, such as `${POD_IP}:50052`; default: the same as `listen`'),
  token: secretToken
    .optional()
    .describe(
      'Secret that all replicas share, such as `${BYOVA_PEER_TOKEN}`, at least 16 characters; needed without `tls`',
    ),
  tls: tlsSection
    .optional()
    .describe('Certificates that replicas show each other; default: plaintext'),
});
