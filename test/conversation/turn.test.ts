import { describe, expect, it } from 'vitest';

import type { BotHandler, BotInput, BotOutput, BotTurn } from '../../src/handlers/bot-handler.ts';
import type { TurnOutput } from '../../src/conversation/turn-output.ts';
import { PRINCIPAL, SESSION_START, createCallRig, frames } from '../support/call-rig.ts';

type Answer = (input: BotInput, turn: BotTurn) => AsyncIterable<BotOutput> | readonly BotOutput[];

function botOf(answer: Answer, extra: Partial<BotHandler> = {}) {
  const inputs: BotInput[] = [];
  const turns: BotTurn[] = [];
  const bot: BotHandler = {
    name: 'test',
    async *answer(_call, input, turn) {
      inputs.push(input);
      turns.push(turn);
      yield* answer(input, turn);
    },
    ...extra,
  };
  return { bot, inputs, turns };
}

const say = (text: string, bargeIn?: boolean): BotOutput => ({
  type: 'say',
  text,
  ...(bargeIn !== undefined && { bargeIn }),
});
const chatty = () => botOf((input) => [say(`you did ${input.type}`)]);
const kinds = (outputs: readonly TurnOutput[]) =>
  outputs.map(({ responseType, event }) => event?.type ?? responseType);
const speak = (rpc: { send(input: ReturnType<typeof frames>[number]): void }, ms = 300): void => {
  for (const frame of [...frames('speech', ms), ...frames('silence', 600)]) rpc.send(frame);
};
async function started(rig: Awaited<ReturnType<typeof createCallRig>>) {
  const rpc = rig.open();
  rpc.send(SESSION_START);
  rpc.turn.halfClose();
  await rpc.ended;
  return rpc;
}

