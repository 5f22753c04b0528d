import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openCallConnection } from '../../loadtest/support/call-connection.ts';
import { encodeMessage } from '../../loadtest/support/measured-rpc.ts';
import { loadVoiceVirtualAgent } from '../../src/protocols/voice-virtual-agent/wire.ts';
import { createRequestWriter } from '../../src/simulator/wire-message.ts';
import { startDelayProxy } from '../support/delay-proxy.ts';
import { type GatewayRig, ORGANISATION, startGatewayRig } from '../support/gateway-rig.ts';

const ONE_WAY_MS = 300;
const CALLS = 30;
/** Of each call, two seconds and a half of sound: some 1 MB in all, with its headings. */
const PACKETS = 125;
/** Through the window that grpc-js leaves, 1 MB takes 16 round trips, 9.6 s; through ours two or three, and a busy machine its time. */
const MAX_MS = 7_000;

let rig: GatewayRig;
beforeAll(async () => {
  rig = await startGatewayRig();
});
afterAll(() => rig.close());

/** Messages of one call, with their five bytes of length. */
function messagesOfCall() {
  const { ProcessCallerInput: method } = loadVoiceVirtualAgent();
  const write = createRequestWriter({
    conversationId: randomUUID(),
    organisationId: ORGANISATION,
  });
  const toMessage = (request: ReturnType<typeof write.audio>): Uint8Array =>
    encodeMessage(method.requestSerialize(request));
  return {
    audio: toMessage(write.audio(new Uint8Array(160).fill(0xff))),
    empty: toMessage(write.audio(new Uint8Array(0))),
  };
}

const connect = (port: number) =>
  openCallConnection(`127.0.0.1:${port}`, {
    path: loadVoiceVirtualAgent().ProcessCallerInput.path,
    token: rig.token(),
  });

describe('the sound of callers on its way', () => {
  it('never waits for a window, with thirty calls on one connection a long way off', async () => {
    const proxy = await startDelayProxy({
      port: rig.gateway.grpcPort,
      delayMs: ONE_WAY_MS,
    });
    const connection = await connect(proxy.port);
    try {
      const open = (): { readonly streamId: number; readonly ended: Promise<string> } => {
        let streamId = 0;
        const ended = new Promise<string>((resolve) => {
          streamId = connection.open({ answered: () => undefined, ended: resolve });
        });
        return { streamId, ended };
      };
      // The first RPC of a connection widens it.
      const first = open();
      connection.send(first.streamId, messagesOfCall().audio);
      connection.halfClose(first.streamId);
      connection.flush();
      expect(await first.ended).toBe('0');

      const startedAt = performance.now();
      const calls = Array.from({ length: CALLS }, () => {
        const { audio } = messagesOfCall();
        const call = open();
        for (let packet = 0; packet < PACKETS; packet += 1) connection.send(call.streamId, audio);
        connection.halfClose(call.streamId);
        return call.ended;
      });
      connection.flush();
      expect(new Set(await Promise.all(calls))).toEqual(new Set(['0']));
      expect(performance.now() - startedAt).toBeLessThan(MAX_MS);
    } finally {
      connection.close();
      await proxy.close();
    }
  });

  it('is late only where there is sound: a message that declares a format comes when it likes', async () => {
    const count = async (): Promise<number> =>
      Number((await rig.metric('byova_caller_packet_delay_seconds_count')).split(' ')[1]);
    const before = await count();
    const connection = await connect(rig.gateway.grpcPort);
    const { audio, empty } = messagesOfCall();
    const ended = new Promise<string>((resolve) => {
      const streamId = connection.open({ answered: () => undefined, ended: resolve });
      for (const message of [empty, audio, empty, empty]) connection.send(streamId, message);
      connection.halfClose(streamId);
    });
    connection.flush();
    expect(await ended).toBe('0');
    connection.close();
    expect((await count()) - before).toBe(1);
  });
});
