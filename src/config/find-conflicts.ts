import { z } from 'zod';

import { VOICE_VIRTUAL_AGENT_SCHEMA_ID } from '../protocols/voice-virtual-agent/schema.ts';
import { agentSection } from './agent-section.ts';
import type { ListenAddress } from './config.ts';
import type { ConfigProblem } from './config-problem.ts';
import { configSchema } from './config-schema.ts';
import { dataSourceSection } from './data-source-section.ts';
import { limitsSection } from './grpc-section.ts';
import { peersSection } from './peers-section.ts';
import { issuerSection } from './trust-section.ts';

// Each check looks at just the settings it compares, and stays silent where one of them is wrong by itself: so conflicts
// are found in the same pass as every other problem.
const agentIdentity = agentSection.pick({ id: true }).strip();
const agentScope = agentSection.pick({ default: true, organizations: true }).strip();
const issuerIdentity = issuerSection.pick({ issuer: true }).strip();
const dataSourceIdentity = dataSourceSection.omit({ organizations: true }).strip();
const dataSourceSchema = dataSourceSection.pick({ schema: true }).strip();
const drainTimes = limitsSection.pick({ drainGraceSeconds: true, drainForceSeconds: true }).strip();
const listenAddresses = z.object({
  grpc: configSchema.shape.grpc.unwrap().pick({ listen: true }).strip().prefault({}),
  admin: configSchema.shape.admin.unwrap().pick({ listen: true }).strip().prefault({}),
  peers: peersSection.pick({ listen: true }).strip().optional(),
});
const peersAddress = peersSection.pick({ listen: true, advertise: true }).strip();
/** Where nobody else can reach a process. */
const EVERYWHERE: ReadonlySet<string> = new Set(['0.0.0.0', '::']);
/** The shape of a file as far as the checks walk into it; whatever is there may be anything. */
const outline = z.object({
  grpc: z.object({ limits: z.unknown(), tls: z.unknown() }).partial().catch({}).default({}),
  trust: z.object({ issuers: z.unknown() }).partial().catch({}).default({}),
  conversation: z.object({ redis: z.unknown() }).partial().catch({}).default({}),
  peers: z.unknown().optional(),
  dataSources: z.unknown().optional(),
  agents: z.unknown().optional(),
});

/** Finds what is right by itself and wrong together. `value` is the file as read; it need not fit the schema. */
export function findConflicts(value: unknown): readonly ConfigProblem[] {
  const file = outline.safeParse(value).data;
  if (file === undefined) return [];
  return [
    ...findDuplicates(['agents'], file.agents, agentIdentity, 'id', ({ id }) => id),
    ...findDuplicates(
      ['trust', 'issuers'],
      file.trust.issuers,
      issuerIdentity,
      'issuer',
      ({ issuer }) => issuer,
    ),
    ...findDuplicates(['dataSources'], file.dataSources, dataSourceIdentity, 'url', (source) =>
      JSON.stringify([source.url, source.schema, source.audience, source.subject]),
    ),
    ...findRivalDefaults(file.agents),
    ...findMissingAgents(file.dataSources, file.agents),
    ...findUnusedClientNames(file.grpc.tls),
    ...findShortDrain(file.grpc.limits),
    ...findSharedAddress(value),
    ...findLonelyPeers(file.conversation.redis, file.peers),
  ];
}

/** Replicas that share conversations must reach each other, as themselves, and nobody else may. */
function findLonelyPeers(redis: unknown, peers: unknown): readonly ConfigProblem[] {
  if (typeof peers !== 'object' || peers === null)
    return redis !== undefined && peers === undefined
      ? [{ path: ['conversation', 'redis'], message: 'needs peers' }]
      : [];
  const address = peersAddress.safeParse(peers).data;
  return [
    ...(redis === undefined ? [{ path: ['peers'], message: 'needs conversation.redis' }] : []),
    ...('token' in peers || 'tls' in peers
      ? []
      : [{ path: ['peers', 'token'], message: 'is needed, or tls' }]),
    ...(address !== undefined &&
    address.advertise === undefined &&
    EVERYWHERE.has(address.listen.host)
      ? [{ path: ['peers', 'advertise'], message: 'is needed: listen names no single address' }]
      : []),
  ];
}

