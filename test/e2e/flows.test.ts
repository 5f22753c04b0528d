import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { CallerAction } from '../../src/simulator/caller-script.ts';
import type { CallResult } from '../../src/simulator/phone-call.ts';
import { sine } from '../../src/audio/tones.ts';
import { vowel } from '../audio/sounds.ts';
import { encodeMulaw } from '../../src/audio/mulaw.ts';
import { type GatewayRig, ORGANISATION, startGatewayRig } from '../support/gateway-rig.ts';

const SPEED = 20;
const speech = encodeMulaw(vowel(1_200));

let rig: GatewayRig;
beforeAll(async () => {
  rig = await startGatewayRig({
    speed: SPEED,
    config: {
      agents: [
        {
          id: 'front-desk',
          name: 'Front desk',
          default: true,
          bot: { use: 'script', options: { file: 'front-desk.yaml' } },
        },
        {
          id: 'wav',
          name: 'WAV',
          playback: 'wav',
          bot: { use: 'script', options: { file: 'front-desk.yaml' } },
        },
        { id: 'polite', name: 'No barge-in', bargeIn: false, bot: { use: 'echo' } },
        { id: 'echo', name: 'Echo', bot: { use: 'echo' } },
      ],
    },
  });
});
afterAll(() => rig.close());

async function call(agentId: string, script: readonly CallerAction[]): Promise<CallResult> {
  const result = await rig
    .webex()
    .placeCall({ organisationId: ORGANISATION, agentId, script, speed: SPEED });
  expect(result.violations).toEqual([]);
  return result;
}

describe.concurrent('a call, flow by flow', () => {
  it.each(['front-desk', 'wav'])(
    '[check 48] [check 55] [check 56] [check 62] %s: menu, digits, transfer',
    async (agentId) => {
      const { outcome } = await call(agentId, [
        { type: 'press', digits: '2' },
        { type: 'press', digits: '1' },
        { type: 'press', digits: '0' },
      ]);
      expect(outcome).toBe('transferred');
    },
  );

  it('[check 52] [check 53] [check 85] echo answers speech with what it heard', async () => {
    const { outcome, heard } = await call('echo', [
      { type: 'speak', audio: speech },
      { type: 'press', digits: '#' },
    ]);
    expect(outcome).toBe('ended-by-bot');
    expect(heard.length).toBeGreaterThan(speech.length);
  });

  it('[check 58] [check 59] barge-in by voice, then by key', async () => {
    const { outcome } = await call('front-desk', [
      { type: 'speak', audio: speech, bargeIn: true },
      { type: 'press', digits: '2', bargeIn: true },
      { type: 'press', digits: '1' },
      { type: 'press', digits: '0' },
    ]);
    expect(outcome).toBe('transferred');
  });

  it('[check 60] without barge-in the prompt is heard to its end', async () => {
    const { outcome, events } = await call('polite', [
      { type: 'speak', audio: speech, bargeIn: true },
      { type: 'press', digits: '#' },
    ]);
    expect(outcome).toBe('ended-by-bot');
    expect(events.some(({ type }) => type === 'playback-cut')).toBe(false);
  });

  it('[check 66] [check 94] a silent caller is asked again, and the bot gives up when it says so', async () => {
    const { outcome } = await call('front-desk', [
      { type: 'no-input' },
      { type: 'no-input' },
      { type: 'no-input' },
    ]);
    expect(outcome).toBe('transferred');
  });

  it('[check 67] a custom event of the flow moves the call', async () => {
    const { outcome } = await call('front-desk', [
      { type: 'custom-event', name: 'closing-soon' },
      { type: 'press', digits: '0' },
    ]);
    expect(outcome).toBe('transferred');
  });

  it.each(['own-rpc', 'open-rpc', 'drop'] as const)(
    '[check 64] [check 65] the caller hangs up: %s',
    async (how) => {
      const { outcome } = await call('front-desk', [
        { type: 'silence', ms: 300 },
        { type: 'hang-up', how },
      ]);
      expect(outcome).toBe('hung-up');
    },
  );

  it.each([
    ['alaw', 8000],
    ['linear16', 16_000],
    ['mulaw', 16_000],
  ] as const)(
    '[check 80] [check 81] [check 82] [check 83] hears a caller in %s at %i Hz',
    async (encoding, sampleRateHz) => {
      const result = await rig.webex().placeCall({
        organisationId: ORGANISATION,
        agentId: 'echo',
        speed: SPEED,
        audio: { encoding, sampleRateHz, configFirst: true, probe: true },
        script: [
          { type: 'speak', audio: speech },
          { type: 'press', digits: '#' },
        ],
      });
      expect(result.violations).toEqual([]);
      expect(result.outcome).toBe('ended-by-bot');
      expect(result.heard.length).toBeGreaterThan(speech.length);
    },
  );
});

describe.concurrent('a tone', () => {
  it('is not taken for speech that never ends', async () => {
    const { outcome } = await call('echo', [
      { type: 'speak', audio: sine(440, 500) },
      { type: 'press', digits: '#' },
    ]);
    expect(outcome).toBe('ended-by-bot');
  });
});

describe('many calls', () => {
  it('[check 79] eight calls at once, each with its own story', async () => {
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        rig.webex().placeCall({
          organisationId: ORGANISATION,
          agentId: index % 2 === 0 ? 'front-desk' : 'echo',
          speed: 10,
          record: false,
          script:
            index % 2 === 0
              ? [
                  { type: 'press', digits: '2' },
                  { type: 'press', digits: '1' },
                  { type: 'press', digits: '0' },
                ]
              : [
                  { type: 'speak', audio: speech },
                  { type: 'press', digits: '#' },
                ],
        }),
      ),
    );
    expect(results.flatMap(({ violations }) => violations)).toEqual([]);
    expect(new Set(results.map(({ outcome }) => outcome))).toEqual(
      new Set(['transferred', 'ended-by-bot']),
    );
  });
});
