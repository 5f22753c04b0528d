import type { SheddingLimits } from '../conversation/admission-pressure.ts';
import type { Agent, Fallback } from '../conversation/agent.ts';
import type { DirectoryOptions } from '../conversation/directory.ts';
import type { FliteVoice } from '../speech/flite-synthesiser.ts';
import type { LogLevel } from '../telemetry/logger.ts';
import type { ServerLimits } from '../transport/server-options.ts';

/** Where a server listens; port 0 lets the system choose. */
export interface ListenAddress {
  /** A host name or an IP address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Which organisations something is for: UUIDs in lower case, each once, or everybody. */
export type Organisations = 'any' | readonly string[];

/** Whose tokens are accepted, and where the keys of that issuer are. */
export interface IssuerConfig {
  readonly issuer: string;
  readonly jwksUri: string;
  /** Absolute path of a JWKS file that stands in for the fetch. */
  readonly pinnedFile?: string | undefined;
}

/** One registered data source: what a token for this gateway must say. */
export interface DataSourceConfig {
  /** The registered URL, character for character. */
  readonly url: string;
  /** UUID of the data-exchange schema, in lower case. */
  readonly schemaId: string;
  readonly audience: string;
  readonly subject: string;
  readonly organisations: Organisations;
}

/** One virtual agent; the composition root adds bot and recogniser, and turns the texts into sound. */
export interface AgentConfig extends Omit<
  Agent,
  'organisations' | 'bot' | 'relay' | 'recogniser' | 'apology' | 'patience' | 'fallback'
> {
  readonly organisations: Organisations;
  readonly bot: BotConfig;
  readonly recogniser:
    | { readonly use: string; readonly options: Readonly<Record<string, unknown>> }
    | undefined;
  /** Text of what the caller hears when the bot fails. */
  readonly apology: string;
  readonly answerTimeoutMs: number;
  readonly firstAudioTimeoutMs: number;
  readonly filler: { readonly say: string; readonly afterMs: number; readonly times: number };
  readonly fallback: Omit<Fallback, 'farewell'> & { readonly say: string };
}

/** Who answers, and what the gateway does to keep the bot from harm, and others from the bot. */
export interface BotConfig {
  /** Name of a shipped bot, a package, or a file. */
  readonly use: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly limits: {
    readonly maxConcurrent: number;
    /** 0: no breaker. */
    readonly breakerFailures: number;
    readonly breakerMs: number;
  };
  /** `undefined`: in the process itself. */
  readonly isolate:
    | {
        readonly workers: number;
        readonly maxMemoryMb: number;
        readonly unresponsiveMs: number;
      }
    | undefined;
}

/** Certificates of a server, as absolute paths of PEM files. */
interface CertificateConfig {
  readonly certFile: string;
  readonly keyFile: string;
  /** When there: every client must show a certificate that this authority signed. */
  readonly clientCaFile: string | undefined;
}

/** Certificates of the gRPC server. */
export interface TlsConfig extends CertificateConfig {
  /** Names a client certificate may carry, `*` standing for one label; empty: any name. */
  readonly clientNames: readonly string[];
}

/** What a refused, repeated or renewed token means (protocol.md section 3.3). */
interface ReplayConfig {
  readonly policy: 'rotation' | 'registered' | 'single-use' | 'off';
  /** How long the generation before the current one is still accepted; `undefined`: until it expires. */
  readonly overlapMs: number | undefined;
  readonly onStoreFailure: 'local' | 'refuse';
  /** What replicas share; `undefined`: each process decides by its own memory. */
  readonly redis: RedisConfig | undefined;
}

/** A Redis that replicas share. */
interface RedisConfig {
  /** May hold a secret. */
  readonly url: string;
  readonly keyPrefix: string;
}

/** How replicas reach each other. */
export interface PeersConfig {
  readonly listen: ListenAddress;
  /** `host:port`; `undefined`: where it listens. */
  readonly advertise: string | undefined;
  /** A secret. */
  readonly token: string | undefined;
  /** Absolute paths of PEM files; `undefined`: plaintext. */
  readonly tls:
    | {
        readonly certFile: string;
        readonly keyFile: string;
        readonly caFile: string;
        readonly serverName: string | undefined;
      }
    | undefined;
}

/** Which calls the flight recorder takes down, and how much of them. */
interface RecorderConfig {
  /** Absolute path. */
  readonly folder: string;
  readonly organisations: Organisations;
  readonly share: number;
  readonly maxBytes: number;
  readonly maxCalls: number;
}

/** Everything the gateway was told, checked, complete and deeply frozen. Keys are explained in `CONFIG_KEYS`. */
export interface Config {
  /** Absolute path of the folder that relative paths in bots' options start from. */
  readonly baseDir: string;
  /** Paths of the settings, as written in the file, whose text came from the environment in whole or in part. */
  readonly environmentPaths: readonly string[];
  readonly grpc: {
    readonly listen: ListenAddress;
    /** `undefined`: plaintext. */
    readonly tls: TlsConfig | undefined;
    readonly limits: ServerLimits & {
      /** From the signal to stop until running turns are asked to end. */
      readonly drainGraceMs: number;
      /** From the signal to stop until everything is cut; at least `drainGraceMs`. */
      readonly drainForceMs: number;
    };
  };
  readonly admin: {
    readonly listen: ListenAddress;
    /** `undefined`: plaintext. */
    readonly tls: CertificateConfig | undefined;
    /** A secret; `undefined`: the port only shows. */
    readonly token: string | undefined;
  };
  readonly trust: {
    readonly issuers: readonly IssuerConfig[];
    readonly clockSkewMs: number;
    readonly requireCustomerOrgId: boolean;
    /** Absolute path; `undefined`: the data sources alone say who may call. */
    readonly organisationsFile: string | undefined;
    readonly replay: ReplayConfig;
    readonly keys: {
      /** Absolute path; `undefined`: no snapshot is kept. */
      readonly snapshotFile: string | undefined;
      /** How long keys are used when they cannot be fetched anew. */
      readonly staleMs: number;
    };
  };
  readonly dataSources: readonly DataSourceConfig[];
  readonly agents: readonly AgentConfig[];
  readonly conversation: DirectoryOptions & {
    readonly shedding: SheddingLimits;
    /** `undefined`: this process alone knows its calls. */
    readonly redis: RedisConfig | undefined;
    readonly onStoreFailure: 'local' | 'refuse';
  };
  /** `undefined`: there are none. */
  readonly peers: PeersConfig | undefined;
  readonly speech: {
    readonly voice: FliteVoice;
    readonly cacheBytes: number;
    readonly workers: number;
  };
  /** `undefined`: no call is recorded. */
  readonly recorder: RecorderConfig | undefined;
  readonly log: {
    readonly level: LogLevel;
    readonly identifiers: 'plain' | 'pseudonyms';
    /** A secret; `undefined`: one of the process. */
    readonly pseudonymKey: string | undefined;
  };
}
