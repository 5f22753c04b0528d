import { type FailedJwks, fetchJwks } from '../auth/fetch-jwks.ts';
import { type ImportedKey, importKeys } from '../auth/import-keys.ts';
import type { IssuerKeysIssuer } from '../auth/issuer-keys-options.ts';
import type { KeySource } from '../auth/key-source.ts';
import { loadPinnedKeys } from '../auth/load-pinned-keys.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { isRecord } from '../core/json.ts';
import { type Finding, quote, right, risk, toCount, wrong } from './doctor-finding.ts';
import { describeNetworkFailure, formatSpan } from './doctor-words.ts';

/** What the examination of issuers works with. */
export interface DoctorDeps {
  readonly clock: Clock;
  readonly fetch: typeof fetch;
  /** Longest wait for each answer, in milliseconds. */
  readonly timeoutMs: number;
}

/** What is known of one issuer after it was asked. */
export interface IssuerReport {
  readonly issuer: string;
  /** Those that the gateway would use; `undefined` when none came. */
  readonly keys: readonly ImportedKey[] | undefined;
  readonly findings: readonly Finding[];
  /** By how much this machine's clock is ahead of the issuer's, in milliseconds, one second more or less. */
  readonly clockAheadMs: number | undefined;
}

const MAX_BODY_BYTES = 256 * 1024;
/** The Date header counts whole seconds, and a request takes its time. */
const CLOCK_TOLERANCE_MS = 2_000;

/** Fetches the keys of an issuer as the gateway does, and says what came of it. */
export async function examineIssuer(
  { issuer, jwksUri, pinnedFile }: IssuerKeysIssuer,
  deps: DoctorDeps,
): Promise<IssuerReport> {
  let clockAheadMs: number | undefined;
  const watchedFetch: typeof fetch = async (input, init) => {
    const askedAtMs = deps.clock.now();
    const response = await deps.fetch(input, init);
    clockAheadMs = toClockAhead(response.headers, askedAtMs, deps.clock.now());
    return response;
  };
  const answer =
    pinnedFile === undefined
      ? await fetchJwks(
          jwksUri,
          { timeoutMs: deps.timeoutMs, maxBodyBytes: MAX_BODY_BYTES },
          { clock: deps.clock, fetch: watchedFetch },
          new AbortController().signal,
        )
      : await loadPinnedKeys(pinnedFile, MAX_BODY_BYTES);
  const failed = (failure: FailedJwks, more: readonly Finding[] = []): IssuerReport => ({
    issuer,
    keys: undefined,
    findings: [toFailureFinding(issuer, jwksUri, failure), ...more],
    clockAheadMs,
  });
  if (answer.type === 'failed') return failed(answer);
  const keys = await importKeys(answer.entries);
  const skipped = await findSkipped(issuer, answer.entries);
  if (keys.length === 0) return failed({ type: 'failed', reason: 'no-usable-keys' }, skipped);
  const { maxAgeMs } = answer;
  const life =
    pinnedFile !== undefined
      ? 'from a file'
      : maxAgeMs === undefined
        ? 'HTTP 200, which does not say for how long'
        : `HTTP 200, good for ${formatSpan(maxAgeMs)}`;
  const text = `${issuer}: ${toCount(keys.length, 'usable key')} (${life})`;
  return { issuer, keys, findings: [right(text), ...skipped], clockAheadMs };
}

/** Holds the machine's clock against those of the issuers. */
export function examineClock(
  reports: readonly IssuerReport[],
  clockSkewMs: number,
): readonly Finding[] {
  const aheads = reports
    .map(({ clockAheadMs }) => clockAheadMs)
    .filter((ms) => ms !== undefined)
    .sort((a, b) => a - b);
  // One issuer's clock may be wrong as well; the one in the middle is the best witness.
  const aheadMs = aheads[aheads.length >> 1];
  if (aheadMs === undefined) return [];
  if (Math.abs(aheadMs) <= CLOCK_TOLERANCE_MS)
    return [right('the clock of this machine agrees with the issuers’')];
  const text = `the clock of this machine is ${formatSpan(aheadMs)} ${aheadMs > 0 ? 'ahead' : 'behind'}`;
  const advice = 'synchronise it (NTP)';
  return Math.abs(aheadMs) > clockSkewMs
    ? [wrong(`${text}: tokens are refused beyond ${formatSpan(clockSkewMs)}`, advice)]
    : [risk(`${text}; ${formatSpan(clockSkewMs)} are forgiven`, advice)];
}

