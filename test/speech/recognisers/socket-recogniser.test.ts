import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { AbortError } from '../../../src/core/abort.ts';
import { systemClock } from '../../../src/core/clock.ts';
import type { RecognitionResult } from '../../../src/speech/recognisers/recogniser-factory.ts';
import { BUILT_IN_RECOGNISERS } from '../../../src/speech/recognisers/registry.ts';
import { describeError } from '../../../src/telemetry/describe-error.ts';
import { REQUEST, createSpokenSound, noise, soundOf } from '../../contracts/speech-recogniser.ts';
import { createCanarySearch } from '../../support/canaries.ts';
import { createAuthority } from '../../support/certificates.ts';
import { DEEPGRAM_KEY, startDeepgramServer } from '../../support/deepgram-server.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createLogRecorder } from '../../support/log-recorder.ts';
import type { RecogniserServer, ServerBehaviour } from '../../support/recogniser-server.ts';

const never = new AbortController().signal;

describe('a recogniser over a WebSocket', () => {
  let server: RecogniserServer;
  beforeEach(async () => {
    server = await startDeepgramServer();
  });
  afterEach(() => server.close());

  const start = async (options: object = {}, baseDir = '.') => {
    const clock = createFakeClock();
    const results: RecognitionResult[] = [];
    const log = createLogRecorder();
    const recogniser = await BUILT_IN_RECOGNISERS.get('deepgram')?.create(
      { apiKey: DEEPGRAM_KEY, url: server.url, ...options },
      { logger: log.logger, clock, baseDir, onResult: (result) => void results.push(result) },
    );
    if (recogniser === undefined) throw new TypeError('no recogniser');
    return { recogniser, clock, results, log };
  };

  it('connects with the first sound, and not before', async () => {
    const { recogniser } = await start();
    const sound = createSpokenSound();
    const answer = recogniser.recognise(sound, REQUEST, never);
    await new Promise((resolve) => void setImmediate(resolve));
    expect(server.attempts()).toBe(0);
    sound.speak(noise(20));
    await server.until(() => server.attempts() === 1);
    sound.end();
    expect((await answer).text).toBe('hello');
  });

  it('sends the sound while it is spoken, 100 ms at a time', async () => {
    const { recogniser } = await start();
    const sound = createSpokenSound();
    const answer = recogniser.recognise(sound, REQUEST, never);
    for (let frame = 0; frame < 9; frame++) sound.speak(noise(20));
    await server.until(() => server.lines[0]?.sound.length === 1);
    sound.speak(noise(20));
    await server.until(() => server.lines[0]?.sound.length === 2);
    sound.end();
    await answer;
    expect(server.lines[0]?.sound).toHaveLength(2);
  });

  it('gives the text without waiting for anything after the last word of the server', async () => {
    const { recogniser, clock, results } = await start();
    let bestMs = Number.POSITIVE_INFINITY;
    for (let time = 0; time < 5; time++) {
      await recogniser.recognise(soundOf(noise(200)), REQUEST, never);
      bestMs = Math.min(bestMs, performance.now() - (server.lines.at(-1)?.lastSentAt ?? 0));
    }
    expect(bestMs).toBeLessThan(50);
    // The clock stood still, so that no timer can have had a part in it.
    expect(results.map(({ outcome, latencyMs }) => `${outcome} ${latencyMs}`)).toEqual(
      Array<string>(5).fill('recognised 0'),
    );
    await recogniser.close();
    expect(clock.pending()).toBe(0);
  });

  it('tells how long the text took after the sound', async () => {
    const { recogniser, clock, results } = await start();
    const sound = createSpokenSound();
    server.behave({
      type: 'answers',
      toText() {
        clock.advance(180);
        return 'slow';
      },
    });
    const answer = recogniser.recognise(sound, REQUEST, never);
    sound.speak(noise(200));
    await server.until(() => server.lines[0]?.sound.length === 2);
    clock.advance(5000);
    sound.end();
    await answer;
    expect(results).toEqual([{ outcome: 'recognised', latencyMs: 180 }]);
  });

  it('reports an utterance of which nothing was understood', async () => {
    const { recogniser, results } = await start();
    server.behave({ type: 'answers', toText: () => '' });
    expect((await recogniser.recognise(soundOf(noise(200)), REQUEST, never)).text).toBe('');
    expect(results).toEqual([{ outcome: 'nothing', latencyMs: 0 }]);
  });

  it('gives up a connection that does not come, and lets nothing of it behind', async () => {
    const { recogniser, clock, results } = await start();
    server.behave({ type: 'never-accepts' });
    const sound = createSpokenSound();
    const answer = recogniser.recognise(sound, REQUEST, never);
    const failed = expect(answer).rejects.toMatchObject({ detail: { reason: 'connect' } });
    sound.speak(noise(500));
    await server.until(() => server.attempts() === 1);
    clock.advance(3000);
    await failed;
    expect(sound.isLeft()).toBe(true);
    expect(results).toEqual([{ outcome: 'failed', latencyMs: undefined }]);
    expect(clock.pending()).toBe(0);
  });

  it('fails when the final text is late, 3 s after the sound', async () => {
    const { recogniser, clock, results } = await start({ connectTimeoutSeconds: 30 });
    server.behave({ type: 'hangs' });
    const answer = recogniser.recognise(soundOf(noise(300)), REQUEST, never);
    const failed = expect(answer).rejects.toMatchObject({ detail: { reason: 'late' } });
    await server.until(() => server.lines[0]?.texts.length === 2);
    clock.advance(2999);
    expect(results).toEqual([]);
    clock.advance(1);
    await failed;
    expect(results).toEqual([{ outcome: 'late', latencyMs: 3000 }]);
    await server.until(() => server.lines[0]?.isOpen === false);
  });

  it('takes the last guess when the text is late and it is told so', async () => {
    const { recogniser, clock, results } = await start({ whenLate: 'guess' });
    server.behave({ type: 'hangs' });
    const answer = recogniser.recognise(soundOf(noise(300)), REQUEST, never);
    await server.until(() => server.lines[0]?.texts.length === 2);
    await server.lines[0]?.untilSeen();
    clock.advance(3000);
    expect((await answer).text).toBe('guess 3');
    expect(results).toEqual([{ outcome: 'guessed', latencyMs: 3000 }]);
  });

  it.each([
    ['connecting', { type: 'never-accepts' }],
    ['listening', { type: 'hangs' }],
  ] as const)(
    'drops the connection at once when nobody wants the text, while %s',
    async (_, way) => {
      const { recogniser, clock, results } = await start();
      server.behave(way);
      const controller = new AbortController();
      const sound = createSpokenSound();
      const answer = recogniser.recognise(sound, REQUEST, controller.signal);
      const refused = expect(answer).rejects.toBeInstanceOf(AbortError);
      sound.speak(noise(100));
      await server.until(() =>
        way.type === 'hangs' ? server.lines[0]?.sound.length === 1 : server.attempts() === 1,
      );
      controller.abort();
      await refused;
      expect(sound.isLeft()).toBe(true);
      if (way.type === 'hangs') await server.until(() => server.lines[0]?.closeCode === 1006);
      expect(results).toEqual([{ outcome: 'aborted', latencyMs: undefined }]);
      expect(clock.pending()).toBe(0);
    },
  );

  it('refuses one utterance more than it may have at a time, and takes the next when one is done', async () => {
    const { recogniser, results } = await start({ maxSessions: 2 });
    const sounds = [createSpokenSound(), createSpokenSound()];
    const answers = sounds.map((sound) => recogniser.recognise(sound, REQUEST, never));
    const third = recogniser.recognise(soundOf(noise(100)), REQUEST, never);
    await expect(third).rejects.toMatchObject({ detail: { reason: 'busy' } });
    expect(results).toEqual([{ outcome: 'busy', latencyMs: undefined }]);
    for (const sound of sounds) {
      sound.speak(noise(100));
      sound.end();
    }
    await Promise.all(answers);
    const fourth = await recogniser.recognise(soundOf(noise(100)), REQUEST, never);
    expect(fourth.text).toBe('hello');
  });

  it('hears no more than the longest utterance, and lets the caller go on', async () => {
    const { recogniser } = await start({ maxUtteranceSeconds: 1 });
    server.behave({ type: 'answers', toText: ({ length }) => `${length} bytes` });
    const sound = createSpokenSound();
    const answer = recogniser.recognise(sound, REQUEST, never);
    for (let frame = 0; frame < 60; frame++) sound.speak(noise(20));
    expect((await answer).text).toBe('8000 bytes');
    expect(sound.isLeft()).toBe(true);
  });

  it('hands on what the source of the sound throws', async () => {
    const { recogniser } = await start();
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield noise(100);
      throw new RangeError('the ear is broken');
    }
    await expect(recogniser.recognise(broken(), REQUEST, never)).rejects.toThrow(
      'the ear is broken',
    );
  });

  it('trusts the authorities of its options, and no others', async () => {
    const [authority, other] = await Promise.all([
      createAuthority('mine'),
      createAuthority('other'),
    ]);
    const secure = await startDeepgramServer({ tls: await authority.issue(['localhost']) });
    const folder = await mkdtemp(join(tmpdir(), 'byova-'));
    await writeFile(join(folder, 'mine.pem'), authority.cert);
    await writeFile(join(folder, 'other.pem'), other.cert);
    const { recogniser } = await start({ url: secure.url, ca: 'mine.pem' }, folder);
    expect((await recogniser.recognise(soundOf(noise(100)), REQUEST, never)).text).toBe('hello');
    for (const options of [{ url: secure.url, ca: 'other.pem' }, { url: secure.url }]) {
      const { recogniser: stranger } = await start(options, folder);
      const answer = stranger.recognise(soundOf(noise(100)), REQUEST, never);
      await expect(answer).rejects.toMatchObject({
        detail: { reason: 'connect', network: expect.stringMatching(/^[A-Z_]+$/u) as string },
      });
    }
    await secure.close();
    await rm(folder, { recursive: true });
  });

  const SPOKEN = 'canary-words-of-the-caller';
  it.each<readonly [ServerBehaviour, object]>([
    [
      { type: 'refuses', status: 401, body: SPOKEN },
      { reason: 'refused', httpStatus: 401 },
    ],
    [
      { type: 'refuses', status: 302, body: SPOKEN },
      { reason: 'refused', httpStatus: 302 },
    ],
    [
      { type: 'hangs-up', code: 1011, reason: `NET-0001 ${SPOKEN}` },
      { reason: 'hung-up', closeCode: 1011, serverCode: 'NET-0001' },
    ],
    [
      { type: 'hangs-up', code: 1008, reason: SPOKEN },
      { reason: 'hung-up', closeCode: 1008 },
    ],
    [{ type: 'drops' }, { reason: 'hung-up', closeCode: 1006 }],
    [{ type: 'says', message: `{"type":"Error","description":"${SPOKEN}"}` }, { reason: 'server' }],
    [{ type: 'says', message: `${SPOKEN} {` }, { reason: 'malformed' }],
    [{ type: 'says', message: `"${SPOKEN}"` }, { reason: 'malformed' }],
  ])('fails with codes only when the server %j', async (behaviour, detail) => {
    const { recogniser, log, clock } = await start();
    server.behave(behaviour);
    const sound = createSpokenSound();
    const answer = recogniser.recognise(sound, REQUEST, never);
    sound.speak(noise(300));
    const error: unknown = await answer.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ERR_SPEECH_FAILED', detail });
    expect((error as { readonly detail: object }).detail).toEqual(detail);
    expect(server.attempts()).toBe(1);
    const told = JSON.stringify([describeError(error), log.lines, String((error as Error).stack)]);
    const find = createCanarySearch({ key: DEEPGRAM_KEY, text: SPOKEN });
    expect(find(told)).toEqual([]);
    expect(log.lines).toEqual([]);
    expect(clock.pending()).toBe(0);
  });

  it('says which fault of the network it was when nobody is there', async () => {
    const { recogniser } = await start();
    await server.close();
    const answer = recogniser.recognise(soundOf(noise(100)), REQUEST, never);
    await expect(answer).rejects.toMatchObject({
      detail: { reason: 'connect', network: 'ECONNREFUSED' },
    });
    server = await startDeepgramServer();
  });

  it('bears fifty utterances at a time on the clock of the machine', async () => {
    const recogniser = await BUILT_IN_RECOGNISERS.get('deepgram')?.create(
      { apiKey: DEEPGRAM_KEY, url: server.url },
      { logger: createLogRecorder().logger, clock: systemClock },
    );
    const texts = await Promise.all(
      Array.from({ length: 50 }, async () =>
        recogniser?.recognise(soundOf(noise(300)), REQUEST, never),
      ),
    );
    expect(texts.every((recognition) => recognition?.text === 'hello')).toBe(true);
    await recogniser?.close();
    await server.until(() => server.lines.every(({ isOpen }) => !isOpen));
  });
});
