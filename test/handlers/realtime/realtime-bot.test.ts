import { describe, expect, it } from 'vitest';

import type { BotInput, BotOutput } from '../../../src/handlers/bot-handler.ts';
import {
  INPUTS,
  ask,
  createCall,
  createTurn,
  describeBotContract,
} from '../../contracts/bot-handler.ts';
import { type RealtimeServer, wordSound } from '../../support/realtime-server.ts';
import {
  failure,
  interruptedAt,
  soundOf,
  speech,
  textOf,
  useRealtimeServer,
} from './realtime-rig.ts';

const SECRET: BotInput = { type: 'digits', digits: '4711', sensitive: true };

let server: RealtimeServer;
const { create, told, speakBeta } = useRealtimeServer((started) => {
  server = started;
});
/** The kinds of outputs, with sound that comes in several pieces as one. */
const typesOf = (outputs: readonly BotOutput[]) =>
  outputs
    .map(({ type }) => type)
    .filter((type, at, all) => type !== 'audio' || all[at - 1] !== type);
const sentTypes = (): readonly unknown[] => server.events.map(({ type }) => type);

/** Speech that lasts until it is ended. */
function openSpeech(): { readonly input: BotInput; readonly end: () => void } {
  let end = (): void => undefined;
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  async function* frames(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(1600);
    await over;
  }
  return { input: { type: 'speech-stream', audio: frames(), sensitive: false }, end: () => end() };
}

describeBotContract('realtime', async () => create());

