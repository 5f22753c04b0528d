import { describe, expect, it } from 'vitest';

import type { CallerInput, TurnMessage } from '../../src/conversation/caller-input.ts';
import { countCalls } from '../../src/conversation/count-calls.ts';
import type { RelayListener } from '../../src/conversation/relay.ts';
import { RelayedTurn } from '../../src/conversation/relayed-turn.ts';
import type { TurnOutput } from '../../src/conversation/turn-output.ts';
import type { BotHandler } from '../../src/handlers/bot-handler.ts';
import { encodeTurnOutput } from '../../src/protocols/voice-virtual-agent/encode.ts';
import { inspectResponse } from '../../src/protocols/voice-virtual-agent/inspect-response.ts';
import {
  END_OF_INPUT,
  START_OF_INPUT,
  chunk,
  eventOnly,
  final,
} from '../../src/conversation/turn-output.ts';
import { PRINCIPAL, SESSION_START, createCallRig, frames } from '../support/call-rig.ts';

const bot: BotHandler = {
  name: 'relay-grpc',
  answer() {
    throw new TypeError('never asked');
  },
};
const BYTES = Buffer.from('as it came');
const CHUNK = encodeTurnOutput(chunk(new Uint8Array(1_600).fill(1), true));
const FINAL = encodeTurnOutput(final({ prompts: [] }));
const EVENTS = {
  start: encodeTurnOutput(START_OF_INPUT),
  end: encodeTurnOutput(END_OF_INPUT),
  custom: encodeTurnOutput(eventOnly({ type: 'custom-event', name: 'x', metadata: {} })),
  transfer: encodeTurnOutput(
    final({ event: { type: 'transfer-to-agent', name: '', metadata: {} } }),
  ),
};
const PATIENCE = { answerTimeoutMs: 3_000, firstAudioTimeoutMs: 60_000, filler: undefined };
const DIGITS: CallerInput = { type: 'digits', digits: '1' };
const [SPEECH = DIGITS] = frames('speech', 20);

async function createRelayRig(options: Partial<Parameters<typeof createCallRig>[0]> = {}) {
  const rig = await createCallRig({ bot, ...options });
  /** Opens an RPC on a conversation; what goes over there is in `sent`, what comes back in `written`. */
  const open = (principal = PRINCIPAL) => {
    const sent: (Buffer | 'half-close' | 'cancel' | 'pause' | 'resume')[] = [];
    const written: (Buffer | TurnOutput)[] = [];
    let end: unknown;
    let ends = 0;
    let hasRoomThere = true;
    let hasRoomHere = true;
    let wake: () => void = () => undefined;
    let upstream: RelayListener | undefined;
    const finish = (how: unknown): void => {
      ends += 1;
      end = how;
      // The transport says so at once.
      turn.cancelled();
    };
    const turn: RelayedTurn = new RelayedTurn(
      {
        clock: rig.clock,
        logger: rig.log.logger,
        metrics: rig.metrics,
        directory: rig.directory,
        observe: countCalls(rig.metrics),
        requireOrganisation: true,
        inspect: inspectResponse,
      },
      {
        principal,
        agent: rig.agent,
        open(listener) {
          upstream = listener;
          return {
            send(bytes) {
              sent.push(bytes);
              return hasRoomThere;
            },
            halfClose: () => void sent.push('half-close'),
            cancel: () => void sent.push('cancel'),
            pause: () => void sent.push('pause'),
            resume: () => void sent.push('resume'),
          };
        },
      },
      {
        write(output) {
          if (end !== undefined) throw new Error('written after the end');
          written.push(output);
          return true;
        },
        forward(bytes) {
          if (end !== undefined) throw new Error('written after the end');
          written.push(bytes);
          return hasRoomHere;
        },
        ready: () =>
          new Promise((resolve) => {
            wake = resolve;
          }),
        complete: () => finish('ok'),
        fail: finish,
      },
    );
    return {
      turn,
      sent,
      written,
      end: () => end,
      ends: () => ends,
      isOpenedThere: () => upstream !== undefined,
      send: (input: CallerInput, overrides: Partial<TurnMessage> = {}) =>
        turn.message(
          {
            conversationId: 'call',
            organisationId: principal.organisationId,
            agentId: '',
            allowPartialResponses: false,
            vendorConfig: '',
            input,
            ...overrides,
          },
          BYTES,
        ),
      answer(...messages: readonly Buffer[]) {
        for (const message of messages) upstream?.relayed(message);
      },
      endThere: (status = 'OK') => upstream?.relayEnded({ status, hasBegun: true, details: '' }),
      fillThere: () => void (hasRoomThere = false),
      drainThere: () => upstream?.relayDrained(),
      fillHere: () => void (hasRoomHere = false),
      drainHere: async () => {
        hasRoomHere = true;
        wake();
        await Promise.resolve();
        await Promise.resolve();
      },
    };
  };
  const counted = async (name: 'turns' | 'botFailures' | 'callsEnded') =>
    (await rig.metrics[name].get()).values.map(({ labels }) => Object.values(labels).join(' '));
  return { ...rig, open, counted };
}

