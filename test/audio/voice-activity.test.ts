import { describe, expect, it } from 'vitest';

import { decodeMulaw } from '../../src/audio/mulaw.ts';
import { silence } from '../../src/audio/tones.ts';
import { loadVoiceActivity } from '../../src/audio/voice-activity.ts';
import { isGatewayError } from '../../src/core/gateway-error.ts';
import { join, lineNoise, noise, toFrames, vowel } from './sounds.ts';

async function verdicts(pcm: Int16Array, mode?: 0 | 1 | 2 | 3): Promise<readonly boolean[]> {
  const engine = await loadVoiceActivity(mode === undefined ? {} : { mode });
  const detector = engine.open();
  const heard = Array.from(toFrames(pcm), (frame) => detector.isSpeech(frame));
  detector.close();
  return heard;
}

/** The longest run of speech, in milliseconds. */
function longestMs(heard: readonly boolean[]): number {
  let longest = 0;
  let run = 0;
  for (const isSpeech of heard) {
    run = isSpeech ? run + 20 : 0;
    longest = Math.max(longest, run);
  }
  return longest;
}

describe('loadVoiceActivity', () => {
  it('hears a voice within two frames and its end within 120 ms', async () => {
    const heard = await verdicts(join(noise(1000, 20), vowel(1000), noise(1000, 20)));
    expect(heard.slice(10, 50)).not.toContain(true);
    expect(heard.slice(52, 100)).not.toContain(false);
    expect(heard.slice(106)).not.toContain(true);
  });

  it('hears a high voice as well', async () => {
    const heard = await verdicts(join(noise(500, 20), vowel(500, 210)));
    expect(heard.slice(27)).not.toContain(false);
  });

  it('never takes silence for speech', async () => {
    const pcm = new Int16Array(8000 * 60);
    decodeMulaw(silence(60_000), pcm);
    expect(await verdicts(pcm)).not.toContain(true);
  });

  it.each([
    ['hum of the mains', lineNoise(60_000)],
    ['faint noise', noise(60_000, 30)],
    ['noise', noise(60_000, 300)],
    ['loud noise', noise(60_000, 1000)],
    ['noise that begins suddenly', join(new Int16Array(8000), noise(59_000, 300))],
  ])('takes %s for speech for less than the onset of 100 ms', async (_, pcm) => {
    expect(longestMs(await verdicts(pcm))).toBeLessThan(100);
  });

  it('is harder to convince in a higher mode', async () => {
    const faint = vowel(4000).map((sample) => Math.round(sample / 6));
    const count = async (mode: 0 | 3) => (await verdicts(faint, mode)).filter(Boolean).length;
    expect(await count(3)).toBeLessThan(await count(0));
  });

  it('[check 79] keeps two callers apart', async () => {
    const engine = await loadVoiceActivity();
    const alone = engine.open();
    const beside = engine.open();
    const loud = engine.open();
    const shouting = [...toFrames(vowel(1000))];
    const listening = [...toFrames(join(noise(600, 30), vowel(400)))];
    for (const [index, frame] of listening.entries()) {
      loud.isSpeech(shouting[index] ?? frame);
      expect(beside.isSpeech(frame)).toBe(alone.isSpeech(frame));
    }
  });

  it('is as new after a reset', async () => {
    const engine = await loadVoiceActivity();
    const used = engine.open();
    for (const frame of toFrames(vowel(500))) used.isSpeech(frame);
    used.reset();
    const fresh = engine.open();
    for (const frame of toFrames(join(noise(500, 300), vowel(200))))
      expect(used.isSpeech(frame)).toBe(fresh.isSpeech(frame));
  });

  it('opens as many detectors as it may, and another when one has closed', async () => {
    const engine = await loadVoiceActivity({ maxDetectors: 2 });
    const first = engine.open();
    engine.open();
    let thrown: unknown;
    try {
      engine.open();
    } catch (error) {
      thrown = error;
    }
    expect(isGatewayError(thrown, 'ERR_CONVERSATION_CAPACITY')).toBe(true);
    first.close();
    first.close();
    engine.open();
    expect(() => engine.open()).toThrow();
  });

  it('hears nothing once it is closed, and refuses frames of another length', async () => {
    const detector = (await loadVoiceActivity()).open();
    expect(() => detector.isSpeech(new Int16Array(80))).toThrow(TypeError);
    detector.close();
    detector.reset();
    const heard = Array.from(toFrames(vowel(200)), (frame) => detector.isSpeech(frame));
    expect(heard).not.toContain(true);
  });
});