/** The fetched keys, for the authenticator; nothing is fetched again. */
export function toKeySource(reports: readonly IssuerReport[]): KeySource {
  return {
    find(issuer, keyId) {
      const keys = reports.find((report) => report.issuer === issuer)?.keys;
      if (keys === undefined)
        throw new GatewayError('ERR_AUTH_KEYS_UNAVAILABLE', 'the issuer’s keys did not come');
      const found = keys.find((key) => key.keyId === keyId);
      if (found === undefined)
        throw new GatewayError('ERR_AUTH_KEY_UNKNOWN', 'the issuer publishes no such key');
      return { keyId, key: found.key, isTrusted: () => true };
    },
    start: async () => undefined,
    status: () => [],
    close: async () => undefined,
  };
}

function toClockAhead(headers: Headers, askedAtMs: number, answeredAtMs: number) {
  const dateMs = Date.parse(headers.get('date') ?? '');
  if (Number.isNaN(dateMs)) return undefined;
  // A cache in between hands on an old date, and says how old it is (RFC 9111 section 5.1).
  const ageMs = Number(headers.get('age') ?? 0) * 1_000 || 0;
  return (askedAtMs + answeredAtMs) / 2 - (dateMs + ageMs + 500);
}

function toFailureFinding(issuer: string, jwksUri: string, failure: FailedJwks): Finding {
  const { text, advice } = describeFailure(new URL(jwksUri).host, failure);
  return wrong(
    `${issuer}: no keys, ${text}`,
    `${advice}; tokens of this issuer are refused without its keys`,
    'ERR_AUTH_KEYS_UNAVAILABLE',
  );
}

function describeFailure(
  host: string,
  { reason, status, networkCode, retryAfterMs }: FailedJwks,
): { readonly text: string; readonly advice: string } {
  const checkAddress = 'check jwksUri and the way out to it';
  switch (reason) {
    case 'network':
      return { text: `${host} ${describeNetworkFailure(networkCode)}`, advice: checkAddress };
    case 'timeout':
      return { text: `${host} does not answer in time`, advice: checkAddress };
    case 'redirect':
      return {
        text: `${host} answers HTTP ${status ?? 302} and sends the gateway elsewhere, where it does not go`,
        advice: 'write the last address into jwksUri',
      };
    case 'rate-limited':
      return {
        text: `${host} answers HTTP 429, too many requests`,
        advice:
          retryAfterMs === undefined ? 'wait a while' : `wait for ${formatSpan(retryAfterMs)}`,
      };
    case 'status':
      return {
        text: `${host} answers HTTP ${status ?? 'with an error'}`,
        advice: status === 404 ? 'check jwksUri' : 'try again later',
      };
    case 'too-large':
      return { text: 'the answer is larger than any key set', advice: 'check jwksUri' };
    case 'malformed':
      return { text: 'the answer is no JWK set', advice: 'check jwksUri' };
    case 'no-usable-keys':
      return {
        text: 'the key set holds no RSA signature key of 2048 bits or more',
        advice: 'check jwksUri',
      };
    case 'file':
      return {
        text: 'the pinned file cannot be read, or anybody may write it',
        advice: 'check the file and its permissions',
      };
    case 'fault':
      return { text: 'they cannot be used', advice: 'check jwksUri' };
    default:
      return reason satisfies never;
  }
}

/** Keys that the gateway leaves out. That it does is `importKeys`' decision; the words for it are found here. */
async function findSkipped(
  issuer: string,
  entries: readonly unknown[],
): Promise<readonly Finding[]> {
  const seen = new Set<string>();
  const reasons: string[] = [];
  for (const entry of entries) {
    const [usable] = await importKeys([entry]);
    if (usable === undefined) reasons.push(describeSkipped(entry));
    else if (seen.has(usable.keyId)) reasons.push(`${nameOf(entry)} is there twice`);
    else seen.add(usable.keyId);
  }
  if (reasons.length === 0) return [];
  const shown = reasons.slice(0, 5).join('; ') + (reasons.length > 5 ? '; …' : '');
  return [
    risk(
      `${issuer}: ${toCount(reasons.length, 'key')} left out: ${shown}`,
      'none, unless tokens name them',
    ),
  ];
}

function describeSkipped(entry: unknown): string {
  if (!isRecord(entry)) return 'an entry that is no key';
  const { kty, use, alg, key_ops: operations, n } = entry;
  const name = nameOf(entry);
  if (kty !== 'RSA') return `${name} is no RSA key`;
  if (typeof entry['kid'] !== 'string' || entry['kid'] === '') return 'a key without a kid';
  if (use !== undefined && use !== 'sig') return `${name} is not for signatures`;
  if (alg !== undefined && alg !== 'RS256') return `${name} is not for RS256`;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify')))
    return `${name} is not for verifying`;
  const bits = typeof n === 'string' ? Buffer.from(n, 'base64url').length * 8 : 0;
  if (bits > 0 && bits < 2_048) return `${name} has ${bits} bits, and 2048 are the least`;
  return `${name} is broken`;
}

function nameOf(entry: unknown): string {
  return isRecord(entry) && typeof entry['kid'] === 'string' ? quote(entry['kid']) : 'a key';
}