/** The apology in its pieces and the closing answer. */
function isApology(written: readonly (Buffer | TurnOutput)[]): boolean {
  const own = written.filter((output): output is TurnOutput => !Buffer.isBuffer(output));
  return own.length > 1 && own.at(-1)?.responseType === 'final' && own[0]?.responseType === 'chunk';
}

describe('a relayed turn', () => {
  it('passes bytes both ways as they are and ends once, with what the other side says', async () => {
    const rig = await createRelayRig();
    const rpc = rig.open();
    void rpc.send(SESSION_START);
    rpc.turn.halfClose();
    rig.clock.advance(40);
    rpc.answer(CHUNK, FINAL);
    rpc.endThere();
    expect(rpc.sent).toEqual([BYTES, 'half-close']);
    expect(rpc.sent[0]).toBe(BYTES);
    expect(rpc.written).toEqual([CHUNK, FINAL]);
    expect([rpc.end(), rpc.ends()]).toEqual(['ok', 1]);
    expect(await rig.counted('turns')).toEqual(['start answered']);
    expect(rig.clock.pending()).toBe(1);
    expect(rig.directory.size()).toBe(1);
  });

  it('takes speech for asked at the END_OF_INPUT of the other side', async () => {
    const rig = await createRelayRig();
    const rpc = rig.open();
    for (const frame of frames('speech', 200)) void rpc.send(frame);
    rpc.answer(EVENTS.start);
    rig.clock.advance(60_000);
    rpc.answer(EVENTS.end);
    rig.clock.advance(500);
    rpc.answer(CHUNK, FINAL);
    rpc.endThere();
    expect(rpc.end()).toBe('ok');
    expect(await rig.counted('turns')).toEqual(['speech answered']);
    const { values } = await rig.metrics.firstAnswerSeconds.get();
    expect(values.find(({ metricName }) => metricName?.endsWith('_sum'))?.value).toBe(0.5);
  });

  it.each([
    ['transfer', EVENTS.transfer],
    ['bot', encodeTurnOutput(final({ event: { type: 'session-end', name: '', metadata: {} } }))],
  ])('ends the call with reason %s once its RPC is over', async (reason, last) => {
    const rig = await createRelayRig();
    const rpc = rig.open();
    void rpc.send(DIGITS);
    rpc.answer(last);
    expect(rig.directory.size()).toBe(1);
    rpc.endThere();
    expect([rpc.end(), rig.directory.size()]).toEqual(['ok', 0]);
    expect(await rig.counted('callsEnded')).toEqual([reason]);
    expect(rig.log.events()).toContain('call.ended');
  });

  it('lets the caller hang up: the other side hears of it and may close', async () => {
    const rig = await createRelayRig();
    const [first, second] = [rig.open(), rig.open()];
    void first.send(SPEECH);
    void second.send({ type: 'session-end' });
    expect(second.sent).toEqual([BYTES, 'half-close']);
    expect(first.sent).toEqual([BYTES, 'half-close']);
    expect(rig.directory.size()).toBe(0);
    second.answer(FINAL);
    second.endThere();
    expect([second.end(), second.ends()]).toEqual(['ok', 1]);
    rig.clock.advance(5_000);
    expect(first.sent.at(-1)).toBe('cancel');
    expect([first.end(), first.ends()]).toEqual(['ok', 1]);
    expect(isApology(first.written)).toBe(false);
  });

  it('tells the other side of a hang-up in a call that this process does not know', async () => {
    const rig = await createRelayRig();
    const rpc = rig.open();
    void rpc.send({ type: 'session-end' });
    expect(rpc.sent).toEqual([BYTES, 'half-close']);
    rpc.endThere();
    expect([rpc.end(), rig.directory.size()]).toEqual(['ok', 0]);
  });

  it('of a call that has ended is closed without a word, and nothing is sent', async () => {
    const rig = await createRelayRig();
    const last = rig.open();
    void last.send(SESSION_START);
    last.answer(EVENTS.transfer);
    last.endThere();
    const late = rig.open();
    void late.send(SPEECH);
    expect([late.end(), late.isOpenedThere()]).toEqual(['ok', false]);
  });

  it('adds the end to sound in pieces that the other side leaves without one', async () => {
    const rig = await createRelayRig();
    const rpc = rig.open();
    void rpc.send(SESSION_START);
    rpc.answer(CHUNK);
    rpc.endThere();
    expect(rpc.written).toMatchObject([CHUNK, { responseType: 'final', listen: rig.agent.listen }]);
    expect(rpc.ends()).toBe(1);
  });

  it('adds nothing to an RPC that is closed without an answer, as that of the first key is', async () => {
    const rig = await createRelayRig();
    const rpc = rig.open();
    void rpc.send({ type: 'start-of-digits' });
    rpc.turn.halfClose();
    rpc.endThere();
    expect([rpc.written, rpc.end()]).toEqual([[], 'ok']);
    expect(await rig.counted('turns')).toEqual([]);
  });
});

