import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { encodeMulaw } from '../../src/audio/mulaw.ts';
import type { CallerAction } from '../../src/simulator/caller-script.ts';
import type { CallResult } from '../../src/simulator/phone-call.ts';
import { createCallStopwatch } from '../../loadtest/support/call-stopwatch.ts';
import { CHAOS_LADDER, chaosAgents } from '../../loadtest/support/chaos-agents.ts';
import { vowel } from '../audio/sounds.ts';
import { type GatewayRig, ORGANISATION, startGatewayRig } from '../support/gateway-rig.ts';

const GOOD_CALLS = 20;
const BAD_CALLS = 20;
const CHAOS = chaosAgents('./chaos.mjs');
/** A caller of a broken bot hears the filler at the latest; the rest is for a machine that does other things as well. */
const MAX_WAIT_MS = CHAOS_LADDER.fillerAfterSeconds * 1_000 + 1_500;

const speech = encodeMulaw(vowel(600));
const POLITE: readonly CallerAction[] = [{ type: 'speak', audio: speech }, { type: 'hang-up' }];
/** They neither wait for the end of what they hear, nor for an answer. */
const BOLD: readonly CallerAction[] = [
  { type: 'speak', audio: speech, bargeIn: true },
  { type: 'silence', ms: 600, bargeIn: true },
  { type: 'speak', audio: speech, bargeIn: true },
  { type: 'silence', ms: 600, bargeIn: true },
  { type: 'hang-up', bargeIn: true },
];

let rig: GatewayRig;
beforeAll(async () => {
  rig = await startGatewayRig({
    baseDir: 'loadtest/bots',
    config: {
      agents: [{ id: 'good', bot: { use: './talker.mjs', options: { pieces: 3 } } }, ...CHAOS],
    },
  });
});
afterAll(() => rig.close());

/** What a healthy caller notices, without the times. */
function transcriptOf({ outcome, heard, violations, events }: CallResult): unknown {
  return {
    outcome,
    violations,
    heard: Buffer.from(heard).toString('base64'),
    // Two RPCs are open at the end of a call; which of them is closed first is nobody's promise.
    received: events
      .flatMap((event) => (event.type === 'received' ? [event] : []))
      .map(({ turn, kind, event, audioBytes }) => ({ turn, kind, event, audioBytes }))
      .toSorted((a, b) => a.turn - b.turn),
  };
}

async function expectAllOver(results: readonly CallResult[]): Promise<void> {
  for (const { events, failure } of results) {
    expect(failure).toBeUndefined();
    const closed = events.flatMap((event) =>
      event.type === 'rpc-closed' ? [`${event.turn} ${event.status.name}`] : [],
    );
    const opened = events.filter(({ type }) => type === 'rpc-opened').length;
    expect(closed.toSorted()).toEqual(
      Array.from({ length: opened }, (_, index) => `${index + 1} OK`).toSorted(),
    );
  }
  await expect
    .poll(() => rig.metric('byova_conversations '), { timeout: 5_000 })
    .toBe('byova_conversations 0');
}

describe('bots in chaos', () => {
  it('let every caller hear something, complete every RPC, and change nothing for healthy calls', async () => {
    const placeGood = (): Promise<CallResult> =>
      rig.webex().placeCall({ organisationId: ORGANISATION, agentId: 'good', script: POLITE });
    const alone = transcriptOf(await placeGood());

    const webex = rig.webex();
    const bad = Array.from({ length: BAD_CALLS }, async (_, index) => {
      const agentId = CHAOS[index % CHAOS.length]?.id ?? '';
      const stopwatch = createCallStopwatch();
      const result = await webex.placeCall({
        organisationId: ORGANISATION,
        agentId,
        script: BOLD,
        onEvent: stopwatch.note,
      });
      return { agentId, stopwatch, result };
    });
    const good = Array.from({ length: GOOD_CALLS }, placeGood);
    const badCalls = await Promise.all(bad);
    const goodCalls = await Promise.all(good);

    for (const call of goodCalls) expect(transcriptOf(call)).toEqual(alone);
    for (const { agentId, stopwatch, result } of badCalls) {
      expect(stopwatch.faults, agentId).not.toContain('silent-turn');
      expect(result.heard.length, agentId).toBeGreaterThan(0);
      expect(Math.max(...stopwatch.waitsMs), agentId).toBeLessThan(MAX_WAIT_MS);
    }
    await expectAllOver([...badCalls.map(({ result }) => result), ...goodCalls]);
  }, 25_000);
});
