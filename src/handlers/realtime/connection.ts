import { WebSocket } from 'ws';

import { AbortError } from '../../core/abort.ts';
import { type Clock, every } from '../../core/clock.ts';
import { GatewayError, isGatewayError } from '../../core/gateway-error.ts';
import type { ClientEvent } from './client-event.ts';
import type { RealtimeOptions } from './realtime-options.ts';
import { type ServerEvent, decodeServerEvent } from './server-event.ts';

/** Largest message of the server: half a minute of sound in one event. */
const MAX_MESSAGE_BYTES = 512 * 1024;
/** What may wait for a server that does not read, in bytes: half a minute of the caller. */
const MAX_UNSENT_BYTES = 512 * 1024;
/** Events in a second that nobody waits for: far more than a model at work sends. */
const MAX_IDLE_EVENTS = 2000;
const FLOOD_WINDOW_MS = 1000;
const PING_INTERVAL_MS = 15_000;
/** How long a closing connection waits for the server. */
const CLOSE_GRACE_MS = 1000;
/** Codes that come again if the bot does: refused by policy, not authorised, or talking nonsense. */
const REFUSALS: ReadonlySet<number> = new Set([1002, 1003, 1007, 1008, 1009, 1010, 3000, 3003]);

/** Who hears of a connection. */
export interface ConnectionListener {
  /** @returns Whether the event was waited for. */
  onEvent(event: ServerEvent): boolean;
  /** Called once, unless `close` was; `canReopen` when another connection may do better. */
  onBroken(error: GatewayError, canReopen: boolean): void;
}

/** One WebSocket to the server. */
export interface Connection {
  /**
   * Sends an event with an id of its own, or drops it when the connection is gone.
   *
   * @returns The id.
   */
  send(event: ClientEvent): string;
  /** Stops and continues reading from the network. */
  pause(): void;
  resume(): void;
  /** Says goodbye and lets go; does not wait. */
  close(): void;
  /** Gives the connection up, as when it breaks. */
  fail(error: GatewayError, canReopen: boolean): void;
}

/**
 * Opens a connection. It answers pings, sends its own, and breaks when they are not answered, when a message is malformed
 * or too large, or when the server floods it.
 *
 * @throws {AbortError} When `signal` fired first.
 * @throws {GatewayError} `ERR_HANDLER_FAILED` when the server cannot be reached or refuses, with `detail.status`.
 */
export async function openConnection(
  options: RealtimeOptions,
  clock: Clock,
  listener: ConnectionListener,
  signal: AbortSignal,
): Promise<Connection> {
  const socket = new WebSocket(urlOf(options), {
    headers: {
      authorization: `Bearer ${options.apiKey}`,
      ...(options.dialect === 'beta' && { 'openai-beta': 'realtime=v1' }),
    },
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    followRedirects: false,
  });
  return untilOpen(socket, () => watch(socket, clock, listener), signal);
}

function urlOf({ url, model }: RealtimeOptions): string {
  const target = new URL(url);
  if (model !== undefined) target.searchParams.set('model', model);
  return target.href;
}

/** @param begin Called as soon as it is open, for the first message may come in the same packet. */
async function untilOpen(
  socket: WebSocket,
  begin: () => Connection,
  signal: AbortSignal,
): Promise<Connection> {
  const onAbort = (): void => socket.terminate();
  try {
    return await new Promise<Connection>((resolve, reject) => {
      socket.on('open', () => resolve(begin()));
      // Also for the one that `terminate` brings about.
      socket.on('error', (error) => reject(failed('cannot be reached', detailOf(error))));
      socket.on('unexpected-response', (request, { statusCode: status }) => {
        reject(failed('refused the connection', { status }));
        request.destroy();
      });
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
    });
  } catch (error) {
    if (signal.aborted) throw new AbortError(signal.reason);
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function watch(socket: WebSocket, clock: Clock, listener: ConnectionListener): Connection {
  let isOver = false;
  let isAlive = true;
  let lastId = 0;
  let idleEvents = 0;
  let windowEndMs = 0;

  const finish = (): boolean => {
    if (isOver) return false;
    isOver = true;
    pings.close();
    return true;
  };
  const fail = (error: GatewayError, canReopen: boolean): void => {
    if (!finish()) return;
    socket.terminate();
    listener.onBroken(error, canReopen);
  };
  const isFlood = (): boolean => {
    const now = clock.now();
    if (now >= windowEndMs) {
      windowEndMs = now + FLOOD_WINDOW_MS;
      idleEvents = 0;
    }
    return ++idleEvents > MAX_IDLE_EVENTS;
  };
  const pings = every(clock, PING_INTERVAL_MS, () => {
    // Nothing is heard of a connection that is not read from.
    if (socket.isPaused) return;
    if (!isAlive) return fail(failed('does not answer'), true);
    isAlive = false;
    socket.ping();
  });

  socket.on('pong', () => {
    isAlive = true;
  });
  socket.on('message', (data: Buffer, isBinary) => {
    if (isOver) return;
    isAlive = true;
    try {
      if (isBinary) throw new GatewayError('ERR_HANDLER_OUTPUT', 'the realtime server sent bytes');
      const isWanted = listener.onEvent(decodeServerEvent(data.toString('utf8')));
      if (!isWanted && isFlood())
        throw new GatewayError('ERR_HANDLER_OUTPUT', 'the realtime server sends too many events');
    } catch (error) {
      if (!isGatewayError(error)) throw error;
      fail(error, false);
    }
  });
  socket.on('error', (error) => {
    const detail = detailOf(error);
    const isProtocol = detail.networkCode.startsWith('WS_ERR_');
    fail(
      isProtocol
        ? new GatewayError('ERR_HANDLER_OUTPUT', 'the realtime server broke WebSocket', { detail })
        : failed('broke the connection', detail),
      !isProtocol,
    );
  });
  socket.on('close', (closeCode) =>
    fail(failed('closed the connection', { closeCode }), !REFUSALS.has(closeCode)),
  );

  return {
    send(event) {
      const id = `${event.type}/${++lastId}`;
      if (isOver) return id;
      socket.send(JSON.stringify({ event_id: id, ...event }));
      if (socket.bufferedAmount > MAX_UNSENT_BYTES) fail(failed('does not read'), true);
      return id;
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close() {
      if (!finish()) return;
      socket.resume();
      socket.close(1000);
      const patience = clock.setTimer(CLOSE_GRACE_MS, () => socket.terminate());
      socket.on('close', () => patience.cancel());
    },
    fail,
  };
}

/** A failure of the server, in words of ours. */
export function failed(what: string, detail: Readonly<Record<string, unknown>> = {}): GatewayError {
  return new GatewayError('ERR_HANDLER_FAILED', `the realtime server ${what}`, { detail });
}

/** The code that the operating system, DNS, TLS or `ws` gave. */
function detailOf(error: Error): { readonly networkCode: string } {
  return {
    networkCode: 'code' in error && typeof error.code === 'string' ? error.code : 'unknown',
  };
}