describe('the checks before it', () => {
  it.each<[string, Partial<TurnMessage>, string]>([
    ['an empty id', { conversationId: '' }, 'ERR_CONVERSATION_ID_MISSING'],
    ['a long id', { conversationId: 'x'.repeat(257) }, 'ERR_CONVERSATION_ID_MISSING'],
    ['another organisation', { organisationId: 'other' }, 'ERR_CONVERSATION_ORGANISATION'],
    ['an unknown agent', { agentId: 'nobody' }, 'ERR_CONVERSATION_AGENT_UNKNOWN'],
  ])('refuse %s before anything is sent', async (_, overrides, code) => {
    const rpc = (await createRelayRig()).open();
    expect(() => rpc.send(SESSION_START, overrides)).toThrow(expect.objectContaining({ code }));
    expect(rpc.isOpenedThere()).toBe(false);
  });

  it('refuse a conversation that changes, and an RPC without a message', async () => {
    const rig = await createRelayRig();
    const rpc = rig.open();
    void rpc.send(SPEECH);
    expect(() => rpc.send(SPEECH, { conversationId: 'b' })).toThrow('changed');
    expect(() => rig.open().turn.halfClose()).toThrow('no message');
  });

  it('refuse the ninth open RPC of a call, and the call that is one too many', async () => {
    const rig = await createRelayRig({ directory: { maxConversations: 1 } });
    for (let index = 0; index < 8; index += 1) void rig.open().send(SPEECH);
    const isCapacity = expect.objectContaining({ code: 'ERR_CONVERSATION_CAPACITY' }) as Error;
    expect(() => rig.open().send(SPEECH)).toThrow(isCapacity);
    expect(() => rig.open().send(SPEECH, { conversationId: 'b' })).toThrow(isCapacity);
  });

  it('give up a call that has been idle, and close its RPC', async () => {
    const rig = await createRelayRig({ directory: { idleTimeoutMs: 60_000 } });
    const rpc = rig.open();
    void rpc.send(SPEECH);
    rig.clock.advance(90_000);
    expect(rig.directory.size()).toBe(0);
    expect(rpc.sent).toEqual([BYTES, 'half-close', 'cancel']);
    expect([rpc.end(), rpc.ends()]).toEqual(['ok', 1]);
  });

  it('end an RPC of an organisation that is no longer welcome, on both sides', async () => {
    const rig = await createRelayRig();
    const rpc = rig.open();
    void rpc.send(SESSION_START);
    rig.directory.revoke(() => true);
    expect(rpc.sent.at(-1)).toBe('cancel');
    expect(rpc.end()).toMatchObject({ code: 'ERR_AUTH_REVOKED' });
  });
});