describe('the session', () => {
  it('[check 46] greets on SESSION_START and completes, and the call lives on', async () => {
    const rig = await createCallRig(chatty());
    const rpc = rig.open();
    rpc.send(SESSION_START);
    await rpc.ended;
    expect(kinds(rpc.written)).toEqual(['chunk', 'final']);
    expect(rpc.end()).toBe('ok');
    expect(rig.directory.size()).toBe(1);
  });

  it('[check 47] resumes the state with the next RPC', async () => {
    const { bot } = botOf(() => []);
    const counting: BotHandler = {
      ...bot,
      async *answer(call) {
        call.state['count'] = Number(call.state['count'] ?? 0) + 1;
        yield say(`turn ${String(call.state['count'])}`);
      },
    };
    const rig = await createCallRig({ bot: counting });
    await started(rig);
    const second = rig.open();
    second.send({ type: 'digits', digits: '1' });
    second.turn.halfClose();
    await second.ended;
    expect(second.written[0]?.prompts[0]?.audio).toHaveLength('turn 2'.length * 160);
  });

  it('[check 48] does not greet twice', async () => {
    const { bot, inputs } = chatty();
    const rig = await createCallRig({ bot });
    await started(rig);
    const again = await started(rig);
    expect(inputs).toHaveLength(1);
    expect(kinds(again.written)).toEqual(['final']);
    expect(again.written[0]?.prompts).toEqual([{ audio: new Uint8Array(0), bargeIn: false }]);
  });

  it('[check 49] [check 50] keeps the reply when the client half-closes before it, and ends once', async () => {
    const rig = await createCallRig(chatty());
    const rpc = await started(rig);
    expect(kinds(rpc.written)).toEqual(['chunk', 'final']);
    expect(rpc.ends()).toBe(1);
  });

  it('[check 41] keeps the conversation of one organisation from another', async () => {
    const { bot, inputs } = chatty();
    const rig = await createCallRig({ bot });
    await started(rig);
    const other = rig.open({
      ...PRINCIPAL,
      organisationId: 'ffffffff-1111-4222-8333-444455556666',
    });
    other.send(SESSION_START);
    await other.ended;
    expect(rig.directory.size()).toBe(2);
    expect(inputs.map(({ type }) => type)).toEqual(['start', 'start']);
  });

  it('[check 64] answers SESSION_END without a prompt and frees the state', async () => {
    const ends: string[] = [];
    const { bot } = chatty();
    const rig = await createCallRig({
      bot: { ...bot, end: (_call, reason) => void ends.push(reason) },
    });
    await started(rig);
    const rpc = rig.open();
    rpc.send({ type: 'session-end' });
    await rpc.ended;
    expect(rpc.written).toMatchObject([{ responseType: 'final', prompts: [], listen: undefined }]);
    expect(rig.directory.size()).toBe(0);
    expect(ends).toEqual(['caller']);
  });

  it('[check 65] aborts the turn when SESSION_END comes inside an audio RPC', async () => {
    const { bot, turns } = botOf(async function* ({ type }, { signal }) {
      if (type === 'start') return;
      yield say('a');
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    });
    const rig = await createCallRig({ bot });
    await started(rig);
    const rpc = rig.open();
    speak(rpc);
    await expect.poll(() => turns.length).toBe(2);
    rpc.send({ type: 'session-end' });
    await rpc.ended;
    expect(turns[1]?.signal.aborted).toBe(true);
    expect(rpc.written.at(-1)).toMatchObject({ responseType: 'final', prompts: [] });
    expect(rpc.ends()).toBe(1);
  });

  it('[check 68] opens a conversation for audio without SESSION_START, or refuses it, as configured', async () => {
    const open = await createCallRig({ ...chatty(), directory: { unknown: 'create' } });
    const rpc = open.open();
    speak(rpc);
    await rpc.ended;
    expect(rpc.end()).toBe('ok');
    const strict = await createCallRig({ ...chatty(), directory: { unknown: 'refuse' } });
    expect(() => speak(strict.open())).toThrowError(
      expect.objectContaining({ code: 'ERR_CONVERSATION_NOT_STARTED' }),
    );
  });

  it('[check 72] reaps an idle conversation, tells the bot, and leaves no timer behind', async () => {
    const ends: string[] = [];
    const { bot } = chatty();
    const rig = await createCallRig({
      bot: { ...bot, end: (_call, reason) => void ends.push(reason) },
    });
    await started(rig);
    rig.clock.advance(590_000);
    expect(rig.directory.size()).toBe(1);
    rig.clock.advance(100_000);
    expect(rig.directory.size()).toBe(0);
    expect(ends).toEqual(['idle']);
    rig.directory.close();
    expect(rig.clock.pending()).toBe(0);
  });

  it('[check 72] reaps hundreds that went away together in slices, and lets others run in between', async () => {
    const rig = await createCallRig({
      ...chatty(),
      directory: { maxConversations: 200, maxPerOrganisation: 200 },
    });
    for (let call = 0; call < 200; call += 1) {
      const rpc = rig.open();
      rpc.send(SESSION_START, { conversationId: `call-${call}` });
      await rpc.ended;
    }
    rig.clock.advance(660_000);
    const left = [rig.directory.size()];
    while (left.at(-1) !== 0) {
      await new Promise(setImmediate);
      left.push(rig.directory.size());
    }
    expect(left).toEqual([136, 72, 8, 0]);
  });

  it('[check 72] keeps a conversation whose RPC brings sound, and gives it up when the RPC falls silent', async () => {
    const rig = await createCallRig(chatty());
    const rpc = rig.open();
    for (let minute = 0; minute < 60; minute += 1) {
      for (const frame of frames('silence', 20)) rpc.send(frame);
      rig.clock.advance(60_000);
    }
    expect(rig.directory.size()).toBe(1);
    rig.clock.advance(660_000);
    expect(rig.directory.size()).toBe(0);
    expect([rpc.end(), rpc.ends()]).toEqual(['ok', 1]);
  });

  it('refuses a conversation beyond the limit of its organisation, and lets others call', async () => {
    const rig = await createCallRig({
      ...chatty(),
      directory: { organisationLimits: { [PRINCIPAL.organisationId]: 1 } },
    });
    const first = await started(rig);
    expect(() => rig.open().send(SESSION_START, { conversationId: 'another' })).toThrowError(
      expect.objectContaining({ code: 'ERR_CONVERSATION_CAPACITY' }),
    );
    const other = rig.open({
      ...PRINCIPAL,
      organisationId: 'ffffffff-1111-4222-8333-444455556666',
    });
    other.send(SESSION_START, { conversationId: 'another' });
    await other.ended;
    expect([first.end(), other.end()]).toEqual(['ok', 'ok']);
    const goodbye = rig.open();
    goodbye.send({ type: 'session-end' });
    const again = rig.open();
    again.send(SESSION_START, { conversationId: 'another' });
    await again.ended;
    expect(again.end()).toBe('ok');
  });

  it('refuses a conversation beyond the limit and forgets none', async () => {
    const rig = await createCallRig({ ...chatty(), directory: { maxConversations: 1 } });
    await started(rig);
    expect(() => rig.open().send(SESSION_START, { conversationId: 'another' })).toThrowError(
      expect.objectContaining({ code: 'ERR_CONVERSATION_CAPACITY' }),
    );
    expect(rig.directory.size()).toBe(1);
  });
});

