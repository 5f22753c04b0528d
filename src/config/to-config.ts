import { resolve } from 'node:path';

import type { ConfigSettings } from './check-schema.ts';
import type {
  AgentConfig,
  Config,
  DataSourceConfig,
  Organisations,
  PeersConfig,
  TlsConfig,
} from './config.ts';
import { toIssuer } from './trust-section.ts';

const MS_PER_HOUR = 3_600_000;
const BYTES_PER_MEGABYTE = 1_048_576;

/** Turns checked settings into the gateway's own terms: milliseconds, bytes, absolute paths, our spelling. */
export function toConfig(
  settings: ConfigSettings,
  origin: Pick<Config, 'baseDir' | 'environmentPaths'>,
): Config {
  const { grpc, trust, conversation, speech, recorder } = settings;
  const { limits, tls } = grpc;
  const { replay, keys } = trust;
  return {
    ...origin,
    grpc: {
      listen: grpc.listen,
      tls: tls && toTls(tls, origin.baseDir),
      limits: {
        maxReceiveBytes: limits.maxReceiveBytes,
        maxStreamsPerConnection: limits.maxStreamsPerConnection,
        maxSessionMemoryMb: limits.maxSessionMemoryMb,
        keepaliveMs: toMs(limits.keepaliveSeconds),
        firstMessageTimeoutMs: toMs(limits.firstMessageTimeoutSeconds),
        writeStallTimeoutMs: toMs(limits.writeStallTimeoutSeconds),
        drainGraceMs: toMs(limits.drainGraceSeconds),
        drainForceMs: toMs(limits.drainForceSeconds),
      },
    },
    admin: {
      listen: settings.admin.listen,
      tls: settings.admin.tls && toCertificate(settings.admin.tls, origin.baseDir),
      token: settings.admin.token,
    },
    trust: {
      issuers: trust.issuers.map((issuer) => ({
        ...toIssuer(issuer),
        pinnedFile: toPath(issuer.pinnedFile, origin.baseDir),
      })),
      clockSkewMs: toMs(trust.clockSkewSeconds),
      requireCustomerOrgId: trust.requireCustomerOrgId,
      organisationsFile: toPath(trust.organizationsFile, origin.baseDir),
      replay: {
        policy: replay.policy,
        overlapMs: replay.overlapSeconds === undefined ? undefined : toMs(replay.overlapSeconds),
        // Where each token counts once, guessing alone would accept it once in every process.
        onStoreFailure:
          replay.onStoreFailure ?? (replay.policy === 'single-use' ? 'refuse' : 'local'),
        redis: replay.redis,
      },
      keys: {
        snapshotFile: toPath(keys.snapshotFile, origin.baseDir),
        staleMs: Math.round(keys.staleHours * MS_PER_HOUR),
      },
    },
    dataSources: settings.dataSources.map(toDataSource),
    agents: settings.agents.map(toAgent),
    conversation: {
      idleTimeoutMs: toMs(conversation.idleTimeoutSeconds),
      maxConversations: conversation.maxConversations,
      maxPerOrganisation: conversation.maxPerOrganization ?? conversation.maxConversations,
      organisationLimits: Object.fromEntries(
        conversation.organizationLimits.map(({ organization, maxConversations }) => [
          organization,
          maxConversations,
        ]),
      ),
      unknown: conversation.unknown,
      shedding: {
        loopDelayMs: conversation.shedding.loopDelayMs,
        heapShare: conversation.shedding.heapPercent / 100,
      },
      redis: conversation.redis,
      onStoreFailure: conversation.onStoreFailure,
    },
    peers: settings.peers && toPeers(settings.peers, origin.baseDir),
    speech: {
      voice: speech.voice,
      cacheBytes: speech.cacheMegabytes * BYTES_PER_MEGABYTE,
      workers: speech.workers,
    },
    recorder: recorder && {
      folder: resolve(origin.baseDir, recorder.folder),
      organisations: toOrganisations(recorder.organizations),
      share: recorder.share,
      maxBytes: recorder.maxMegabytes * BYTES_PER_MEGABYTE,
      maxCalls: recorder.maxCalls,
    },
    log: { ...settings.log, pseudonymKey: settings.log.pseudonymKey },
  };
}