describe('when the other side fails', () => {
  it.each([
    ['before a word', []],
    ['after START_OF_INPUT', [EVENTS.start]],
    ['after an event of its own', [EVENTS.custom]],
    ['in the middle of its answer', [CHUNK]],
  ])('%s, the caller hears the apology and the RPC ends once', async (_, before) => {
    const rig = await createRelayRig();
    const rpc = rig.open();
    void rpc.send(DIGITS);
    rpc.answer(...before);
    rpc.endThere('UNAVAILABLE');
    expect(isApology(rpc.written)).toBe(true);
    expect([rpc.end(), rpc.ends(), rig.directory.size()]).toEqual(['ok', 1, 1]);
    expect(await rig.counted('turns')).toEqual(['digits failed']);
    expect(await rig.counted('botFailures')).toEqual(['ERR_HANDLER_FAILED']);
    expect(
      rig.log.lines.find(({ fields }) => fields['event'] === 'bot.failed')?.fields,
    ).toMatchObject({
      bot: 'relay-grpc',
      conversation: 'call',
      status: 'UNAVAILABLE',
      hasBegun: true,
    });
  });

  it('after its closing answer, nothing is added, and what it said of the call comes true', async () => {
    const rig = await createRelayRig();
    const rpc = rig.open();
    void rpc.send(DIGITS);
    rpc.answer(EVENTS.transfer);
    rpc.endThere('INTERNAL');
    expect(rpc.written).toEqual([EVENTS.transfer]);
    expect([rpc.end(), rpc.ends(), rig.directory.size()]).toEqual(['ok', 1, 0]);
  });

  it('again and again, the caller is handed over', async () => {
    const farewell = new Uint8Array(4_800).fill(0x56);
    const rig = await createRelayRig({
      agent: { fallback: { attempts: 2, action: 'transfer', farewell } },
    });
    const failing = (): ReturnType<typeof rig.open> => {
      const rpc = rig.open();
      void rpc.send(DIGITS);
      rpc.endThere('UNAVAILABLE');
      return rpc;
    };
    expect(isApology(failing().written)).toBe(true);
    const healthy = rig.open();
    void healthy.send(DIGITS);
    healthy.answer(FINAL);
    healthy.endThere();
    failing();
    expect(rig.directory.size()).toBe(1);
    const last = failing().written.at(-1);
    expect(last).toMatchObject({ event: { type: 'transfer-to-agent', name: 'bot-failed' } });
    expect([rig.directory.size(), await rig.counted('callsEnded')]).toEqual([0, ['transfer']]);
  });

  it('speaks WAV where the agent does', async () => {
    const rig = await createRelayRig({ agent: { playback: 'wav' } });
    const rpc = rig.open();
    void rpc.send(DIGITS);
    rpc.endThere('INTERNAL');
    expect(rpc.written).toHaveLength(1);
    const [answer] = rpc.written as TurnOutput[];
    expect(Buffer.from(answer?.prompts[0]?.audio.subarray(0, 4) ?? []).toString()).toBe('RIFF');
  });

  it.each([
    ['never answers', [], 'digits timed-out'],
    ['stops in the middle', [CHUNK], 'digits timed-out'],
  ])('because it %s, it is cancelled and apologised for', async (_, before, turn) => {
    const rig = await createRelayRig({ agent: { patience: PATIENCE } });
    const rpc = rig.open();
    void rpc.send(DIGITS);
    rig.clock.advance(2_000);
    rpc.answer(...before);
    rig.clock.advance(2_999);
    expect(rpc.ends()).toBe(before.length > 0 ? 0 : 1);
    rig.clock.advance(1);
    expect(rpc.sent.at(-1)).toBe('cancel');
    expect(isApology(rpc.written)).toBe(true);
    expect([rpc.end(), rpc.ends()]).toEqual(['ok', 1]);
    expect(await rig.counted('turns')).toEqual([turn]);
  });

  it('because it does not complete after its closing answer, the RPC is completed without it', async () => {
    const rig = await createRelayRig({ agent: { patience: PATIENCE } });
    const rpc = rig.open();
    void rpc.send(DIGITS);
    rpc.answer(FINAL);
    rig.clock.advance(3_000);
    expect(rpc.written).toEqual([FINAL]);
    expect([rpc.end(), rpc.ends(), rpc.sent.at(-1)]).toEqual(['ok', 1, 'cancel']);
  });

  it('because it sends what is no message, none of that reaches the caller', async () => {
    const rig = await createRelayRig();
    const rpc = rig.open();
    void rpc.send(DIGITS);
    rpc.answer(CHUNK.subarray(0, 50));
    expect(rpc.written.some((output) => Buffer.isBuffer(output))).toBe(false);
    expect(isApology(rpc.written)).toBe(true);
    expect(await rig.counted('botFailures')).toEqual(['ERR_HANDLER_OUTPUT']);
  });

  it('because it never stops, it is stopped', async () => {
    const rig = await createRelayRig();
    const rpc = rig.open();
    void rpc.send(DIGITS);
    const endless = encodeTurnOutput(chunk(new Uint8Array(60_000).fill(1), true));
    for (let index = 0; index < 2_000 && rpc.ends() === 0; index += 1) rpc.answer(endless);
    expect(rpc.written.length).toBeLessThan(1_200);
    expect([rpc.sent.at(-1), rpc.end(), rpc.ends()]).toEqual(['cancel', 'ok', 1]);
  });

  it('because it does not read, the caller is held back, and then apologised to', async () => {
    const rig = await createRelayRig({ agent: { patience: PATIENCE } });
    const rpc = rig.open();
    expect(rpc.send(SPEECH)).toBeUndefined();
    rpc.fillThere();
    const room = rpc.send(SPEECH);
    expect(room).toBeInstanceOf(Promise);
    rig.clock.advance(3_000);
    await room;
    expect(isApology(rpc.written)).toBe(true);
    expect(rpc.sent.at(-1)).toBe('cancel');
  });
});