describe('a message that breaks the contract', () => {
  it('[check 29] is refused when customer_org_id is not the organisation of the token', async () => {
    const rig = await createCallRig(chatty());
    for (const organisationId of ['', 'ffffffff-1111-4222-8333-444455556666'])
      expect(() => rig.open().send(SESSION_START, { organisationId })).toThrowError(
        expect.objectContaining({ code: 'ERR_CONVERSATION_ORGANISATION' }),
      );
  });

  it('[check 29] is compared on each message, in any letter case', async () => {
    const rig = await createCallRig(chatty());
    const rpc = rig.open();
    const [frame] = frames('silence', 20);
    if (frame === undefined) throw new Error('no frame');
    rpc.send(frame, { organisationId: PRINCIPAL.organisationId.toUpperCase() });
    expect(() => rpc.send(frame, { organisationId: 'x' })).toThrowError(
      expect.objectContaining({ code: 'ERR_CONVERSATION_ORGANISATION' }),
    );
  });

  it('[check 77] is refused when the agent is unknown or changes, and an empty id is the default', async () => {
    const rig = await createCallRig(chatty());
    expect(() => rig.open().send(SESSION_START, { agentId: 'nobody' })).toThrowError(
      expect.objectContaining({ code: 'ERR_CONVERSATION_AGENT_UNKNOWN' }),
    );
    await started(rig);
    expect(() => rig.open().send({ type: 'no-input' }, { agentId: 'other' })).toThrowError(
      expect.objectContaining({ code: 'ERR_CONVERSATION_AGENT_CHANGED' }),
    );
  });

  it('[check 78] is refused when the conversation id is empty or changes', async () => {
    const rig = await createCallRig(chatty());
    expect(() => rig.open().send(SESSION_START, { conversationId: '' })).toThrowError(
      expect.objectContaining({ code: 'ERR_CONVERSATION_ID_MISSING' }),
    );
    const rpc = rig.open();
    rpc.send({ type: 'ignored' });
    expect(() => rpc.send({ type: 'ignored' }, { conversationId: 'b' })).toThrowError(
      expect.objectContaining({ code: 'ERR_CONVERSATION_ID_CHANGED' }),
    );
  });

  it('[check 78] is refused when the conversation id is longer than any of Webex', async () => {
    const rig = await createCallRig(chatty());
    expect(() => rig.open().send(SESSION_START, { conversationId: 'x'.repeat(257) })).toThrow(
      expect.objectContaining({ code: 'ERR_CONVERSATION_ID_MISSING' }),
    );
    expect(rig.directory.size()).toBe(0);
  });
});

