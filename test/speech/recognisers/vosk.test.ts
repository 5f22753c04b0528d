import { afterEach, describe, expect, it } from 'vitest';

import { silentLogger } from '../../../src/core/logger.ts';
import { BUILT_IN_RECOGNISERS } from '../../../src/speech/recognisers/registry.ts';
import { REQUEST, noise, soundOf } from '../../contracts/speech-recogniser.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import type { RecogniserServer } from '../../support/recogniser-server.ts';
import { startVoskServer } from '../../support/vosk-server.ts';

const never = new AbortController().signal;

describe('the recogniser vosk', () => {
  let server: RecogniserServer | undefined;
  afterEach(async () => {
    expect(server?.violations).toEqual([]);
    await server?.close();
  });

  const start = async (options: object = {}, language: 'python' | 'cpp' = 'python') => {
    server = await startVoskServer(language);
    const clock = createFakeClock();
    const recogniser = await BUILT_IN_RECOGNISERS.get('vosk')?.create(
      { url: server.url, ...options },
      { logger: silentLogger, clock },
    );
    if (recogniser === undefined) throw new TypeError('no recogniser');
    return { recogniser, server, clock };
  };

  it('sends a configuration, PCM16 of 8000 Hz and the end, letter for letter', async () => {
    const { recogniser, server } = await start({ phrases: ['yes', 'no', '[unk]'] });
    await recogniser.recognise(soundOf(noise(250)), REQUEST, never);
    const [line] = server.lines;
    expect(line?.sound.map(({ length }) => length)).toEqual([1600, 1600, 800]);
    expect(JSON.parse(line?.texts[0] ?? '')).toEqual({
      config: {
        sample_rate: 8000,
        words: true,
        max_alternatives: 0,
        phrase_list: ['yes', 'no', '[unk]'],
      },
    });
    expect(line?.texts[1]).toBe('{"eof" : 1}');
    expect(line?.headers.authorization).toBeUndefined();
  });

  it.each(['python', 'cpp'] as const)(
    'finds the end of the text behind sentences of any number, with the server in %s',
    async (language) => {
      const { recogniser, server } = await start({}, language);
      server.behave({ type: 'answers', toText: (sound) => `[unk] ${sound.length} [unk] bytes` });
      for (let ms = 100; ms <= 700; ms += 100) {
        const recognition = await recogniser.recognise(soundOf(noise(ms)), REQUEST, never);
        expect(recognition).toEqual({ text: `${ms * 8} bytes`, confidence: 0.5 });
      }
    },
  );

  it('shows a token to the proxy in front', async () => {
    const { recogniser, server } = await start({ token: 'proxy-token' });
    await recogniser.recognise(soundOf(noise(100)), REQUEST, never);
    expect(server.lines[0]?.headers.authorization).toBe('Bearer proxy-token');
  });

  it('sends nothing of a confidential utterance unless it is told so', async () => {
    const request = { ...REQUEST, sensitive: true };
    const { recogniser, server } = await start();
    expect((await recogniser.recognise(soundOf(noise(300)), request, never)).text).toBe('');
    expect(server.attempts()).toBe(0);
    await server.close();
    const sending = await start({ sensitive: 'send' });
    expect((await sending.recogniser.recognise(soundOf(noise(300)), request, never)).text).toBe(
      'hello',
    );
  });

  it('takes the last guess when the text is late and it is told so', async () => {
    const { recogniser, server, clock } = await start({ whenLate: 'guess' });
    server.behave({ type: 'hangs' });
    const answer = recogniser.recognise(soundOf(noise(200)), REQUEST, never);
    await server.until(() => server.lines[0]?.texts.length === 2);
    await server.lines[0]?.untilSeen();
    clock.advance(3000);
    expect(await answer).toEqual({ text: 'guess', confidence: undefined });
  });

  it('drops a server that does not say goodbye, a second later', async () => {
    const { recogniser, server, clock } = await start({}, 'cpp');
    server.behave({ type: 'answers', toText: () => 'hello', thenStops: true });
    await recogniser.recognise(soundOf(noise(100)), REQUEST, never);
    clock.advance(999);
    expect(clock.pending()).toBe(1);
    clock.advance(1);
    expect(clock.pending()).toBe(0);
    await recogniser.close();
  });
});
