import { describe, expect, it } from 'vitest';

import type { VoiceActivityEngine } from '../../src/audio/voice-activity.ts';
import { isGatewayError } from '../../src/core/gateway-error.ts';
import { join, noise, toFrames, vowel } from '../audio/sounds.ts';

/** What an engine must do to stand behind an endpointer. */
export function describeVoiceActivityEngine(
  name: string,
  create: (maxDetectors: number) => Promise<VoiceActivityEngine>,
): void {
  describe(`${name} as a voice activity engine`, () => {
    const hear = async (pcm: Int16Array): Promise<readonly boolean[]> => {
      const detector = (await create(10)).open();
      const heard = Array.from(toFrames(pcm), (frame) => detector.isSpeech(frame));
      detector.close();
      return heard;
    };

    it('hears a voice in faint noise within 100 ms, and its end within 200 ms', async () => {
      const heard = await hear(join(noise(1000, 20), vowel(1000), noise(1000, 20, 2)));
      expect(heard.slice(10, 50)).not.toContain(true);
      expect(heard.slice(50, 55)).toContain(true);
      expect(heard.slice(55, 100).filter(Boolean).length).toBeGreaterThan(36);
      expect(heard.slice(110)).not.toContain(true);
    });

    it('never takes silence for speech', async () => {
      expect(await hear(new Int16Array(80_000))).not.toContain(true);
    });

    it('neither changes nor keeps a frame', async () => {
      const detector = (await create(1)).open();
      const frame = vowel(20);
      const before = frame.slice();
      detector.isSpeech(frame);
      expect(frame).toEqual(before);
      detector.close();
    });

    it('keeps callers apart', async () => {
      const engine = await create(3);
      const [alone, beside, loud] = [engine.open(), engine.open(), engine.open()];
      const shouting = [...toFrames(vowel(1000))];
      for (const [index, frame] of [...toFrames(join(noise(600, 30), vowel(400)))].entries()) {
        loud.isSpeech(shouting[index] ?? frame);
        expect(beside.isSpeech(frame)).toBe(alone.isSpeech(frame));
      }
      for (const detector of [alone, beside, loud]) detector.close();
    });

    it('is as new after a reset', async () => {
      const engine = await create(2);
      const [used, fresh] = [engine.open(), engine.open()];
      for (const frame of toFrames(join(noise(700, 900), vowel(500)))) used.isSpeech(frame);
      used.reset();
      for (const frame of toFrames(join(noise(500, 300), vowel(400))))
        expect(used.isSpeech(frame)).toBe(fresh.isSpeech(frame));
      used.close();
      fresh.close();
    });

    it('opens as many detectors as it may, and another when one has closed', async () => {
      const engine = await create(2);
      const first = engine.open();
      const second = engine.open();
      let thrown: unknown;
      try {
        engine.open();
      } catch (error) {
        thrown = error;
      }
      expect(isGatewayError(thrown, 'ERR_CONVERSATION_CAPACITY')).toBe(true);
      first.close();
      first.close();
      const third = engine.open();
      expect(() => engine.open()).toThrow();
      second.close();
      third.close();
    });

    it('refuses frames of another length, and hears nothing once it is closed', async () => {
      const detector = (await create(1)).open();
      expect(() => detector.isSpeech(new Int16Array(80))).toThrow(TypeError);
      detector.close();
      detector.reset();
      const heard = Array.from(toFrames(vowel(200)), (frame) => detector.isSpeech(frame));
      expect(heard).not.toContain(true);
    });
  });
}