describe('a call with the realtime bot', () => {
  it('sets the session up before anything is said, and lets the model speak first', async () => {
    const bot = await create({ model: 'm', voice: 'v', settings: { max_output_tokens: 9 } });
    const outputs = await ask(bot, createCall(), INPUTS.start);
    expect(soundOf(outputs)).toEqual(Buffer.concat([0, 1, 2].map(wordSound)));
    expect(outputs[0]).toEqual({
      type: 'audio',
      audio: wordSound(0).subarray(0, 1440),
      text: 'You ',
    });
    expect(textOf(outputs)).toBe('You gave nothing.');
    expect(sentTypes()).toEqual(['session.update', 'response.create']);
    expect(server.of('session.update')[0]?.['session']).toMatchObject({
      type: 'realtime',
      instructions: 'Be brief.',
      max_output_tokens: 9,
      audio: {
        input: { format: { type: 'audio/pcmu' }, turn_detection: null },
        output: { format: { type: 'audio/pcmu' }, voice: 'v' },
      },
      tools: [{ name: 'transfer_to_human' }, { name: 'end_call' }],
    });
    expect(server.connections[0]?.path).toBe('/v1/realtime?model=m');
    expect(server.connections[0]?.headers).toMatchObject({
      authorization: 'Bearer a key of the tests',
    });
    expect(server.connections[0]?.headers['openai-beta']).toBeUndefined();
    expect(server.problems).toEqual([]);
  });

  it('greets with the voice of the gateway once the session is acknowledged, and tells the model', async () => {
    const bot = await create({ greeting: 'Welcome.', listen: { digits: { maxLength: 4 } } });
    let hasAcknowledged = false;
    server.intercept(({ type }) => {
      hasAcknowledged ||= type === 'session.update';
      return false;
    });
    const outputs = await ask(bot, createCall(), INPUTS.start);
    expect(hasAcknowledged).toBe(true);
    expect(outputs).toEqual([
      { type: 'listen', settings: { mode: 'voice-and-digits', digits: { maxLength: 4 } } },
      { type: 'say', text: 'Welcome.' },
    ]);
    await server.until('conversation.item.create');
    expect(told()).toEqual(['assistant: Welcome.']);
    expect(server.of('response.create')).toEqual([]);
  });

  it('fills the parameters of the call into the instructions, and nothing that is not one', async () => {
    const bot = await create({
      instructions: 'Serve {{ customer }} in {{language}}.{{toString}}',
      transcriptionModel: 't',
    });
    const call = createCall({ parameters: { customer: 'Ms Novak' }, language: 'cs-CZ' });
    await ask(bot, call, INPUTS.start);
    expect(server.of('session.update')[0]?.['session']).toMatchObject({
      instructions: 'Serve Ms Novak in cs-CZ.',
      audio: { input: { transcription: { model: 't', language: 'cs' } } },
    });
  });

  it('streams two turns over one connection, in batches, committed when the caller has finished', async () => {
    const bot = await create();
    const call = createCall();
    await ask(bot, call, INPUTS.start);
    for (const ms of [1000, 500]) {
      const outputs = await ask(bot, call, speech(ms));
      expect(textOf(outputs)).toBe(`You gave ${ms * 8} bytes of speech.`);
    }
    expect(server.connections).toHaveLength(1);
    expect(server.problems).toEqual([]);
    const sizes = server
      .of('input_audio_buffer.append')
      .map(({ audio }) => Buffer.from(String(audio), 'base64').length / 8);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(20);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(100);
    expect(sizes.length).toBeLessThanOrEqual(39);
  });

  it('sends the sound while the caller speaks', async () => {
    const bot = await create();
    const call = createCall();
    await ask(bot, call, INPUTS.start);
    const { input, end } = openSpeech();
    const answer = ask(bot, call, input);
    await server.until('input_audio_buffer.append');
    expect(server.of('input_audio_buffer.commit')).toEqual([]);
    end();
    expect(textOf(await answer)).toContain('1600 bytes');
  });

  it('fills up what is too short to be committed, and asks nothing where there was no sound', async () => {
    const bot = await create();
    const call = createCall();
    expect(textOf(await ask(bot, call, speech(40)))).toContain('800 bytes');
    expect(await ask(bot, call, speech(0))).toEqual([]);
    expect(server.problems).toEqual([]);
  });

  it('speaks the beta with the names of the beta', async () => {
    await speakBeta();
    const bot = await create({ dialect: 'beta', greeting: 'Hi.', voice: 'v', speed: 1.1 });
    const call = createCall();
    await ask(bot, call, INPUTS.start);
    expect(textOf(await ask(bot, call, speech(200)))).toContain('1600 bytes');
    expect(server.connections[0]?.headers['openai-beta']).toBe('realtime=v1');
    expect(server.of('session.update')[0]?.['session']).toMatchObject({ voice: 'v', speed: 1.1 });
    expect(server.problems).toEqual([]);
  });

  it('closes its connection with the call', async () => {
    const bot = await create();
    const call = createCall();
    await ask(bot, call, INPUTS.start);
    await bot.end?.(call, 'caller');
    await server.untilClosed();
  });
});

describe('what is no speech', () => {
  it('comes to the model in words: keys, silence where wanted, and events of the flow', async () => {
    const bot = await create({ noInput: 'The caller is silent.' });
    const call = createCall();
    for (const input of [INPUTS.digits, SECRET, INPUTS.noInput, INPUTS.event, INPUTS.recognised])
      await ask(bot, call, input);
    expect(told()).toEqual([
      'user: The caller pressed 1.',
      'user: The caller pressed keys that are confidential and not shown to you.',
      'system: The caller is silent.',
      'system: Event "hint": {"some":["value",1]}',
      'user: hello',
    ]);
    expect(server.problems).toEqual([]);
  });

  it('is passed over where the options say so', async () => {
    const bot = await create({ events: 'ignore' });
    const call = createCall();
    expect(await ask(bot, call, INPUTS.noInput)).toEqual([]);
    expect(await ask(bot, call, INPUTS.event)).toEqual([]);
    expect(server.connections).toEqual([]);
  });

  it('confidential keys are sent where the options say so, and never noted down', async () => {
    const bot = await create({ sensitiveDigits: 'send' });
    const call = createCall();
    server.reply((asked) => ({ words: [asked] }));
    await ask(bot, call, SECRET);
    expect(told()).toEqual(['user: The caller pressed 4 7 1 1.']);
    expect(JSON.stringify(call.state)).not.toContain('4 7 1 1');
  });
});