describe('a voice turn', () => {
  it('[check 52] [check 53] [check 54] [check 55] says START and END of input once and in order, then answers', async () => {
    const { bot, inputs } = chatty();
    const rig = await createCallRig({ bot: { ...bot, hears: 'utterances' } });
    await started(rig);
    rig.clock.advance(60_000);
    const rpc = rig.open();
    speak(rpc);
    for (const frame of frames('speech', 500)) rpc.send(frame);
    rpc.turn.halfClose();
    await rpc.ended;
    expect(kinds(rpc.written)).toEqual(['start-of-input', 'end-of-input', 'chunk', 'final']);
    expect(rpc.written.at(-1)?.prompts[0]?.audio).toHaveLength(0);
    const heard = inputs[1];
    if (heard?.type !== 'speech') throw new Error('no speech');
    expect(heard.audio.length).toBeGreaterThan(300 * 8);
  });

  it('[check 51] begins to answer before the client half-closes', async () => {
    const rig = await createCallRig(chatty());
    await started(rig);
    const rpc = rig.open();
    speak(rpc);
    await rpc.ended;
    expect(kinds(rpc.written).at(-1)).toBe('final');
  });

  it('ends an utterance that the half-close cut', async () => {
    const rig = await createCallRig(chatty());
    const rpc = rig.open();
    for (const frame of frames('speech', 400)) rpc.send(frame);
    rpc.turn.halfClose();
    await rpc.ended;
    expect(kinds(rpc.written)).toEqual(['start-of-input', 'end-of-input', 'chunk', 'final']);
  });

  it('closes silence with an empty FINAL', async () => {
    const rig = await createCallRig(chatty());
    const rpc = rig.open();
    for (const frame of frames('silence', 400)) rpc.send(frame);
    rpc.turn.halfClose();
    await rpc.ended;
    expect(kinds(rpc.written)).toEqual(['final']);
  });

  it('says END of input when the answer begins, where the agent is told so', async () => {
    const { bot } = chatty();
    const rig = await createCallRig({ bot, agent: { endOfInput: 'at-first-audio' } });
    const rpc = rig.open();
    speak(rpc);
    expect(kinds(rpc.written)).toEqual(['start-of-input']);
    await rpc.ended;
    expect(kinds(rpc.written)).toEqual(['start-of-input', 'end-of-input', 'chunk', 'final']);
  });

  it('that only listens is completed when the gateway asks for it, and the call goes on', async () => {
    const rig = await createCallRig(chatty());
    const rpc = rig.open();
    for (const frame of frames('silence', 100)) rpc.send(frame);
    rig.directory.releaseListeners();
    expect(rpc.end()).toBe('ok');
    expect(rig.directory.size()).toBe(1);
  });

  it('[check 56] [check 57] answers in WAV mode with one FINAL of RIFF prompts, on every turn', async () => {
    const { bot } = botOf(() => [say('one'), say('two')]);
    const rig = await createCallRig({ bot, agent: { playback: 'wav' } });
    for (const rpc of [await started(rig), rig.open()]) {
      if (rpc.end() === undefined) rpc.send({ type: 'no-input' });
      await rpc.ended;
      expect(kinds(rpc.written)).toEqual(['final']);
      expect(
        rpc.written[0]?.prompts.map(({ audio }) => Buffer.from(audio.subarray(0, 4)).toString()),
      ).toEqual(['RIFF', 'RIFF']);
    }
  });

  it('[check 73] sends no PARTIAL, whether it is allowed or not', async () => {
    const rig = await createCallRig(chatty());
    for (const allowPartialResponses of [false, true]) {
      const rpc = rig.open();
      rpc.send({ type: 'no-input' }, { allowPartialResponses });
      await rpc.ended;
      expect(kinds(rpc.written)).toEqual(['chunk', 'final']);
    }
  });

  it('[check 97] expects no audio in digits mode', async () => {
    const { bot } = botOf(() => [{ type: 'listen', settings: { mode: 'digits' } }]);
    const rig = await createCallRig({ bot });
    await started(rig);
    const rpc = rig.open();
    speak(rpc);
    rpc.turn.halfClose();
    await rpc.ended;
    expect(kinds(rpc.written)).toEqual(['final']);
  });
});
