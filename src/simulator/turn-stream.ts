import { type Client, type Metadata, status } from '@grpc/grpc-js';

import type { VoiceVirtualAgentService } from '../protocols/voice-virtual-agent/wire.ts';
import { type RpcStatus, toRpcStatus } from './rpc-status.ts';
import type { WireRequest, WireResponse } from './wire-message.ts';

/** Who wants to know what comes on an RPC. */
export interface TurnListener {
  received(response: WireResponse): void;
  /** Called once, last. */
  closed(status: RpcStatus): void;
}

/** The caller's end of one ProcessCallerInput RPC. After the half-close or the end it takes no more messages. */
export interface TurnStream {
  /** Sends one message; `false` when nothing can be sent any more. */
  send(message: WireRequest): boolean;
  halfClose(): void;
  cancel(): void;
  /** Whether messages wait because the gateway does not read them. */
  isFull(): boolean;
}

/** Most messages that are taken of one RPC; an RPC that sends more is cancelled. */
const MAX_MESSAGES = 100_000;

/** Opens a ProcessCallerInput RPC. */
export function openTurnStream(
  client: Client,
  { ProcessCallerInput: method }: VoiceVirtualAgentService,
  metadata: Metadata,
  listener: TurnListener,
): TurnStream {
  const stream = client.makeBidiStreamRequest(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
    metadata,
  );
  let canSend = true;
  let isFull = false;
  let messages = 0;
  stream.on('data', (response: WireResponse) => {
    messages += 1;
    if (messages > MAX_MESSAGES) stream.cancel();
    else listener.received(response);
  });
  stream.on('drain', () => {
    isFull = false;
  });
  // The status says the same, and comes for every RPC.
  stream.on('error', () => undefined);
  stream.on('status', (end) => {
    canSend = false;
    isFull = false;
    const hasOverflowed = messages > MAX_MESSAGES;
    listener.closed(
      toRpcStatus(
        hasOverflowed ? { code: status.RESOURCE_EXHAUSTED, details: 'too many messages' } : end,
      ),
    );
  });
  return {
    send(message) {
      if (canSend) isFull = !stream.write(message);
      return canSend;
    },
    halfClose() {
      if (canSend) stream.end();
      canSend = false;
    },
    cancel() {
      canSend = false;
      stream.cancel();
    },
    isFull: () => isFull,
  };
}