describe('an interruption', () => {
  const interrupt = async (words = 5, holdAfter = 3) => {
    const bot = await create();
    const call = createCall();
    server.reply(() => ({ words: Array.from({ length: words }, (_, n) => `w${n} `), holdAfter }));
    const controller = new AbortController();
    let heard = 0;
    let abortedAt = 0;
    const abort = (): void => {
      abortedAt = performance.now();
      controller.abort();
    };
    const answered = failure(
      (async () => {
        for await (const _ of bot.answer(call, INPUTS.start, createTurn(controller.signal)))
          if (++heard === holdAfter) setImmediate(abort);
      })(),
    );
    await answered;
    server.reply(() => ({ words: ['Yes?'] }));
    return { bot, call, error: await answered, abortedAt };
  };

  it('[check 69] cancels the response within 100 ms, and only one that is under way', async () => {
    const { bot, call, error, abortedAt } = await interrupt();
    expect(error).toMatchObject({ name: 'AbortError' });
    await server.until('response.cancel');
    expect(performance.now() - abortedAt).toBeLessThan(100);
    const controller = new AbortController();
    for await (const _ of bot.answer(call, INPUTS.digits, createTurn(controller.signal))) continue;
    controller.abort();
    await ask(bot, call, INPUTS.digits);
    expect(server.of('response.cancel')).toHaveLength(1);
    expect(server.problems).toEqual([]);
  });

  it('cuts the item at the heard millisecond before the next response', async () => {
    const { bot, call } = await interrupt();
    await ask(bot, call, speech(200), interruptedAt(450, 'w0 w1'));
    expect(server.of('conversation.item.truncate')).toMatchObject([
      { content_index: 0, audio_end_ms: 450 },
    ]);
    const types = sentTypes();
    expect(types.indexOf('conversation.item.truncate')).toBeLessThan(
      types.lastIndexOf('response.create'),
    );
    expect(server.problems).toEqual([]);
  });

  it('cuts at most at what came of the item', async () => {
    const { bot, call } = await interrupt();
    await ask(bot, call, INPUTS.digits, interruptedAt(90_000));
    expect(server.of('conversation.item.truncate')).toMatchObject([{ audio_end_ms: 600 }]);
    expect(server.problems).toEqual([]);
  });

  it('takes back an item of which nothing was heard', async () => {
    const { bot, call } = await interrupt();
    await ask(bot, call, INPUTS.digits, interruptedAt(0));
    expect(server.of('conversation.item.truncate')).toEqual([]);
    expect(server.of('conversation.item.delete')).toHaveLength(1);
    expect(server.problems).toEqual([]);
  });

  it('of an answer that was whole and heard to its end cuts nothing', async () => {
    const bot = await create();
    const call = createCall();
    await ask(bot, call, INPUTS.start);
    await ask(bot, call, INPUTS.digits, interruptedAt(600));
    expect(sentTypes()).not.toContain('conversation.item.truncate');
    expect(sentTypes()).not.toContain('conversation.item.delete');
  });

  it('while the caller speaks takes back the sound that was sent', async () => {
    const bot = await create();
    const call = createCall();
    await ask(bot, call, INPUTS.start);
    const { input } = openSpeech();
    const controller = new AbortController();
    const answered = failure(ask(bot, call, input, createTurn(controller.signal)));
    await server.until('input_audio_buffer.append');
    controller.abort();
    expect(await answered).toMatchObject({ name: 'AbortError' });
    await server.until('input_audio_buffer.clear');
    expect(server.of('response.cancel')).toEqual([]);
  });
});

