import { z } from 'zod';

import { isLoopback } from '../http/http-options.ts';
import { strictObject } from '../strict-object.ts';

/** RPCs of a hundred calls share a connection, so this is as many calls as a process can serve. */
const DEFAULT_CONNECTIONS = 16;
/** One lost packet of the handshake is made up for; a caller hears nothing in the meantime. */
const DEFAULT_CONNECT_TIMEOUT_SECONDS = 2;
/** Most servers take it amiss when they are pinged more often. */
const DEFAULT_KEEPALIVE_SECONDS = 300;
/** The length must fit into one byte; ids of the catalogue are shorter still. */
const MAX_AGENT_ID_BYTES = 127;

const file = z.string().min(1);

const tlsOptions = strictObject({
  /** Authorities to trust instead of the machine's, in PEM. */
  ca: file.optional(),
  /** Client certificate with its chain, and its key, in PEM. */
  cert: file.optional(),
  key: file.optional(),
  /** Name to expect in the server's certificate, when it is not the target's. */
  serverName: z.string().min(1).max(253).optional(),
}).refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
  error: 'cert and key come together',
});

/** Options of the bot `relay-grpc`. */
export const relayOptionsSchema = strictObject({
  /** `host:port` of the server that answers. */
  target: z.string().refine(isTarget, 'expected host:port'),
  /** TLS with other than the machine's authorities, or with a client certificate. */
  tls: tlsOptions.optional(),
  /** No TLS to another machine; to this one there is none unless `tls` is set. */
  plaintext: z.boolean().default(false),
  /** The `authorization` header of every RPC. */
  authorization: z
    .string()
    .regex(
      /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/u,
      'expected printable ASCII without spaces around it',
    )
    .max(8_192)
    .optional(),
  /** Send the `authorization` header of the caller's RPC instead. */
  passAuthorization: z.boolean().default(false),
  /** What the agent is called over there; default: the id that came. */
  virtualAgentId: z
    .string()
    .min(1)
    .refine((id) => Buffer.byteLength(id) <= MAX_AGENT_ID_BYTES, {
      error: `must be at most ${MAX_AGENT_ID_BYTES} bytes`,
    })
    .optional(),
  /** Most connections; each carries the RPCs of some 100 calls. */
  connections: z.number().int().min(1).max(64).default(DEFAULT_CONNECTIONS),
  /** Longest wait for a connection, in seconds. */
  connectTimeoutSeconds: z.number().min(0.1).max(30).default(DEFAULT_CONNECT_TIMEOUT_SECONDS),
  /** Time between two pings on a connection that carries RPCs, in seconds. */
  keepaliveSeconds: z.number().min(10).max(3_600).default(DEFAULT_KEEPALIVE_SECONDS),
})
  .refine(({ tls, plaintext }) => !plaintext || tls === undefined, {
    error: 'tls and plaintext exclude each other',
  })
  .refine(
    ({ authorization, passAuthorization }) => !passAuthorization || authorization === undefined,
    {
      error: 'authorization and passAuthorization exclude each other',
    },
  );

const TARGET = /^(?<host>\[[\da-f:.]+\]|[a-z\d]([\w.-]*[a-z\d])?):(?<port>\d{1,5})$/iu;

function isTarget(target: string): boolean {
  const port = Number(TARGET.exec(target)?.groups?.['port']);
  return port >= 1 && port <= 65_535;
}

/** Whether the target is this machine. */
export function isLocal(target: string): boolean {
  return isLoopback(TARGET.exec(target)?.groups?.['host']?.toLowerCase() ?? '');
}
