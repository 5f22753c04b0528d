import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { encodeMulaw } from '../../src/audio/mulaw.ts';
import { sine } from '../../src/audio/tones.ts';
import type { CallOptions } from '../../src/simulator/call-options.ts';
import type { CallerAction } from '../../src/simulator/caller-script.ts';
import type { CallResult } from '../../src/simulator/phone-call.ts';
import { vowel } from '../audio/sounds.ts';
import { type GatewayRig, ORGANISATION, startGatewayRig } from '../support/gateway-rig.ts';

const SPEED = 20;
const speech = encodeMulaw(vowel(1_200));
const press = (digits: string): CallerAction => ({ type: 'press', digits });

let rig: GatewayRig;
beforeAll(async () => {
  const script = { use: 'script', options: { file: 'front-desk.yaml' } };
  rig = await startGatewayRig({
    speed: SPEED,
    config: {
      agents: [
        { id: 'front-desk', name: 'Front desk', default: true, bot: script },
        { id: 'wav', name: 'WAV', playback: 'wav', bot: script },
        { id: 'polite', name: 'No barge-in', bargeIn: false, bot: { use: 'echo' } },
        { id: 'echo', name: 'Echo', bot: { use: 'echo' } },
      ],
    },
  });
  // Fetches the keys of the issuer, so that no call waits for that.
  await rig.webex().listVirtualAgents(ORGANISATION);
});
afterAll(() => rig.close());

async function call(
  agentId: string,
  script: readonly CallerAction[],
  options: Partial<CallOptions> = {},
): Promise<CallResult> {
  const result = await rig
    .webex()
    .placeCall({ organisationId: ORGANISATION, agentId, script, speed: SPEED, ...options });
  expect(result.violations).toEqual([]);
  return result;
}

// A second of theirs is 50 ms of a machine that does other things as well.
describe.concurrent('a caller of the examples', { retry: 2 }, () => {
  it.each(['front-desk', 'wav'])('[check 57] is led through the menu of %s', async (agentId) => {
    const { outcome } = await call(agentId, [press('2'), press('1'), press('0')]);
    expect(outcome).toBe('transferred');
  });

  it('[check 59] cuts in on the menu by voice, then by key', async () => {
    const { outcome } = await call('front-desk', [
      { type: 'speak', audio: speech, bargeIn: true },
      { type: 'press', digits: '2', bargeIn: true },
      press('1'),
      press('0'),
    ]);
    expect(outcome).toBe('transferred');
  });

  it('[check 60] hears the prompt to its end where nothing may cut it', async () => {
    const { outcome, events } = await call('polite', [
      { type: 'speak', audio: speech, bargeIn: true },
      press('#'),
    ]);
    expect(outcome).toBe('ended-by-bot');
    expect(events.some(({ type }) => type === 'playback-cut')).toBe(false);
  });

  it('[check 66] is handed to a human after the third silence', async () => {
    const silent = { type: 'no-input' } as const;
    const { outcome } = await call('front-desk', [silent, silent, silent]);
    expect(outcome).toBe('transferred');
  });

  it('[check 67] is told what the flow knows', async () => {
    const { outcome } = await call('front-desk', [
      { type: 'custom-event', name: 'closing-soon' },
      press('0'),
    ]);
    expect(outcome).toBe('transferred');
  });

  it.each([
    ['mulaw', 8000],
    ['alaw', 8000],
    ['linear16', 16_000],
    ['mulaw', 16_000],
  ] as const)(
    '[check 80] [check 81] [check 82] [check 83] [check 85] is heard in %s at %i Hz',
    async (encoding, sampleRateHz) => {
      const { outcome, heard } = await call(
        'echo',
        [{ type: 'speak', audio: speech }, press('#')],
        { audio: { encoding, sampleRateHz, configFirst: true, probe: true } },
      );
      expect(outcome).toBe('ended-by-bot');
      expect(heard.length).toBeGreaterThan(speech.length);
    },
  );

  it('is not taken for one who never stops when there is a tone', async () => {
    const { outcome } = await call('echo', [{ type: 'speak', audio: sine(440, 500) }, press('#')]);
    expect(outcome).toBe('ended-by-bot');
  });
});

describe('many calls', { retry: 2 }, () => {
  it('[check 79] eight calls at once, each with its own story', async () => {
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        index % 2 === 0
          ? call('front-desk', [press('2'), press('1'), press('0')], { speed: 10, record: false })
          : call('echo', [{ type: 'speak', audio: speech }, press('#')], { speed: 10 }),
      ),
    );
    expect(results.map(({ outcome }) => outcome)).toEqual(
      Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? 'transferred' : 'ended-by-bot')),
    );
  });
});
