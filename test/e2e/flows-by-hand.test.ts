import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { encodeMulaw } from '../../src/audio/mulaw.ts';
import { decodeStruct } from '../../src/protocols/voice-virtual-agent/struct.ts';
import { answerKindOf, audioBytesOf, outputEventOf } from '../../src/simulator/answer-kind.ts';
import type { RpcStatus } from '../../src/simulator/rpc-status.ts';
import {
  type RequestHeading,
  type WireRequest,
  type WireResponse,
  createRequestWriter,
} from '../../src/simulator/wire-message.ts';
import { vowel } from '../audio/sounds.ts';
import { type GatewayRig, ORGANISATION, startGatewayRig } from '../support/gateway-rig.ts';

const bot = { use: './walkthrough.mjs' };
const timers = { speech: { noInputTimeoutMs: 1_500 }, digits: { interDigitTimeoutMs: 600 } };
let rig: GatewayRig;
let calls = 0;
beforeAll(async () => {
  rig = await startGatewayRig({
    baseDir: 'test/bots',
    config: {
      agents: [
        { id: 'default', name: 'Default', default: true, bot, ...timers },
        { id: 'other', name: 'Other', bot },
        { id: 'polite', name: 'No barge-in', bargeIn: false, bot: { use: 'echo' } },
      ],
    },
  });
});
afterAll(() => rig.close());

/** A new call; each RPC sends the messages that it is given, and closes its side. */
function openCall(heading: Partial<RequestHeading> = {}) {
  const common = {
    conversationId: `by-hand-${++calls}`,
    organisationId: ORGANISATION,
    agentId: '',
    allowPartial: false,
    vendorConfig: '',
    ...heading,
  };
  const write = createRequestWriter(common);
  const rpc = async (
    ...requests: readonly WireRequest[]
  ): Promise<{ readonly status: RpcStatus; readonly messages: readonly WireResponse[] }> => {
    const turn = rig.webex().openTurn();
    for (const request of requests) turn.send(request);
    turn.halfClose();
    return { status: await turn.status, messages: turn.messages };
  };
  return { write, rpc, start: () => rpc(write.event('SESSION_START')) };
}

const bytesOf = (messages: readonly WireResponse[]): number =>
  messages.reduce((sum, message) => sum + audioBytesOf(message), 0);
const eventsOf = (messages: readonly WireResponse[]) =>
  messages.flatMap((message) => outputEventOf(message) ?? []);

describe('a call by hand', () => {
  it('[check 48] is greeted once, and its second SESSION_START is closed with an empty FINAL', async () => {
    const { start } = openCall();
    const first = await start();
    expect(bytesOf(first.messages)).toBeGreaterThan(0);
    const second = await start();
    expect(second.status.code).toBe(0);
    expect(second.messages.map((message) => answerKindOf(message))).toEqual(['closing']);
    expect(bytesOf(second.messages)).toBe(0);
  });

  it('[check 11] [check 67] gets back the Struct that it sent, nested as it was', async () => {
    const { write, rpc, start } = openCall();
    await start();
    const parameters = { list: [1, null, { a: 'b' }], deep: { yes: true, half: 0.5, none: null } };
    const { messages } = await rpc(write.event('CUSTOM_EVENT', 'price', parameters));
    const [event] = messages.at(-1)?.output_events ?? [];
    expect(event?.name).toBe('price');
    expect(decodeStruct(event?.metadata ?? null)).toEqual(parameters);
  });

  it('[check 60] is not heard over a prompt that nothing may cut, however loud it sends', async () => {
    const { write, rpc, start } = openCall({ agentId: 'polite' });
    await start();
    const audio = encodeMulaw(vowel(1_200));
    const frames = Array.from({ length: 60 }, (_, index) =>
      write.audio(audio.subarray(index * 160, (index + 1) * 160)),
    );
    const { status, messages } = await rpc(...frames);
    expect(status.code).toBe(0);
    expect(messages.map((message) => answerKindOf(message))).toEqual(['closing']);
    expect(eventsOf(messages)).toEqual([]);
  });

  it('[check 62] [check 63] is told nothing more once it was transferred or ended', async () => {
    for (const [digits, event] of [
      ['0#', 'TRANSFER_TO_AGENT'],
      ['9#', 'SESSION_END'],
    ] as const) {
      const { write, rpc, start } = openCall();
      await start();
      const ending = await rpc(write.digits(digits));
      expect(eventsOf(ending.messages)).toEqual([event]);
      expect(outputEventOf(ending.messages.at(-1) ?? ({} as WireResponse))).toBe(event);
      for (const request of [write.digits('1#'), write.event('NO_INPUT')]) {
        const late = await rpc(request);
        expect([late.status.code, bytesOf(late.messages), eventsOf(late.messages)]).toEqual([
          0,
          0,
          [],
        ]);
      }
    }
  });

  it('[check 77] is refused by an unknown agent, and by another in the middle; without one it gets the default', async () => {
    const conversationId = 'one-agent';
    expect((await openCall({ agentId: 'nobody' }).start()).status.name).toBe('NOT_FOUND');
    expect((await openCall({ conversationId }).start()).status.code).toBe(0);
    const again = openCall({ conversationId, agentId: 'default' });
    expect((await again.rpc(again.write.event('NO_INPUT'))).status.code).toBe(0);
    const other = openCall({ conversationId, agentId: 'other' });
    expect((await other.rpc(other.write.event('NO_INPUT'))).status.name).toBe('INVALID_ARGUMENT');
  });

  it('[check 78] is refused without a conversation id, and when it changes within one RPC', async () => {
    expect((await openCall({ conversationId: '' }).start()).status.name).toBe('INVALID_ARGUMENT');
    const [one, two] = [openCall(), openCall()];
    const silence = new Uint8Array(160).fill(0xff);
    const mixed = await one.rpc(one.write.audio(silence), two.write.audio(silence));
    expect(mixed.status.name).toBe('INVALID_ARGUMENT');
  });

  it('[check 94] is asked again when its list of digits is empty', async () => {
    const { write, rpc, start } = openCall();
    await start();
    const { status, messages } = await rpc(write.digits(''));
    expect(status.code).toBe(0);
    expect(bytesOf(messages)).toBeGreaterThan(0);
    expect(eventsOf(messages)).toEqual([]);
  });

  it('[check 95] is told how to listen, with the timers that are set and no other', async () => {
    const { messages } = await openCall().start();
    expect(messages.at(-1)).toMatchObject({
      input_mode: 'INPUT_VOICE_DTMF',
      input_handling_config: {
        dtmf_config: {
          inter_digit_timeout_msec: 600,
          termchar: 'DTMF_DIGIT_POUND',
          dtmf_input_length: 2,
        },
        speech_timers: { no_input_timeout_msec: 1_500 },
      },
    });
  });
});
