import { describe, expect, it } from 'vitest';

import { AUDIO_CODECS } from '../../src/audio/audio-codec.ts';
import { createDtmfDetector } from '../../src/audio/dtmf-detector.ts';
import { KEYPAD, dtmfFrequencies } from '../../src/audio/tones.ts';
import { loadSpeechCorpus } from '../support/speech-corpus.ts';
import { join, noise, toFrames } from './sounds.ts';

/** Peak of a sine at 0 dBm0. */
const PEAK_0_DBM = 22_378;

/** A key whose two tones have `dbm` together, the row by `twistDb` louder. */
function key(digit: string, ms: number, dbm = -10, twistDb = 0): Int16Array {
  const [rowHz, columnHz] = dtmfFrequencies(digit);
  const peak = PEAK_0_DBM * 10 ** ((dbm - 3) / 20);
  const [row, column] = [peak * 10 ** (twistDb / 40), peak / 10 ** (twistDb / 40)];
  return Int16Array.from({ length: ms * 8 }, (_, index) => {
    const angle = (2 * Math.PI * index) / 8000;
    return Math.round(row * Math.sin(angle * rowHz) + column * Math.sin(angle * columnHz));
  });
}

const silent = (ms: number): Int16Array => new Int16Array(ms * 8);

function detect(pcm: Int16Array): string {
  const detector = createDtmfDetector();
  return Array.from(toFrames(pcm), (frame) => detector.push(frame) ?? '').join('');
}

describe('createDtmfDetector', () => {
  const levels = [-30, -20, -10, 0];
  const cases = (['mulaw', 'alaw'] as const).flatMap((encoding) =>
    levels.map((dbm) => [encoding, dbm] as const),
  );

  it.each(cases)(
    'finds all sixteen keys of 50 ms with gaps of 50 ms under noise of -15 dB, in %s at %d dBm',
    (encoding, dbm) => {
      for (const offsetMs of [0, 7, 16]) {
        const pcm = join(
          silent(offsetMs),
          ...Array.from(KEYPAD).flatMap((digit) => [key(digit, 50, dbm), silent(50)]),
          silent(40),
        );
        // White noise with a peak p has the power p² / 3.
        const hiss = noise(pcm.length / 8, PEAK_0_DBM * 10 ** ((dbm - 15) / 20) * Math.sqrt(1.5));
        const line = pcm.map((sample, index) =>
          Math.max(-32_768, Math.min(32_767, sample + (hiss[index] ?? 0))),
        );
        const codec = AUDIO_CODECS[encoding];
        codec.decode(codec.encode(line), line);
        expect(detect(line)).toBe(KEYPAD);
      }
    },
  );

  it('tells a held key once, and the same key again after a gap of 40 ms', () => {
    expect(detect(join(key('5', 900), silent(200)))).toBe('5');
    expect(detect(join(key('5', 45), silent(40), key('5', 45), silent(40)))).toBe('55');
    expect(detect(join(key('5', 100), silent(8), key('5', 100), silent(40)))).toBe('5');
    expect(detect(join(key('5', 60), key('6', 60), silent(40)))).toBe('56');
  });

  it('finds 40 ms wherever they begin, and nothing of 16 ms', () => {
    for (let offsetMs = 0; offsetMs < 20; offsetMs++) {
      expect(detect(join(silent(offsetMs), key('8', 40), silent(100)))).toBe('8');
      expect(detect(join(silent(offsetMs), key('8', 16), silent(100)))).toBe('');
    }
  });

  it('bears a twist of 6 dB and refuses one of 12 dB', () => {
    for (const twistDb of [-6, 6]) expect(detect(key('D', 100, -10, twistDb))).toBe('D');
    for (const twistDb of [-12, 12]) expect(detect(key('D', 100, -10, twistDb))).toBe('');
  });

  it('refuses single tones, whispers and keys with strong harmonics', () => {
    const tone = Int16Array.from({ length: 1600 }, (_, i) => 8000 * Math.sin((i * 941) / 1273.24));
    expect(detect(tone)).toBe('');
    expect(detect(key('1', 200, -45))).toBe('');
    const clipped = key('1', 200, -10).map((sample, index) =>
      Math.round(sample + 5000 * Math.sin((2 * Math.PI * 2418 * index) / 8000)),
    );
    expect(detect(clipped)).toBe('');
  });

  it('takes no voice of the corpus for a key', async () => {
    const corpus = await loadSpeechCorpus();
    for (const voice of corpus.script.voices)
      for (let utterance = 0; utterance < corpus.script.utterances.length; utterance++)
        for (const noise of ['clean', 'babble'] as const) {
          const { pcm } = corpus.sound({ voice, utterance, noise, snrDb: 5, encoding: 'mulaw' });
          expect(detect(pcm)).toBe('');
        }
  });

  it('tells while a key sounds and shortly after, and forgets on reset', () => {
    const detector = createDtmfDetector();
    const heard = Array.from(toFrames(join(silent(100), key('2', 200), silent(400))), (frame) => {
      detector.push(frame);
      return detector.isKeyHeard;
    });
    expect(heard.slice(0, 5)).not.toContain(true);
    expect(heard.slice(7, 21)).not.toContain(false);
    expect(heard.slice(25)).not.toContain(true);
    for (const frame of toFrames(key('2', 100))) detector.push(frame);
    detector.reset();
    expect(detector.isKeyHeard).toBe(false);
    expect([...toFrames(key('2', 60))].map((frame) => detector.push(frame) ?? '').join('')).toBe(
      '2',
    );
  });
});