function findDuplicates<T>(
  path: readonly string[],
  list: unknown,
  schema: z.ZodType<T>,
  key: string,
  identityOf: (value: T) => string,
): readonly ConfigProblem[] {
  const firsts = new Map<string, number>();
  return itemsOf(list, schema).flatMap(({ index, value }) => {
    const identity = identityOf(value);
    const first = firsts.get(identity);
    if (first === undefined) {
      firsts.set(identity, index);
      return [];
    }
    const message = `is the same as in ${path.join('.')}[${first}]`;
    return [{ path: [...path, index, key], message }];
  });
}

/** A caller without an agent id must get to one agent, and a catalogue has at most one default (check 99). */
function findRivalDefaults(agents: unknown): readonly ConfigProblem[] {
  const holders = new Map<string, number>();
  return itemsOf(agents, agentScope).flatMap(({ index, value }) => {
    if (!value.default) return [];
    const scopes = value.organizations === 'any' ? ['any'] : value.organizations;
    const rival =
      value.organizations === 'any'
        ? holders.values().next().value
        : ['any', ...scopes]
            .map((scope) => holders.get(scope))
            .find((other) => other !== undefined);
    for (const scope of scopes) if (!holders.has(scope)) holders.set(scope, index);
    if (rival === undefined) return [];
    const message = `would give an organisation two default agents, this one and agents[${rival}]`;
    return [{ path: ['agents', index, 'default'], message }];
  });
}

function findMissingAgents(dataSources: unknown, agents: unknown): readonly ConfigProblem[] {
  const isNeeded = itemsOf(dataSources, dataSourceSchema).some(
    ({ value }) => value.schema === VOICE_VIRTUAL_AGENT_SCHEMA_ID,
  );
  const isEmpty = agents === undefined || (Array.isArray(agents) && agents.length === 0);
  return isNeeded && isEmpty
    ? [{ path: ['agents'], message: 'must not be empty: a data source is for voice-virtual-agent' }]
    : [];
}

function findUnusedClientNames(tls: unknown): readonly ConfigProblem[] {
  const hasNames = typeof tls === 'object' && tls !== null && 'clientNames' in tls;
  return hasNames && !('clientCa' in tls)
    ? [{ path: ['grpc', 'tls', 'clientNames'], message: 'needs clientCa' }]
    : [];
}

function findShortDrain(limits: unknown): readonly ConfigProblem[] {
  const times = drainTimes.safeParse(limits ?? {}).data;
  return times !== undefined && times.drainForceSeconds < times.drainGraceSeconds
    ? [
        {
          path: ['grpc', 'limits', 'drainForceSeconds'],
          message: 'must be at least drainGraceSeconds',
        },
      ]
    : [];
}

function findSharedAddress(value: unknown): readonly ConfigProblem[] {
  const addresses = listenAddresses.safeParse(value).data;
  if (addresses === undefined) return [];
  const { grpc, admin, peers } = addresses;
  const isSame = (one: ListenAddress, other: ListenAddress): boolean =>
    one.port !== 0 && one.port === other.port && one.host === other.host;
  return [
    ...(isSame(grpc.listen, admin.listen)
      ? [{ path: ['admin', 'listen'], message: 'is the same as grpc.listen' }]
      : []),
    ...(peers !== undefined && isSame(grpc.listen, peers.listen)
      ? [{ path: ['peers', 'listen'], message: 'is the same as grpc.listen' }]
      : []),
    ...(peers !== undefined && isSame(admin.listen, peers.listen)
      ? [{ path: ['peers', 'listen'], message: 'is the same as admin.listen' }]
      : []),
  ];
}

function itemsOf<T>(
  list: unknown,
  schema: z.ZodType<T>,
): readonly { readonly index: number; readonly value: T }[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((item, index) => {
    const result = schema.safeParse(item);
    return result.success ? [{ index, value: result.data }] : [];
  });
}