describe('where the server detects turns', () => {
  it('what the model says ends the input, and nothing is committed or asked for', async () => {
    const bot = await create({ turnDetection: 'server' });
    const call = createCall();
    await ask(bot, call, INPUTS.start);
    const { input } = openSpeech();
    const answered = ask(bot, call, input);
    await server.until('input_audio_buffer.append');
    server.connections[0]?.send({ type: 'input_audio_buffer.committed', item_id: 'item_x' });
    server.connections[0]?.respond();
    expect(textOf(await answered)).toBe('You gave nothing.');
    expect(server.of('input_audio_buffer.commit')).toEqual([]);
    expect(server.of('response.create')).toHaveLength(1);
    expect(server.of('session.update')[0]?.['session']).toMatchObject({
      audio: { input: { turn_detection: { type: 'server_vad', interrupt_response: false } } },
    });
  });

  it('the gateway commits when it hears the end first', async () => {
    const bot = await create({ turnDetection: 'server' });
    expect(textOf(await ask(bot, createCall(), speech(300)))).toContain('2400 bytes');
    expect(server.problems).toEqual([]);
  });
});

describe('functions', () => {
  const answerWith = async (
    call: { readonly name: string; readonly arguments: string },
    options: object = {},
    words: readonly string[] = ['One ', 'moment.'],
  ) => {
    const bot = await create(options as Readonly<Record<string, unknown>>);
    let isFirst = true;
    server.reply(() => {
      if (!isFirst) return { words: ['More.'] };
      isFirst = false;
      return { words, calls: [call] };
    });
    return ask(bot, createCall(), INPUTS.start);
  };

  it('transfer once the sound of the response is passed on, the last of it uninterruptible', async () => {
    const outputs = await answerWith({
      name: 'transfer_to_human',
      arguments: '{"reason":"asked"}',
    });
    expect(typesOf(outputs)).toEqual(['audio', 'transfer', 'audio']);
    expect(soundOf(outputs)).toEqual(Buffer.concat([0, 1].map(wordSound)));
    expect(outputs.at(-2)).toEqual({ type: 'transfer', name: '', metadata: { reason: 'asked' } });
    expect(server.of('response.create')).toHaveLength(1);
  });

  it('end the call, under the name that the configuration gives, with words where the model has none', async () => {
    const outputs = await answerWith(
      { name: 'hang_up', arguments: 'no json' },
      { endTool: { name: 'hang_up', say: 'Goodbye.' } },
      [],
    );
    expect(outputs).toEqual([
      { type: 'end', name: '', metadata: {} },
      { type: 'say', text: 'Goodbye.' },
    ]);
  });

  const tool = { name: 'look_up', description: 'Looks up.', parameters: { type: 'object' } };

  it('drive the flow with an event, and the model speaks on', async () => {
    const outputs = await answerWith(
      { name: 'look_up', arguments: '{"id":7}' },
      { tools: [{ ...tool, event: 'lookup' }] },
    );
    expect(typesOf(outputs)).toEqual(['audio', 'custom-event', 'audio']);
    expect(outputs).toContainEqual({ type: 'custom-event', name: 'lookup', metadata: { id: 7 } });
    expect(textOf(outputs)).toBe('One moment.More.');
    expect(server.problems).toEqual([]);
  });

  it('that wait for the flow end the answer', async () => {
    const outputs = await answerWith(
      { name: 'look_up', arguments: '{}' },
      { tools: [{ ...tool, next: 'wait' }] },
    );
    expect(typesOf(outputs)).toEqual(['audio', 'custom-event']);
    await server.until('conversation.item.create');
  });

  it.each([
    ['unknown ones', { name: 'nothing', arguments: '{}' }],
    ['ones that are switched off', { name: 'transfer_to_human', arguments: '{}' }],
    ['arguments that are no object', { name: 'look_up', arguments: '[1]' }],
  ])('refuse %s, and the model hears of it', async (_, call) => {
    const outputs = await answerWith(call, { tools: [tool], transferTool: false });
    expect(textOf(outputs)).toBe('One moment.More.');
    expect(server.of('conversation.item.create')).toMatchObject([
      { item: { type: 'function_call_output', output: expect.stringContaining('error') } },
    ]);
  });

  it('do not keep a caller for ever', async () => {
    const bot = await create();
    server.reply(() => ({ calls: [{ name: 'nothing', arguments: '{}' }] }));
    expect(await ask(bot, createCall(), INPUTS.start)).toEqual([]);
    expect(server.of('response.create')).toHaveLength(5);
  });
});
