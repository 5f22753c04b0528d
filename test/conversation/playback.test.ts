import { describe, expect, it } from 'vitest';

import { type Playback, createPlayback } from '../../src/conversation/playback.ts';
import { createFakeClock } from '../support/fake-clock.ts';

function sound(ms: number): Uint8Array {
  return new Uint8Array(ms * 8).fill(0x42);
}

describe('the reckoning of what is heard', () => {
  it('makes nobody deaf when the clock is set back', () => {
    let now = 1_000_000;
    const playback = createPlayback(
      { now: () => now, setTimer: () => ({ cancel: () => undefined }) },
      0,
    );
    playback.sent(sound(10), 'none');
    now -= 500_000;
    expect(playback.isClosedTo('speech')).toBe(false);
    expect(playback.cut()).toBeUndefined();
    playback.sent(sound(1_000), 'either');
    now += 100;
    expect(playback.cut()).toMatchObject({ heardMs: 100 });
  });

  it('knows what may cut a prompt short, and for how long', () => {
    const clock = createFakeClock();
    const playback = createPlayback(clock, 0);
    playback.sent(sound(100), 'digits');
    expect([playback.isClosedTo('speech'), playback.isClosedTo('digits')]).toEqual([true, false]);
    playback.sent(sound(100), 'speech');
    clock.advance(150);
    expect([playback.isClosedTo('speech'), playback.isClosedTo('digits')]).toEqual([false, true]);
    clock.advance(50);
    expect([playback.isClosedTo('speech'), playback.isClosedTo('digits')]).toEqual([false, false]);
  });

  it('protects the beginning of what plays, and only that', () => {
    const clock = createFakeClock();
    const playback = createPlayback(clock, 300);
    playback.sent(sound(1_000), 'either');
    clock.advance(299);
    expect(playback.isClosedTo('speech')).toBe(true);
    clock.advance(1);
    expect(playback.isClosedTo('speech')).toBe(false);
    playback.sent(sound(1_000), 'either');
    expect(playback.isClosedTo('digits')).toBe(false);
  });

  it('keeps what was not heard, to the byte', () => {
    const clock = createFakeClock();
    const playback = createPlayback(clock, 0);
    playback.sent(sound(100), 'either');
    playback.sent(sound(200), 'speech');
    clock.advance(150);
    const cut = playback.cut();
    expect(cut?.unheard.map(({ audio, by }) => [audio.length / 8, by])).toEqual([[150, 'speech']]);
    expect(playback.isPlaying()).toBe(false);
  });

  it('keeps no more than a minute of it', () => {
    const playback = createPlayback(createFakeClock(), 0);
    for (let second = 0; second < 100; second++) playback.sent(sound(1_000), 'either');
    expect(playback.cut()?.unheard).toHaveLength(60);
  });
});

describe('the words that were heard', () => {
  const speak = (playback: Playback, text: string, ms: number): void => {
    playback.speaking(text, ms * 8);
    playback.sent(sound(ms), 'either');
  };

  it('are cut between words', () => {
    const clock = createFakeClock();
    const playback = createPlayback(clock, 0);
    speak(playback, 'Good morning.', 500);
    speak(playback, 'How can I help you today?', 1_000);
    clock.advance(1_000);
    expect(playback.cut()?.heardText).toBe('Good morning. How can I');
  });

  it('are those of what plays, not of the prompts before', () => {
    const clock = createFakeClock();
    const playback = createPlayback(clock, 0);
    speak(playback, 'Before.', 500);
    clock.advance(600);
    speak(playback, 'Now and here.', 500);
    clock.advance(500 - 1);
    expect(playback.cut()?.heardText).toBe('Now and');
  });

  it('are those behind a sound without words', () => {
    const clock = createFakeClock();
    const playback = createPlayback(clock, 0);
    playback.sent(sound(300), 'either');
    speak(playback, 'Good morning.', 500);
    clock.advance(300 + 499);
    expect(playback.cut()?.heardText).toBe('Good');
  });

  it('do not hold what was gathered and never sent', () => {
    const clock = createFakeClock();
    const playback = createPlayback(clock, 0);
    speak(playback, 'One.', 500);
    playback.speaking('Two.', 800);
    clock.advance(250);
    playback.cut();
    speak(playback, 'Three.', 500);
    clock.advance(499);
    playback.sent(sound(1), 'either');
    clock.advance(1);
    expect(playback.cut()?.heardText).toBe('Three.');
  });
});