function toTls(tls: NonNullable<ConfigSettings['grpc']['tls']>, baseDir: string): TlsConfig {
  return { ...toCertificate(tls, baseDir), clientNames: tls.clientNames ?? [] };
}

function toCertificate(
  tls: NonNullable<ConfigSettings['admin']['tls']>,
  baseDir: string,
): NonNullable<Config['admin']['tls']> {
  return {
    certFile: resolve(baseDir, tls.cert),
    keyFile: resolve(baseDir, tls.key),
    clientCaFile: toPath(tls.clientCa, baseDir),
  };
}

function toPeers(
  { listen, advertise, token, tls }: NonNullable<ConfigSettings['peers']>,
  baseDir: string,
): PeersConfig {
  return {
    listen,
    advertise,
    token,
    tls: tls && {
      certFile: resolve(baseDir, tls.cert),
      keyFile: resolve(baseDir, tls.key),
      caFile: resolve(baseDir, tls.ca),
      serverName: tls.serverName,
    },
  };
}

function toDataSource(source: ConfigSettings['dataSources'][number]): DataSourceConfig {
  return {
    url: source.url,
    schemaId: source.schema,
    audience: source.audience,
    subject: source.subject,
    organisations: toOrganisations(source.organizations),
  };
}

function toAgent(agent: ConfigSettings['agents'][number]): AgentConfig {
  const { speech, digits } = agent;
  const { maxLength, terminator, interDigitTimeoutMs } = digits;
  const { onsetMs, completeTimeoutMs, incompleteTimeoutMs, maxSpeechMs, noInputTimeoutMs } = speech;
  return {
    id: agent.id,
    name: agent.name ?? agent.id,
    isDefault: agent.default,
    maxConversations: agent.maxConversations,
    organisations: toOrganisations(agent.organizations),
    attributes: agent.attributes,
    bot: {
      use: agent.bot.use,
      options: agent.bot.options,
      limits: {
        maxConcurrent: agent.bot.limits.maxConcurrent,
        breakerFailures: agent.bot.limits.breakerFailures,
        breakerMs: toMs(agent.bot.limits.breakerSeconds),
      },
      isolate: agent.bot.isolate && {
        workers: agent.bot.isolate.workers,
        maxMemoryMb: agent.bot.isolate.maxMemoryMb,
        unresponsiveMs: toMs(agent.bot.isolate.unresponsiveSeconds),
      },
    },
    bargeIn: { ...agent.bargeIn, onsetMs: agent.bargeIn.onsetMs ?? 0 },
    recogniser: agent.recogniser,
    playback: agent.playback,
    listen: {
      mode: 'voice-and-digits',
      digits: {
        ...(maxLength !== undefined && { maxLength }),
        ...(terminator !== undefined && { terminator }),
        ...(interDigitTimeoutMs !== undefined && { interDigitTimeoutMs }),
      },
      speech: {
        completeTimeoutMs,
        maxSpeechMs,
        ...(incompleteTimeoutMs !== undefined && { incompleteTimeoutMs }),
        ...(noInputTimeoutMs !== undefined && { noInputTimeoutMs }),
      },
    },
    endpointing: {
      onsetMs,
      completeTimeoutMs,
      incompleteTimeoutMs: incompleteTimeoutMs ?? completeTimeoutMs,
      maxSpeechMs,
    },
    inBandDigits: digits.inBand,
    endOfInput: speech.endOfInput,
    apology: agent.apology,
    answerTimeoutMs: toMs(agent.answerTimeoutSeconds),
    firstAudioTimeoutMs: toMs(agent.firstAudioTimeoutSeconds),
    filler: {
      say: agent.filler.say,
      afterMs: toMs(agent.filler.afterSeconds),
      times: agent.filler.times,
    },
    fallback: {
      attempts: agent.fallback.attempts,
      action: agent.fallback.action,
      say: agent.fallback.say,
    },
  };
}

function toOrganisations(list: Organisations): Organisations {
  return list === 'any' ? 'any' : [...new Set(list)];
}

function toPath(file: string | undefined, baseDir: string): string | undefined {
  return file === undefined ? undefined : resolve(baseDir, file);
}

function toMs(seconds: number): number {
  return Math.round(seconds * 1_000);
}
