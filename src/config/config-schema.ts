import { z } from 'zod';

import { FLITE_VOICES } from '../speech/flite-synthesiser.ts';
import { LOG_LEVELS } from '../telemetry/logger.ts';
import { agentSection } from './agent-section.ts';
import { dataSourceSection } from './data-source-section.ts';
import {
  integer,
  listenAddress,
  organisationId,
  organisations,
  redisSectionOf,
  secretToken,
  seconds,
  text,
} from './fields.ts';
import { certificateSection, grpcSection } from './grpc-section.ts';
import { peersSection } from './peers-section.ts';
import { trustSection } from './trust-section.ts';

const MAX_AGENTS = 1_000;
const MAX_DATA_SOURCES = 1_000;

const adminSection = z.strictObject({
  listen: listenAddress
    .prefault('127.0.0.1:9090')
    .describe('Address of the private HTTP port for health and metrics'),
  tls: certificateSection
    .optional()
    .describe('Certificates; with `clientCa` everything but health needs one; default: plaintext'),
  token: secretToken
    .optional()
    .describe(
      'Bearer token of operators, such as `${BYOVA_ADMIN_TOKEN}`, at least 16 characters; default: nobody can revoke',
    ),
});

const sheddingSection = z.strictObject({
  loopDelayMs: integer(10, 60_000)
    .default(200)
    .describe('Mean delay of the event loop from which new calls are refused, in milliseconds'),
  heapPercent: integer(10, 100)
    .default(92)
    .describe('Used part of the heap’s limit from which new calls are refused, in percent'),
});

const conversationSection = z.strictObject({
  idleTimeoutSeconds: seconds(1, 86_400)
    .default(600)
    .describe('How long a call is kept that brings no message and gets no answer'),
  maxPerOrganization: integer(1, 1_000_000)
    .optional()
    .describe('Calls held at once for one organisation; default: as many as in all'),
  organizationLimits: z
    .array(
      z.strictObject({
        organization: organisationId.describe('The organisation'),
        maxConversations: integer(0, 1_000_000).describe('Calls held at once for it'),
      }),
    )
    .max(10_000)
    .default([])
    .describe('Organisations with a limit of their own'),
  maxConversations: integer(1, 1_000_000)
    .default(20_000)
    .describe('Calls held at once; more are refused'),
  shedding: sheddingSection
    .prefault({})
    .describe('When new calls are refused for the others’ sake'),
  unknown: z
    .enum(['create', 'refuse'])
    .default('create')
    .describe('What input of a call that was never started does'),
  redis: redisSectionOf(
    'Where replicas share who answers which call, and where it stands: `redis://` or `rediss://`',
  )
    .optional()
    .describe('Lets calls go on at another replica; needs `peers`; default: none'),
  onStoreFailure: z
    .enum(['local', 'refuse'])
    .default('local')
    .describe('When that Redis is down: answer with what this process knows, or refuse'),
});

const speechSection = z.strictObject({
  voice: z.enum(FLITE_VOICES).default('kal').describe('Voice of the embedded synthesiser'),
  cacheMegabytes: integer(1, 4_096)
    .default(32)
    .describe('Memory for prompts that were spoken before'),
  workers: integer(1, 16).default(1).describe('Threads that synthesise'),
});

const recorderSection = z.strictObject({
  folder: text.describe('Folder of the recordings, a file a call; it is made when it is needed'),
  organizations: organisations.describe('Organisations whose calls are recorded'),
  share: z.number().min(0).max(1).default(1).describe('Share of their calls that is recorded'),
  maxMegabytes: integer(1, 64)
    .default(4)
    .describe('Most of one call; then its recording ends and the call goes on'),
  maxCalls: integer(1, 10_000)
    .default(100)
    .describe('Recordings in the folder; for a new one the oldest is deleted'),
});

const logSection = z.strictObject({
  level: z.enum(LOG_LEVELS).default('info').describe('Least important level that is written'),
  identifiers: z
    .enum(['plain', 'pseudonyms'])
    .default('plain')
    .describe('How conversations and organisations are named in logs and traces'),
  pseudonymKey: z
    .string()
    .min(16)
    .max(1_024)
    .optional()
    .describe(
      'Secret of the pseudonyms, so that replicas and restarts agree, such as `${BYOVA_LOG_KEY}`; default: a new one with each start',
    ),
});

/** The whole file. Every key is explained where it stands; what two keys say together is checked in `find-conflicts`. */
export const configSchema = z.strictObject({
  grpc: grpcSection.prefault({}).describe('The port that Webex calls'),
  admin: adminSection.prefault({}).describe('The port that operators call'),
  trust: trustSection.prefault({}).describe('Which credentials are believed'),
  dataSources: z
    .array(dataSourceSection)
    .min(1)
    .max(MAX_DATA_SOURCES)
    .describe('What is registered with Webex; at least one'),
  agents: z
    .array(agentSection)
    .max(MAX_AGENTS)
    .default([])
    .describe('Virtual agents; at least one when a data source is for voice-virtual-agent'),
  conversation: conversationSection.prefault({}).describe('The life of calls'),
  peers: peersSection
    .optional()
    .describe('How replicas that share conversations reach each other; default: not at all'),
  speech: speechSection.prefault({}).describe('The embedded speech synthesiser'),
  recorder: recorderSection
    .optional()
    .describe('The flight recorder: calls to replay, without what was said; default: none'),
  log: logSection.prefault({}).describe('The log on standard output'),
});
