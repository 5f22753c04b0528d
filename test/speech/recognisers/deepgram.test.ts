import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { silentLogger } from '../../../src/core/logger.ts';
import { BUILT_IN_RECOGNISERS } from '../../../src/speech/recognisers/registry.ts';
import { REQUEST, noise, soundOf } from '../../contracts/speech-recogniser.ts';
import { DEEPGRAM_KEY, startDeepgramServer } from '../../support/deepgram-server.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import type { RecogniserServer } from '../../support/recogniser-server.ts';

const never = new AbortController().signal;

describe('the recogniser deepgram', () => {
  let server: RecogniserServer;
  beforeEach(async () => {
    server = await startDeepgramServer();
  });
  afterEach(async () => {
    expect(server.violations).toEqual([]);
    await server.close();
  });

  const create = async (options: object = {}) => {
    const recogniser = await BUILT_IN_RECOGNISERS.get('deepgram')?.create(
      { apiKey: DEEPGRAM_KEY, url: server.url, ...options },
      { logger: silentLogger, clock: createFakeClock() },
    );
    if (recogniser === undefined) throw new TypeError('no recogniser');
    return recogniser;
  };
  const queryFor = async (options: object, request = REQUEST) => {
    const recogniser = await create(options);
    await recogniser.recognise(soundOf(noise(100)), request, never);
    await recogniser.close();
    return [...(server.lines.at(-1)?.url.searchParams ?? [])].map(
      ([name, value]) => `${name}=${value}`,
    );
  };

  it('sends the sound of the telephone as it is, in messages of 100 ms, and asks for the end', async () => {
    const recogniser = await create();
    const sound = noise(250);
    server.behave({ type: 'answers', toText: () => 'close my account please' });
    const recognition = await recogniser.recognise(soundOf(sound), REQUEST, never);
    expect(recognition).toEqual({ text: 'close my account please', confidence: 0.5 });
    const [line] = server.lines;
    expect(line?.sound.map(({ length }) => length)).toEqual([800, 800, 400]);
    expect(Buffer.concat(line?.sound ?? [])).toEqual(Buffer.from(sound));
    expect(line?.texts).toEqual(['{"type":"Finalize"}', '{"type":"CloseStream"}']);
    await recogniser.close();
  });

  it('asks in the query for telephone sound, no endpointing and nothing to be kept', async () => {
    expect(await queryFor({})).toEqual([
      'model=nova-3',
      'encoding=mulaw',
      'sample_rate=8000',
      'channels=1',
      'endpointing=false',
      'interim_results=false',
      'language=en-US',
      'mip_opt_out=true',
    ]);
  });

  it('carries the key in a header and nowhere else', async () => {
    const query = await queryFor({});
    expect(server.lines[0]?.headers.authorization).toBe(`Token ${DEEPGRAM_KEY}`);
    expect(query.join('&')).not.toContain(DEEPGRAM_KEY);
  });

  it('takes language, model, keyterms and parameters from its options', async () => {
    const query = await queryFor({
      language: 'de',
      model: 'nova-3-medical',
      keyterms: ['Example & Sons', 'IBAN'],
      parameters: { smart_format: true, tag: ['bank', 'desk'] },
      whenLate: 'guess',
    });
    expect(query).toEqual(
      expect.arrayContaining([
        'language=de',
        'model=nova-3-medical',
        'keyterm=Example & Sons',
        'keyterm=IBAN',
        'smart_format=true',
        'tag=bank',
        'tag=desk',
        'interim_results=true',
      ]),
    );
  });

  it('leaves the language to the model when the call has none that is one', async () => {
    for (const language of ['', 'x&callback=y', 'e'])
      expect((await queryFor({}, { ...REQUEST, language })).join('&')).not.toContain('language=');
  });

  it('lets its sound be kept only where that was allowed, and never what is confidential', async () => {
    const allowed = { allowTraining: true };
    expect(await queryFor(allowed)).not.toContain('mip_opt_out=true');
    expect(await queryFor(allowed, { ...REQUEST, sensitive: true })).toContain('mip_opt_out=true');
  });

  it('sends nothing of a confidential utterance when it is told so', async () => {
    const recogniser = await create({ sensitive: 'skip' });
    const request = { ...REQUEST, sensitive: true };
    expect(await recogniser.recognise(soundOf(noise(300)), request, never)).toEqual({
      text: '',
      confidence: undefined,
    });
    expect(server.attempts()).toBe(0);
  });

  it.each([
    [{ type: 'Error', err_code: 'NET-0001', description: 'a secret word' }, 'NET-0001'],
    [{ type: 'Error', code: 'DATA-0000: a secret word' }, 'DATA-0000'],
    [{ type: 'Error', code: 'a secret word' }, undefined],
  ])('fails with the code of the error %j and nothing else of it', async (message, serverCode) => {
    const recogniser = await create();
    server.behave({ type: 'says', message: JSON.stringify(message) });
    const answer = recogniser.recognise(soundOf(noise(300)), REQUEST, never);
    const error: unknown = await answer.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'ERR_SPEECH_FAILED',
      message: 'speech was not recognised: server',
      detail: serverCode === undefined ? { reason: 'server' } : { reason: 'server', serverCode },
    });
    expect(JSON.stringify(error)).not.toContain('secret');
  });

  it('fails when a result cannot be understood', async () => {
    const recogniser = await create();
    server.behave({ type: 'says', message: '{"type":"Results","channel":[0,1]}' });
    const answer = recogniser.recognise(soundOf(noise(300)), REQUEST, never);
    await expect(answer).rejects.toMatchObject({ detail: { reason: 'malformed' } });
  });
});
