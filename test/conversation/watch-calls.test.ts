import { describe, expect, it } from 'vitest';

import type { AnswerOutcome } from '../../src/conversation/call-observer.ts';
import type { Conversation } from '../../src/conversation/conversation.ts';
import { type CallWatchOptions, watchCalls } from '../../src/conversation/watch-calls.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const ORGANISATION = '7a8b9c0d-1111-4222-8333-444455556666';

/** What the watch looks at of a call, and a test changes. */
function createCall(conversationId = 'c0ffee00-0000-4000-8000-000000000001', bot = 'parrot') {
  const call = {
    isCallerSpeaking: false,
    isPlaying: false,
    call: { conversationId, organisationId: ORGANISATION, parameters: { name: 'canary' } },
    agent: { id: 'front-desk', bot: { name: bot } },
    ear: { isSpeaking: false },
    playback: { isPlaying: () => call.isPlaying },
    answering: undefined as object | undefined,
    startedAtMs: 0,
    turns: 0,
    failures: 0,
  };
  return Object.assign(call, { conversation: call as unknown as Conversation });
}

function start(options: Partial<CallWatchOptions> = {}) {
  const clock = createFakeClock();
  const watch = watchCalls({ maxCalls: 100, ...options }, clock);
  const begin = (...args: Parameters<typeof createCall>) => {
    const call = createCall(...args);
    watch.observe(call.conversation, { type: 'call-started' });
    return call;
  };
  const end = (
    { conversation }: { readonly conversation: Conversation },
    turn: number,
    durationMs: number,
    outcome: AnswerOutcome = 'answered',
  ): void =>
    watch.observe(conversation, {
      type: 'answer-ended',
      turn,
      input: 'speech',
      outcome,
      durationMs,
    });
  return { clock, watch, begin, end };
}

