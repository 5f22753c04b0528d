import { type Client, Metadata, connectivityState, status as Status } from '@grpc/grpc-js';

import type { RelayListener, RelayRpc, RelayStream } from '../conversation/relay.ts';
import type { Clock, Timer } from '../core/clock.ts';

/** What a relayed RPC is opened with. */
export interface RelayStreamDeps {
  readonly clock: Clock;
  readonly client: Client;
  /** Longest wait for the connection, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** Called once, when the RPC is over or was cancelled. */
  readonly onOver: () => void;
}

/** A connection that has just failed gets one more chance, and not the whole time again for each caller. */
const RECOVERY_MS = 300;

/** Most messages that wait for the connection; a sender who heeds `send` has one. */
const MAX_WAITING = 64;

const asIs = (bytes: Buffer): Buffer => bytes;

/**
 * Opens one bidirectional RPC that carries bytes as they are.
 *
 * It is begun when the connection is there and not before: until then what is to be sent waits here, so that an RPC which
 * fails for want of a connection has sent nothing.
 */
export function openRelayStream(
  deps: RelayStreamDeps,
  { path, headers }: RelayRpc,
  listener: RelayListener,
): RelayStream {
  const { client } = deps;
  let stream: ReturnType<typeof client.makeBidiStreamRequest<Buffer, Buffer>> | undefined;
  let waiting: Buffer[] = [];
  let isHalfClosed = false;
  let isPaused = false;
  let isOver = false;
  let patience: Timer | undefined;
  let status: string | undefined;
  let details = '';
  let isReadToTheEnd = false;

  const leave = (): boolean => {
    if (isOver) return false;
    isOver = true;
    patience?.cancel();
    waiting = [];
    deps.onOver();
    return true;
  };
  const end = (how: string, hasBegun: boolean): void => {
    if (leave()) listener.relayEnded({ status: how, hasBegun, details });
  };
  /** The status overtakes messages that a paused stream still holds. */
  const finish = (): void => {
    if (status !== undefined && isReadToTheEnd) end(status, true);
  };
  const begin = (): void => {
    if (isOver) return;
    patience?.cancel();
    stream = client.makeBidiStreamRequest(path, asIs, asIs, toMetadata(headers));
    stream.on('data', (bytes: Buffer) => {
      if (!isOver) listener.relayed(bytes);
    });
    stream.on('drain', () => {
      if (!isOver) listener.relayDrained();
    });
    stream.on('end', () => {
      isReadToTheEnd = true;
      finish();
    });
    // The status says the same, and comes for every RPC.
    stream.on('error', () => undefined);
    stream.on('status', (told) => {
      status = Status[told.code] ?? 'UNKNOWN';
      details = told.details;
      finish();
    });
    if (isPaused) stream.pause();
    let hasRoom = true;
    const hadToWait = waiting.length > 0;
    for (const bytes of waiting) hasRoom = stream.write(bytes);
    waiting = [];
    if (isHalfClosed) stream.end();
    if (hadToWait && hasRoom) listener.relayDrained();
  };

  const channel = client.getChannel();
  const state = channel.getConnectivityState(true);
  if (state === connectivityState.READY) begin();
  else {
    const waitMs =
      state === connectivityState.TRANSIENT_FAILURE
        ? Math.min(RECOVERY_MS, deps.connectTimeoutMs)
        : deps.connectTimeoutMs;
    patience = deps.clock.setTimer(waitMs, () => end('UNAVAILABLE', false));
    // The timer is the end of it; this deadline only lets go of the watch, in the machine's time.
    client.waitForReady(Date.now() + deps.connectTimeoutMs, (error) => {
      if (error === undefined) begin();
      else end('UNAVAILABLE', false);
    });
  }
  return {
    send(bytes) {
      if (isOver || isHalfClosed) return true;
      if (stream !== undefined) return stream.write(bytes);
      if (waiting.length === MAX_WAITING) end('RESOURCE_EXHAUSTED', false);
      else waiting.push(bytes);
      return false;
    },
    halfClose() {
      if (isOver || isHalfClosed) return;
      isHalfClosed = true;
      stream?.end();
    },
    cancel() {
      if (leave()) stream?.cancel();
    },
    pause() {
      isPaused = true;
      stream?.pause();
    },
    resume() {
      isPaused = false;
      stream?.resume();
    },
  };
}

function toMetadata(headers: RelayRpc['headers']): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return metadata;
}
