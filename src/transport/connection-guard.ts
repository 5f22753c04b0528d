import type {
  Http2SecureServer,
  Http2Server,
  ServerHttp2Session,
  ServerHttp2Stream,
} from 'node:http2';
import type { TLSSocket } from 'node:tls';

import { constants } from 'node:http2';

import { type Clock, type Timer, every } from '../core/clock.ts';

/** How much strangers may hold. */
export interface ConnectionLimits {
  /** Receive window of a connection, in bytes, whoever sends; grpc-js leaves it at 64 KB, which is what 64 calls send in 40 ms. */
  readonly windowBytes: number;
  /** A connection on which no stream begins for this long is asked to go (GOAWAY), in milliseconds; a call is never cut. */
  readonly idleMs: number;
  /** Connections of all kinds; beyond it they are closed as they come. */
  readonly maxConnections: number;
  /** Connections on which no RPC was admitted yet; beyond it the oldest of them is closed. */
  readonly maxUnproven: number;
  /** Streams on such connections that wait to be admitted; beyond it the oldest connection with one is closed. */
  readonly maxWaiting: number;
  /** A stream on such a connection is reset when it was not admitted for this long, in milliseconds. */
  readonly admissionTimeoutMs: number;
}

/** Connections that are open, and how many may be. */
export interface ConnectionCounts {
  readonly open: number;
  readonly maxOpen: number;
  /** Those on which no RPC was admitted yet. */
  readonly unproven: number;
  readonly maxUnproven: number;
}

/** Watches the connections of a server. */
export interface ConnectionGuard {
  readonly counts: () => ConnectionCounts;
  /**
   * Takes a server under watch, before its first connection.
   *
   * @param onRefused Called with the address of a client that failed its TLS handshake, and why.
   */
  watch(
    server: Http2Server | Http2SecureServer,
    onRefused: (peer: string, reason: string) => void,
  ): void;
  /** The RPC of a stream was admitted: who sends on its connection is no stranger any more. */
  admitted(stream: Pick<ServerHttp2Stream, 'session'>): void;
  /**
   * Tells every client to go elsewhere (GOAWAY) and waits until the connections there were have closed, each after its
   * last stream, but no longer than `graceMs`.
   */
  drain(graceMs: number): Promise<void>;
  /** Cuts every connection. grpc-js's `forceShutdown` cuts none when channelz is off: it keeps no list of them then. */
  close(): void;
}

const IDLE_SWEEP_MS = 60_000;

/**
 * Creates the guard, which keeps what unauthenticated peers hold within bounds without closing the door to others: when
 * strangers are too many the one that has stayed longest without a credential gives way, and a client with a valid token
 * is a stranger for one round trip only. Health probes stay strangers; a flood may cost them a connection.
 */
export function createConnectionGuard(
  limits: ConnectionLimits,
  { clock }: { readonly clock: Clock },
): ConnectionGuard {
  /** Each with when a stream began on it last. */
  const open = new Map<ServerHttp2Session, number>();
  /** In the order they came, each with the timers of its waiting streams. */
  const unproven = new Map<ServerHttp2Session, Map<object, Timer>>();
  let waiting = 0;

  const forget = (session: ServerHttp2Session): void => {
    const timers = unproven.get(session);
    if (timers === undefined) return;
    unproven.delete(session);
    waiting -= timers.size;
    for (const timer of timers.values()) timer.cancel();
  };
  const evictOldest = (isCandidate: (timers: ReadonlyMap<object, Timer>) => boolean): void => {
    for (const [session, timers] of unproven) {
      if (!isCandidate(timers)) continue;
      forget(session);
      session.destroy();
      return;
    }
  };
  const take = (session: ServerHttp2Session): void => {
    // grpc-js has no option for it: the one it has is for the windows of streams.
    session.setLocalWindowSize(limits.windowBytes);
    open.set(session, clock.now());
    unproven.set(session, new Map());
    session.once('close', () => {
      open.delete(session);
      forget(session);
    });
    session.on('stream', (stream, headers) => {
      open.set(session, clock.now());
      const timers = unproven.get(session);
      // A health watch waits for nothing, and is counted where it is served.
      if (timers === undefined || stream.closed || headers[':path']?.endsWith('/Watch') === true)
        return;
      timers.set(
        stream,
        clock.setTimer(limits.admissionTimeoutMs, () => stream.close(constants.NGHTTP2_CANCEL)),
      );
      waiting += 1;
      stream.once('close', () => {
        timers.get(stream)?.cancel();
        if (timers.delete(stream) && unproven.has(session)) waiting -= 1;
      });
      if (waiting > limits.maxWaiting) evictOldest(({ size }) => size > 0);
    });
    if (unproven.size > limits.maxUnproven) evictOldest(() => true);
  };
  const idle = every(clock, IDLE_SWEEP_MS, () => {
    const idleSinceMs = clock.now() - limits.idleMs;
    for (const [session, atMs] of open) if (atMs <= idleSinceMs) session.close();
  });
  return {
    counts: () => ({
      open: open.size,
      maxOpen: limits.maxConnections,
      unproven: unproven.size,
      maxUnproven: limits.maxUnproven,
    }),
    watch(server, onRefused) {
      server.maxConnections = limits.maxConnections;
      server.on('session', take);
      server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
        // A probe that connects and leaves is no refusal; why Node.js turned a certificate away stands on the socket.
        const why: unknown = socket.authorizationError ?? error.code;
        if (typeof why === 'string' && why !== 'ECONNRESET')
          onRefused(socket.remoteAddress ?? 'unknown', why);
      });
    },
    admitted({ session }) {
      if (session !== undefined) forget(session as ServerHttp2Session);
    },
    drain(graceMs) {
      const leaving = new Set(open.keys());
      if (leaving.size === 0) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = clock.setTimer(graceMs, resolve);
        for (const session of leaving) {
          session.once('close', () => {
            leaving.delete(session);
            if (leaving.size > 0) return;
            timer.cancel();
            resolve();
          });
          session.close();
        }
      });
    },
    close() {
      idle.close();
      for (const session of open.keys()) session.destroy();
    },
  };
}
