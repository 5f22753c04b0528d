import { abortable } from '../../core/abort.ts';
import type { Clock } from '../../core/clock.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { isRecord } from '../../core/json.ts';
import { signBody } from './sign-body.ts';

/** What requests are made with. */
export interface PostDeps {
  readonly fetch: typeof fetch;
  readonly clock: Clock;
}

/** Where a message goes, and how long it may take. */
export interface PostTarget {
  readonly url: string;
  readonly secret: string;
  /** Until the last byte of the answer, in milliseconds; a second try included. */
  readonly timeoutMs: number;
}

/** Largest answer: more than anybody listens to. */
const MAX_RESPONSE_BYTES = 64 * 1024;
/** Before the one second try, so that a webhook that is restarting has come back. */
const RETRY_DELAY_MS = 200;
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/iu;

/**
 * Posts JSON, signed, and reads the answer.
 *
 * Tried again once when the connection was refused, for then nothing was sent; never otherwise, or a caller's input could
 * count twice. Redirects are not followed: the answer must come from whom the configuration names.
 *
 * @param signal Ends the request at once.
 * @param headers Sent along; what is signed and what JSON needs wins.
 * @returns The JSON of a 200; empty for a 204.
 * @throws {AbortError} When `signal` fired.
 * @throws {GatewayError} `ERR_HANDLER_TIMEOUT` after `timeoutMs`; `ERR_HANDLER_FAILED` for anything else but a 200 with at
 * most 64 KB of JSON, or a 204. Neither quotes the answer.
 */
export async function postSigned(
  { url, secret, timeoutMs }: PostTarget,
  body: string,
  deps: PostDeps,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const ending = new AbortController();
  let isTimeout = false;
  const end = (): void => ending.abort();
  const deadline = deps.clock.setTimer(timeoutMs, () => {
    isTimeout = true;
    end();
  });
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  const init: RequestInit = {
    method: 'POST',
    redirect: 'manual',
    headers: {
      ...headers,
      'content-type': 'application/json',
      accept: 'application/json',
      'accept-encoding': 'identity',
      ...signBody(secret, body, deps.clock.now()),
    },
    body,
    signal: ending.signal,
  };
  try {
    return await abortable(request(url, init, deps), ending.signal);
  } catch (error) {
    if (!isTimeout) throw error;
    throw new GatewayError('ERR_HANDLER_TIMEOUT', `the webhook took longer than ${timeoutMs} ms`);
  } finally {
    deadline.cancel();
    signal.removeEventListener('abort', end);
    // Lets go of a connection whose answer nobody reads.
    end();
  }
}

async function request(url: string, init: RequestInit, deps: PostDeps): Promise<string> {
  const response = await connect(url, init, deps);
  const { status, headers } = response;
  if (status === 204) return '';
  if (status !== 200)
    throw failed(
      status >= 300 && status < 400 ? 'redirected' : 'answered with another status than 200',
      {
        status,
      },
    );
  if (!JSON_TYPE.test(headers.get('content-type') ?? ''))
    throw failed('answered with a content type other than JSON');
  return readBody(response);
}

async function connect(url: string, init: RequestInit, deps: PostDeps): Promise<Response> {
  try {
    return await deps.fetch(url, init);
  } catch (error) {
    if (networkCodeOf(error) !== 'ECONNREFUSED') throw unreachable(error);
  }
  await new Promise<void>((resolve) => void deps.clock.setTimer(RETRY_DELAY_MS, resolve));
  try {
    return await deps.fetch(url, init);
  } catch (error) {
    throw unreachable(error);
  }
}

async function readBody({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    if (body !== null)
      for await (const chunk of body) {
        bytes += chunk.byteLength;
        if (bytes > MAX_RESPONSE_BYTES) break;
        chunks.push(chunk);
      }
  } catch (error) {
    throw unreachable(error);
  }
  if (bytes > MAX_RESPONSE_BYTES)
    throw failed(`answered with more than ${MAX_RESPONSE_BYTES} bytes`);
  return Buffer.concat(chunks).toString('utf8');
}

function unreachable(error: unknown): GatewayError {
  return failed('cannot be reached', { networkCode: networkCodeOf(error) ?? 'unknown' });
}

function failed(what: string, detail: Readonly<Record<string, unknown>> = {}): GatewayError {
  return new GatewayError('ERR_HANDLER_FAILED', `the webhook ${what}`, { detail });
}

/** The code that the operating system, DNS or TLS gave; `fetch` hides it in `cause`. */
function networkCodeOf(error: unknown): string | undefined {
  const cause = error instanceof Error && isRecord(error.cause) ? error.cause : {};
  return typeof cause['code'] === 'string' ? cause['code'] : undefined;
}
