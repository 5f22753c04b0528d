import { randomUUID } from 'node:crypto';

import { loadVoiceVirtualAgent } from '../../src/protocols/voice-virtual-agent/wire.ts';
import { createRequestWriter } from '../../src/simulator/wire-message.ts';
import type { CallConnection } from './call-connection.ts';
import { ORGANISATION } from './gateway-child.ts';
import { encodeMessage } from './measured-rpc.ts';
import { LINE_NOISE } from './real-time-call.ts';

/** A call that does one thing at a time; what it sends leaves with the connection's `flush`. */
export interface ManualCall {
  /** Begins the call. @returns The status with which the RPC of the greeting ended. */
  start(): Promise<string>;
  /** Opens an RPC that is listened to, with a message that has no sound. */
  listen(): void;
  /** Sends 20 ms of a quiet line in it. */
  speak(): void;
}

/** Prepares a call on a connection. */
export function createManualCall(connection: CallConnection, agentId: string): ManualCall {
  const { ProcessCallerInput: method } = loadVoiceVirtualAgent();
  const write = createRequestWriter({
    conversationId: randomUUID(),
    organisationId: ORGANISATION,
    agentId,
  });
  const toMessage = (request: ReturnType<typeof write.audio>): Uint8Array =>
    encodeMessage(method.requestSerialize(request));
  let streamId = 0;
  let frame = 0;
  return {
    start() {
      return new Promise((resolve) => {
        const id = connection.open({ answered: () => undefined, ended: resolve });
        connection.send(id, toMessage(write.event('SESSION_START')));
        connection.halfClose(id);
      });
    },
    listen() {
      streamId = connection.open({ answered: () => undefined, ended: () => undefined });
      connection.send(streamId, toMessage(write.audio(new Uint8Array(0))));
    },
    speak() {
      connection.send(
        streamId,
        toMessage(write.audio(LINE_NOISE[frame % LINE_NOISE.length] ?? new Uint8Array(0))),
      );
      frame += 1;
    },
  };
}
