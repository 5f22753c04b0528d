import type { ChannelOptions } from '@grpc/grpc-js';

import type { ConnectionLimits } from './connection-guard.ts';

/** Limits of the gRPC server; every one is finite. */
export interface ServerLimits {
  /** Largest message taken, in bytes; caller audio needs a few hundred. */
  readonly maxReceiveBytes: number;
  /** RPCs open at once on one connection. Webex may carry many calls on one; below a thousand they queue. */
  readonly maxStreamsPerConnection: number;
  /** Memory of one HTTP/2 session, in megabytes. */
  readonly maxSessionMemoryMb: number;
  /** A connection that answers no ping for this long after the interval is closed, in milliseconds. */
  readonly keepaliveMs: number;
  /** A stream that brings no first message for this long is closed, in milliseconds. */
  readonly firstMessageTimeoutMs: number;
  /** A client that takes nothing for this long loses its stream, in milliseconds. */
  readonly writeStallTimeoutMs: number;
  /** Connections at once. Default 10,000. */
  readonly maxConnections?: number;
  /** Connections at once on which no credential was accepted yet; the oldest gives way. Default 1,000. */
  readonly maxUnprovenConnections?: number;
}

/** Two or three times what a process can serve, at one call a connection. */
const MAX_CONNECTIONS = 10_000;
/** Some 50 MB of TLS sessions. */
const MAX_UNPROVEN_CONNECTIONS = 1_000;
/** What 10,000 streams wait for is their caller's first message; some 50 MB. */
const MAX_WAITING_STREAMS = 10_000;
/** Headers of one RPC, of which the credential may take half. */
export const MAX_HEADER_BYTES = 16 * 1024;
/** Webex leaves after seconds; this is for peers that vanish behind a balancer which keeps the connection. */
const CONNECTION_IDLE_MS = 15 * 60_000;

/** Largest message sent: ten minutes of sound in a WAV answer, and some. */
export const MAX_SEND_BYTES = 8 * 1024 * 1024;
const KEEPALIVE_TIMEOUT_MS = 20_000;
const STREAM_WINDOW_BYTES = 256 * 1024;

/** Receive window of a connection: what 300 calls send in 400 ms. */
const CONNECTION_WINDOW_BYTES = 1024 * 1024;

/**
 * A credential may have to wait for a fetch of keys, which takes 10 s at most, and for a replay store: the client must hear
 * what came of it before its stream is reset.
 */
const LONGEST_AUTHENTICATION_MS = 15_000;

/** Turns the limits into grpc-js's options. */
export function toServerOptions(limits: ServerLimits): ChannelOptions {
  return {
    'grpc.max_receive_message_length': limits.maxReceiveBytes,
    'grpc.max_send_message_length': MAX_SEND_BYTES,
    'grpc.max_concurrent_streams': limits.maxStreamsPerConnection,
    'grpc-node.max_session_memory': limits.maxSessionMemoryMb,
    'grpc-node.flow_control_window': STREAM_WINDOW_BYTES,
    'grpc.keepalive_time_ms': limits.keepaliveMs,
    'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
    'grpc.keepalive_permit_without_calls': 1,
    // Its records grow with every session; the gateway has metrics of its own.
    'grpc.enable_channelz': 0,
  };
}

/** The part of the limits that is kept by the connection. */
export function toConnectionLimits(limits: ServerLimits): ConnectionLimits {
  return {
    windowBytes: CONNECTION_WINDOW_BYTES,
    idleMs: CONNECTION_IDLE_MS,
    maxConnections: limits.maxConnections ?? MAX_CONNECTIONS,
    maxUnproven: limits.maxUnprovenConnections ?? MAX_UNPROVEN_CONNECTIONS,
    maxWaiting: MAX_WAITING_STREAMS,
    admissionTimeoutMs: limits.firstMessageTimeoutMs + LONGEST_AUTHENTICATION_MS,
  };
}