describe('between two speeds', () => {
  it('the caller goes on when the other side has room again', async () => {
    const rig = await createRelayRig({ agent: { patience: PATIENCE } });
    const rpc = rig.open();
    rpc.fillThere();
    const room = rpc.send(SPEECH);
    rig.clock.advance(1_000);
    rpc.drainThere();
    await room;
    rig.clock.advance(60_000);
    expect(rpc.ends()).toBe(0);
  });

  it('the other side waits for a slow client, and is not blamed for it', async () => {
    const rig = await createRelayRig({ agent: { patience: PATIENCE } });
    const rpc = rig.open();
    void rpc.send(DIGITS);
    rpc.fillHere();
    rpc.answer(CHUNK);
    expect(rpc.sent.at(-1)).toBe('pause');
    rig.clock.advance(10_000);
    expect(rpc.ends()).toBe(0);
    await rpc.drainHere();
    expect(rpc.sent.at(-1)).toBe('resume');
    rig.clock.advance(3_000);
    expect(rpc.ends()).toBe(1);
  });
});

describe('when the RPC goes away here', () => {
  it('it is cancelled over there at once, and the call goes on', async () => {
    const rig = await createRelayRig();
    const rpc = rig.open();
    void rpc.send(DIGITS);
    rpc.turn.cancelled();
    expect(rpc.sent.at(-1)).toBe('cancel');
    rpc.answer(CHUNK);
    rpc.endThere();
    expect([rpc.written, rpc.ends(), rig.directory.size()]).toEqual([[], 0, 1]);
    expect(await rig.counted('turns')).toEqual(['digits cancelled']);
  });

  it('a drain lets an answer finish, and asks the other side to close what only listens', async () => {
    const rig = await createRelayRig();
    const [listening, answering] = [rig.open(), rig.open()];
    void listening.send(SPEECH);
    void answering.send(DIGITS);
    rig.directory.releaseListeners();
    expect(listening.sent).toEqual([BYTES, 'half-close']);
    expect(answering.sent).toEqual([BYTES]);
    void listening.send(SPEECH);
    expect(listening.sent).toHaveLength(2);
    listening.answer(FINAL);
    listening.endThere();
    expect(listening.end()).toBe('ok');
  });
});