describe('the watch of calls', () => {
  it('tells whole pseudonyms beside, where log and traces hold nothing else', () => {
    const { watch, begin, end } = start({ pseudonymise: (id) => `~${id.length}` });
    end(begin(), 1, 5);
    const loggedAs = { conversation: '~36', organisation: '~36' };
    const identity = { conversation: 'c0ffee00', organisation: ORGANISATION, loggedAs };
    expect(watch.look(10).calls).toMatchObject([identity]);
    expect(watch.turns()).toMatchObject([identity]);
  });

  it('sees a call from its beginning to its end, by the beginning of its id', () => {
    const { watch, begin } = start();
    const { conversation } = begin();
    expect(watch.look(10)).toEqual({
      total: 1,
      byState: { listening: 1, 'caller-speaking': 0, 'bot-thinking': 0, 'bot-speaking': 0 },
      byOrganisation: new Map([[ORGANISATION, 1]]),
      byAgent: new Map([['front-desk', 1]]),
      calls: [
        {
          call: 1,
          conversation: 'c0ffee00',
          organisation: ORGANISATION,
          agent: 'front-desk',
          bot: 'parrot',
          state: 'listening',
          startedAtMs: 0,
          turns: 0,
          failures: 0,
        },
      ],
    });
    expect(JSON.stringify(watch.look(10))).not.toContain('canary');
    expect(watch.find(1)?.conversationId).toBe('c0ffee00-0000-4000-8000-000000000001');
    watch.observe(conversation, { type: 'call-ended', reason: 'caller' });
    expect(watch.look(10)).toMatchObject({ total: 0, calls: [] });
    expect(watch.find(1)).toBeUndefined();
  });

  it('says who is doing something', () => {
    const { watch, begin, end } = start();
    const call = begin();
    const state = () => watch.look(1).calls[0]?.state;
    call.ear.isSpeaking = true;
    expect(state()).toBe('caller-speaking');
    call.ear.isSpeaking = false;
    call.answering = {};
    expect(state()).toBe('bot-thinking');
    watch.observe(call.conversation, { type: 'asked', turn: 1, input: 'speech' });
    expect(state()).toBe('bot-thinking');
    watch.observe(call.conversation, { type: 'first-audio', turn: 1, afterMs: 10 });
    expect(state()).toBe('bot-speaking');
    call.isPlaying = true;
    call.answering = undefined;
    end(call, 1, 20);
    expect(state()).toBe('bot-speaking');
    call.isPlaying = false;
    expect(state()).toBe('listening');
  });

  it('tells of an answer when what happened, counted from the complete input', () => {
    const { clock, watch, begin, end } = start();
    const call = begin();
    const { conversation } = call;
    clock.advance(100);
    watch.observe(conversation, { type: 'asked', turn: 1, input: 'speech' });
    clock.advance(200);
    watch.observe(conversation, { type: 'bot-answered', turn: 1, afterMs: 0 });
    clock.advance(50);
    watch.observe(conversation, { type: 'first-audio', turn: 1, afterMs: 350 });
    clock.advance(400);
    end(call, 1, 750);
    expect(watch.turns()).toEqual([
      {
        call: 1,
        conversation: 'c0ffee00',
        organisation: ORGANISATION,
        agent: 'front-desk',
        bot: 'parrot',
        turn: 1,
        input: 'speech',
        outcome: 'answered',
        endedAtMs: clock.now(),
        askedAfterMs: 100,
        botAfterMs: 300,
        firstAudioAfterMs: 350,
        doneAfterMs: 750,
      },
    ]);
  });

  it('keeps answers of one call apart, and what a bot heard before the input was complete at zero', () => {
    const { clock, watch, begin, end } = start();
    const call = begin();
    for (const turn of [1, 2])
      watch.observe(call.conversation, { type: 'asked', turn, input: 'speech-stream' });
    clock.advance(500);
    watch.observe(call.conversation, { type: 'bot-failed', turn: 2, kind: 'ERR_HANDLER_TIMEOUT' });
    end(call, 1, 500, 'interrupted');
    end(call, 2, 100, 'timed-out');
    end(call, 3, 0, 'withdrawn');
    expect(watch.turns()).toMatchObject([
      { turn: 2, askedAfterMs: 0, outcome: 'timed-out', failure: 'ERR_HANDLER_TIMEOUT' },
      { turn: 1, askedAfterMs: 0, outcome: 'interrupted' },
    ]);
  });

  it('forgets the oldest of more answers under way than a call may have', () => {
    const { clock, watch, begin, end } = start();
    const call = begin();
    for (let turn = 1; turn <= 9; turn += 1)
      watch.observe(call.conversation, { type: 'asked', turn, input: 'speech' });
    clock.advance(50);
    for (const turn of [9, 5, 2, 1]) end(call, turn, 100, 'interrupted');
    expect(watch.turns().map(({ turn, askedAfterMs }) => [turn, askedAfterMs])).toEqual([
      [1, undefined],
      [2, 50],
      [5, 50],
      [9, 50],
    ]);
    for (const turn of [3, 4, 6, 7]) end(call, turn, 100);
    expect(watch.look(1).calls[0]?.state).toBe('bot-thinking');
    end(call, 8, 100);
    expect(watch.look(1).calls[0]?.state).toBe('listening');
  });

  it('remembers the newest answers only, and watches no more calls than it may', () => {
    const { watch, begin, end } = start({ maxCalls: 2, maxTurns: 3 });
    const [first] = [begin(), begin(), begin()];
    for (let turn = 1; turn <= 5; turn += 1) end(first, turn, 1);
    expect(watch.turns().map(({ turn }) => turn)).toEqual([5, 4, 3]);
    expect(watch.look(10)).toMatchObject({ total: 2 });
  });

  it('shows calls whose bot fails first, then the newest', () => {
    const { watch, begin } = start();
    const calls = Array.from({ length: 5 }, () => begin());
    if (calls[1] !== undefined) calls[1].failures = 2;
    const seen = watch.look(3);
    expect(seen.total).toBe(5);
    expect(seen.calls.map(({ call }) => call)).toEqual([2, 5, 4]);
  });
});
