const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** One issuer whose tokens are accepted. */
export interface IssuerKeysIssuer {
  /** The `iss` claim. */
  readonly issuer: string;
  /** Where its keys are: https, or http on the loopback interface. */
  readonly jwksUri: string;
  /** A file with a JWK set that takes the place of the network: `jwksUri` is then never asked. Read again like a fetch. */
  readonly pinnedFile?: string | undefined;
}

/** Where the keys of the issuers come from, and how long they live. */
export interface IssuerKeysOptions {
  /** One or more, each `issuer` once. */
  readonly issuers: readonly IssuerKeysIssuer[];
  /** Least time to live, whatever the server says, in milliseconds; default 5 minutes. */
  readonly minTtlMs?: number | undefined;
  /** Greatest time to live, in milliseconds; default 6 hours. */
  readonly maxTtlMs?: number | undefined;
  /** For how long an unknown key id starts no other fetch, in milliseconds; default 30 seconds. */
  readonly coolDownMs?: number | undefined;
  /** For a whole response, in milliseconds; default 10 seconds. */
  readonly fetchTimeoutMs?: number | undefined;
  /** Of a response or pinned file, in bytes; default 256 KiB. */
  readonly maxBodyBytes?: number | undefined;
  /** How long keys are used past their time to live, in milliseconds, 0 or more; default 24 hours. */
  readonly staleMs?: number | undefined;
  /** Keeps the fetched keys over a restart; default: none. Its folder must exist. */
  readonly snapshotFile?: string | undefined;
}

/** What Webex's servers say in `max-age`, and the longest that a withdrawn key may live on. */
const DEFAULT_MAX_TTL_MS = 6 * HOUR_MS;
/** A server that says `max-age=0` is not asked all the time. */
const DEFAULT_MIN_TTL_MS = 5 * MINUTE_MS;
/** As in the published SDK (protocol.md section 3.4): one fetch in half a minute is no load, and no long wait. */
const DEFAULT_COOL_DOWN_MS = 30_000;
/** As in the published gateway (protocol.md section 3.4). */
const DEFAULT_FETCH_TIMEOUT_MS = 10_000;
/** A hundred RSA-4096 keys, each with its certificate. */
const DEFAULT_MAX_BODY_BYTES = 256 * 1024;
/** An outage of a working day and the night after it. */
const DEFAULT_STALE_MS = 24 * HOUR_MS;

/** Whole, bounded and frozen {@link IssuerKeysOptions}. */
export type CompiledIssuerKeysOptions = {
  readonly [Name in Exclude<keyof IssuerKeysOptions, 'issuers' | 'snapshotFile'>]-?: number;
} & Pick<IssuerKeysOptions, 'issuers' | 'snapshotFile'>;

/**
 * Completes the options.
 *
 * @throws {TypeError} When there is no issuer or one twice, an address is not safe, or a number is out of bounds.
 */
export function compileIssuerKeysOptions(options: IssuerKeysOptions): CompiledIssuerKeysOptions {
  const { issuers } = options;
  if (issuers.length === 0) throw new TypeError('no issuer is trusted');
  if (new Set(issuers.map(({ issuer }) => issuer)).size < issuers.length)
    throw new TypeError('an issuer is listed twice');
  for (const { jwksUri } of issuers) assertSafeUrl(jwksUri);
  const minTtlMs = atLeast(1, options.minTtlMs ?? DEFAULT_MIN_TTL_MS);
  return Object.freeze({
    issuers: [...issuers],
    minTtlMs,
    maxTtlMs: atLeast(minTtlMs, options.maxTtlMs ?? DEFAULT_MAX_TTL_MS),
    coolDownMs: atLeast(0, options.coolDownMs ?? DEFAULT_COOL_DOWN_MS),
    fetchTimeoutMs: atLeast(1, options.fetchTimeoutMs ?? DEFAULT_FETCH_TIMEOUT_MS),
    maxBodyBytes: atLeast(1, options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES),
    staleMs: atLeast(0, options.staleMs ?? DEFAULT_STALE_MS),
    snapshotFile: options.snapshotFile,
  });
}

function atLeast(least: number, value: number): number {
  if (Number.isFinite(value) && value >= least) return value;
  throw new TypeError(`a limit of the issuer keys is ${value}, and must be ${least} or more`);
}

/** Whoever can change the answer decides who gets in. */
function assertSafeUrl(text: string): void {
  const { protocol, hostname } = new URL(text);
  const isLoopback =
    hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/u.test(hostname);
  if (protocol !== 'https:' && !(protocol === 'http:' && isLoopback))
    throw new TypeError('keys are fetched over https, or over http from the loopback interface');
}
