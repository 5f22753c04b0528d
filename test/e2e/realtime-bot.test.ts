import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { encodeMulaw } from '../../src/audio/mulaw.ts';
import type { CallerAction } from '../../src/simulator/caller-script.ts';
import type { CallResult } from '../../src/simulator/phone-call.ts';
import { vowel } from '../audio/sounds.ts';
import { type GatewayRig, ORGANISATION, startGatewayRig } from '../support/gateway-rig.ts';
import { type RealtimeServer, startRealtimeServer, wordSound } from '../support/realtime-server.ts';

const SPEED = 10;
/** Of an answer that is longer than any machine is slow. */
const WORDS = 300;
const speech = encodeMulaw(vowel(1200));

let server: RealtimeServer;
let rig: GatewayRig;
beforeEach(async () => {
  server = await startRealtimeServer();
  const options = { url: server.url, apiKey: 'key-998877', instructions: 'Be brief.' };
  rig = await startGatewayRig({
    speed: SPEED,
    config: {
      agents: [{ id: 'model', name: 'Model', bot: { use: 'realtime', options }, default: true }],
    },
  });
});
afterEach(async () => {
  await rig.close();
  await server.close();
});

async function call(script: readonly CallerAction[]): Promise<CallResult> {
  const result = await rig
    .webex()
    .placeCall({ organisationId: ORGANISATION, script, speed: SPEED });
  expect(result.violations).toEqual([]);
  expect(server.problems).toEqual([]);
  return result;
}

describe('a call through the whole gateway to a realtime model', () => {
  it('hears the model, is heard by it, and is transferred by it after its last words', async () => {
    server.reply((asked) =>
      asked === 'nothing'
        ? { words: ['Hello.'] }
        : {
            words: ['One ', 'moment.'],
            calls: [{ name: 'transfer_to_human', arguments: '{"reason":"asked"}' }],
          },
    );
    const { outcome, heard } = await call([{ type: 'speak', audio: speech }]);
    expect(outcome).toBe('transferred');
    const sound = Buffer.from(heard);
    expect(sound.includes(wordSound(0))).toBe(true);
    expect(sound.includes(wordSound(1))).toBe(true);
    const appended = server
      .of('input_audio_buffer.append')
      .reduce((bytes, { audio }) => bytes + Buffer.from(String(audio), 'base64').length, 0);
    expect(appended).toBeGreaterThan(speech.length * 0.9);
    expect(server.of('input_audio_buffer.commit')).toHaveLength(1);
    await server.untilClosed();
  });

  it('[check 58] [check 59] speaks over the model, which learns what was heard', async () => {
    server.reply((asked) =>
      asked === 'nothing'
        ? { words: Array.from({ length: WORDS }, (_, n) => `word${n} `) }
        : { words: ['Goodbye.'], calls: [{ name: 'end_call', arguments: '{}' }] },
    );
    const { outcome, events } = await call([
      { type: 'silence', ms: 1500, bargeIn: true },
      { type: 'speak', audio: speech, bargeIn: true },
    ]);
    expect(outcome).toBe('ended-by-bot');
    const cut = events.flatMap((event) => (event.type === 'playback-cut' ? [event] : []));
    expect(cut).toHaveLength(1);
    // What the caller really heard; at this speed half a second of a busy machine is five of the call.
    const heardMs = WORDS * 200 - (cut[0]?.droppedMs ?? 0);
    const [truncation] = server.of('conversation.item.truncate');
    expect(Math.abs(Number(truncation?.['audio_end_ms']) - heardMs)).toBeLessThan(5000);
  });

  it('[check 69] hangs up, and the model stops within 100 ms', async () => {
    server.reply(() => ({ words: ['one ', 'two ', 'three '], holdAfter: 2 }));
    const rpc = rig.webex().openTurn();
    rpc.send({
      conversation_id: 'dropped',
      customer_org_id: ORGANISATION,
      event_input: { event_type: 'SESSION_START' },
    });
    await rpc.next();
    rpc.cancel();
    const cancelledAt = performance.now();
    await server.until('response.cancel');
    expect(performance.now() - cancelledAt).toBeLessThan(100);
    expect(server.problems).toEqual([]);
  });

  it('hears an apology when the model is out of reach', async () => {
    server.refuse(401);
    const { outcome } = await call([{ type: 'hang-up' }]);
    expect(outcome).not.toBe('failed');
    const failed = rig.log.lines.find(({ fields }) => fields['event'] === 'bot.failed');
    expect(failed?.fields).toMatchObject({ code: 'ERR_HANDLER_FAILED', status: 401 });
  });
});
