import type { ChannelOptions } from '@grpc/grpc-js';

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
}

/** Largest message sent: ten minutes of sound in a WAV answer, and some. */
const MAX_SEND_BYTES = 8 * 1024 * 1024;
const KEEPALIVE_TIMEOUT_MS = 20_000;
const STREAM_WINDOW_BYTES = 256 * 1024;

/** Receive window of a connection: what 300 calls send in 400 ms. */
export const CONNECTION_WINDOW_BYTES = 1024 * 1024;

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
