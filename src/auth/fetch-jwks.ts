import { abortable } from '../core/abort.ts';
import type { Clock } from '../core/clock.ts';
import { isRecord } from '../core/json.ts';
import { maxAgeMs, retryAfterMs } from './http-freshness.ts';
import { parseJwks } from './parse-jwks.ts';

/** Why no keys came; also the `outcome` of the fetch metric. */
type JwksFailure =
  | 'network'
  | 'timeout'
  | 'redirect'
  | 'rate-limited'
  | 'status'
  | 'too-large'
  | 'malformed'
  | 'no-usable-keys'
  | 'file'
  | 'fault';

/** No keys, and what is known of the reason. */
export interface FailedJwks {
  readonly type: 'failed';
  readonly reason: JwksFailure;
  readonly status?: number;
  /** Such as `ECONNREFUSED`. */
  readonly networkCode?: string;
  /** How long the server wants to be left alone. */
  readonly retryAfterMs?: number;
}

/** What a key server, or a file in its place, answered. */
export type JwksAnswer =
  | {
      readonly type: 'keys';
      /** As they came; see `importKeys`. */
      readonly entries: readonly unknown[];
      /** How long the server says they may be kept. */
      readonly maxAgeMs: number | undefined;
    }
  | FailedJwks;

/**
 * Fetches a JWK set once.
 *
 * Only status 200 counts, redirects are not followed, the content type is not relied on, and neither the time until the
 * last byte nor the size is left to the server.
 *
 * @param limits.timeoutMs For the whole response, in milliseconds of `deps.clock`.
 * @param limits.maxBodyBytes Of the decoded body; reading ends there.
 * @param signal Ends the fetch, with reason `network`.
 * @returns Never a rejection.
 * @see protocol.md section 3.4
 */
export async function fetchJwks(
  url: string,
  limits: { readonly timeoutMs: number; readonly maxBodyBytes: number },
  deps: { readonly clock: Clock; readonly fetch: typeof fetch },
  signal: AbortSignal,
): Promise<JwksAnswer> {
  const ending = new AbortController();
  let isTimeout = false;
  const end = (): void => ending.abort();
  const deadline = deps.clock.setTimer(limits.timeoutMs, () => {
    isTimeout = true;
    end();
  });
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  try {
    return await abortable(request(url, limits.maxBodyBytes, deps, ending.signal), ending.signal);
  } catch (error) {
    return isTimeout
      ? { type: 'failed', reason: 'timeout' }
      : { type: 'failed', reason: 'network', ...networkCodeOf(error) };
  } finally {
    deadline.cancel();
    signal.removeEventListener('abort', end);
    // Lets go of a connection whose body nobody reads.
    end();
  }
}

async function request(
  url: string,
  maxBodyBytes: number,
  { clock, fetch }: { readonly clock: Clock; readonly fetch: typeof globalThis.fetch },
  signal: AbortSignal,
): Promise<JwksAnswer> {
  const response = await fetch(url, {
    redirect: 'manual',
    headers: { accept: 'application/json', 'accept-encoding': 'identity' },
    signal,
  });
  const { status, headers } = response;
  if (status !== 200) {
    const retry = retryAfterMs(headers.get('retry-after'), clock.now());
    return {
      type: 'failed',
      reason: reasonOfStatus(status),
      status,
      ...(retry === undefined ? {} : { retryAfterMs: retry }),
    };
  }
  const body = await readBody(response, maxBodyBytes);
  if (body === undefined) return { type: 'failed', reason: 'too-large' };
  const entries = parseJwks(body);
  if (entries === undefined) return { type: 'failed', reason: 'malformed' };
  return { type: 'keys', entries, maxAgeMs: maxAgeMs(headers.get('cache-control')) };
}

function reasonOfStatus(status: number): JwksFailure {
  if (status === 429) return 'rate-limited';
  return status >= 300 && status < 400 ? 'redirect' : 'status';
}

/** `undefined` when the body is larger. */
async function readBody(response: Response, maxBytes: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  if (response.body !== null)
    for await (const chunk of response.body) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) return undefined;
      chunks.push(chunk);
    }
  return Buffer.concat(chunks);
}

/** The code that the operating system, DNS or TLS gave; `fetch` hides it in `cause`, beside texts that are not ours to log. */
function networkCodeOf(error: unknown): { readonly networkCode?: string } {
  const cause = error instanceof Error && isRecord(error.cause) ? error.cause : {};
  return typeof cause['code'] === 'string' ? { networkCode: cause['code'] } : {};
}
