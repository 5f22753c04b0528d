import { describe, expect, it } from 'vitest';

import { REQUEST, createSpokenSound, noise, soundOf } from '../../contracts/speech-recogniser.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { byDuration, createScriptedRecogniser } from '../../support/scripted-recogniser.ts';

const never = new AbortController().signal;

describe('the scripted recogniser', () => {
  it('goes by order, and stays with the last', async () => {
    const recogniser = createScriptedRecogniser(
      [
        { type: 'says', text: 'one' },
        { type: 'says', text: 'two' },
      ],
      { clock: createFakeClock() },
    );
    const texts: string[] = [];
    for (let time = 0; time < 3; time++)
      texts.push((await recogniser.recognise(soundOf(noise(20)), REQUEST, never)).text);
    expect(texts).toEqual(['one', 'two', 'two']);
    expect(recogniser.heard.map(({ index, durationMs }) => [index, durationMs])).toEqual([
      [0, 20],
      [1, 20],
      [2, 20],
    ]);
  });

  it('goes by duration', async () => {
    const recogniser = createScriptedRecogniser(
      byDuration([
        { upToMs: 400, utterance: { type: 'says', text: 'yes' } },
        { upToMs: 2000, utterance: { type: 'says', text: 'my account please' } },
      ]),
      { clock: createFakeClock() },
    );
    const listen = async (ms: number) => recogniser.recognise(soundOf(noise(ms)), REQUEST, never);
    expect((await listen(300)).text).toBe('yes');
    expect((await listen(900)).text).toBe('my account please');
    expect((await listen(3000)).text).toBe('my account please');
  });

  it('tells partials while the caller speaks, and is as slow as it is told', async () => {
    const clock = createFakeClock();
    const partials: string[] = [];
    const recogniser = createScriptedRecogniser(
      [{ type: 'says', text: 'a b c', partials: ['a', 'a b', 'a b c'], delayMs: 400 }],
      { clock, onPartial: (text) => void partials.push(text) },
    );
    const sound = createSpokenSound();
    const answer = recogniser.recognise(sound, REQUEST, never);
    const settle = () => new Promise((resolve) => void setImmediate(resolve));
    sound.speak(noise(120));
    await settle();
    expect(partials).toEqual(['a']);
    sound.end();
    await settle();
    expect(partials).toEqual(['a', 'a b', 'a b c']);
    expect(recogniser.underWay()).toBe(1);
    clock.advance(400);
    expect((await answer).text).toBe('a b c');
    expect(recogniser.underWay()).toBe(0);
  });
});
