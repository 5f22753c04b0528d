import { z } from 'zod';

import { integer, listenAddress, seconds, text } from './fields.ts';

const MAX_CLIENT_NAMES = 100;

/** `admin.tls`, and what `grpc.tls` has in common with it. */
export const certificateSection = z.strictObject({
  cert: text.describe('PEM file with the certificate and its chain'),
  key: text.describe('PEM file with the private key'),
  clientCa: text
    .optional()
    .describe('PEM file of the authority that must have signed client certificates (mTLS)'),
});

/** `grpc.tls`. */
const tlsSection = certificateSection.extend({
  clientNames: z
    .array(text)
    .min(1)
    .max(MAX_CLIENT_NAMES)
    .optional()
    .describe(
      'Names that a client certificate may carry, such as `*.ciscoccservice.com`; needs `clientCa`',
    ),
});

/** `grpc.limits`. The defaults come from measurements: one Webex connection may carry hundreds of calls. */
export const limitsSection = z.strictObject({
  maxReceiveBytes: integer(16_384, 67_108_864)
    .default(1_048_576)
    .describe('Largest message accepted, in bytes'),
  maxStreamsPerConnection: integer(1, 100_000)
    .default(1_000)
    .describe('RPCs open at once on one connection'),
  maxSessionMemoryMb: integer(1, 4_096)
    .default(64)
    .describe('Memory that one HTTP/2 connection may hold, in megabytes'),
  keepaliveSeconds: seconds(1, 7_200)
    .default(60)
    .describe('Time between pings on a quiet connection'),
  firstMessageTimeoutSeconds: seconds(0.1, 300)
    .default(10)
    .describe('Time an opened stream has for its first message'),
  writeStallTimeoutSeconds: seconds(0.1, 300)
    .default(20)
    .describe('Time a peer may stop reading before its stream is closed'),
  drainGraceSeconds: seconds(0, 3_600)
    .default(30)
    .describe('From SIGTERM until running turns are asked to end'),
  drainForceSeconds: seconds(0, 7_200)
    .default(60)
    .describe('From SIGTERM until what is left is cut; at least `drainGraceSeconds`'),
});

/** `grpc`. */
export const grpcSection = z.strictObject({
  listen: listenAddress
    .prefault('0.0.0.0:50051')
    .describe('Address of the gRPC server; port 0 takes a free one'),
  tls: tlsSection.optional().describe('Certificates; without it the server speaks plaintext'),
  limits: limitsSection.prefault({}).describe('Bounds of the gRPC server'),
});
