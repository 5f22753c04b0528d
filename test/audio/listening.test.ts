import { describe, expect, it } from 'vitest';

import { AUDIO_CODECS } from '../../src/audio/audio-codec.ts';
import type { AudioEncoding } from '../../src/audio/audio-format.ts';
import { createCallerAudio } from '../../src/audio/caller-audio.ts';
import { createEndpointer } from '../../src/audio/endpointer.ts';
import { loadResampler } from '../../src/audio/resample.ts';
import { createSpeechCollector } from '../../src/audio/speech-collector.ts';
import { loadVoiceActivity } from '../../src/audio/voice-activity.ts';
import { amplitudeAt, join, lineNoise, noise, vowel } from './sounds.ts';

const resampler = await loadResampler();
const voiceActivity = await loadVoiceActivity();

/** Hears packets of 20 ms as one call does, and notes every edge with its time. */
function listen(pcm: Int16Array, encoding: AudioEncoding = 'mulaw', sampleRateHz = 8000) {
  const audio = createCallerAudio({ resampler });
  const detector = voiceActivity.open();
  const endpointer = createEndpointer();
  const collector = createSpeechCollector({
    preRollMs: endpointer.onsetWindowMs + 100,
    maxMs: 30_000,
  });
  const edges: { readonly edge: string; readonly atMs: number }[] = [];
  let atMs = 0;
  let utterance = new Uint8Array(0);
  const onFrame = (frame: Int16Array): void => {
    atMs += 20;
    collector.push(frame);
    const edge = endpointer.push(detector.isSpeech(frame));
    if (edge === 'none') return;
    edges.push({ edge, atMs });
    if (edge === 'speech-start') collector.start();
    else utterance = Uint8Array.from(collector.take());
  };
  const bytes = AUDIO_CODECS[encoding].encode(pcm);
  const size = (sampleRateHz / 50) * AUDIO_CODECS[encoding].bytesPerSample;
  for (let from = 0; from < bytes.length; from += size)
    audio.push(bytes.subarray(from, from + size), encoding, sampleRateHz, onFrame);
  detector.close();
  audio.close();
  return { edges, utterance, speechMs: endpointer.speechMs };
}

describe('the audio room, from packets to utterance', () => {
  it.each(['mulaw', 'alaw', 'linear16'] as const)(
    'finds start, end and sound of an utterance with a pause, in %s',
    (encoding) => {
      const call = join(
        lineNoise(1000),
        vowel(800),
        lineNoise(600, 2),
        vowel(700),
        lineNoise(2000, 3),
      );
      const { edges, utterance, speechMs } = listen(call, encoding);
      expect(edges.map(({ edge }) => edge)).toEqual(['speech-start', 'speech-end']);
      const [start, end] = edges;
      expect((start?.atMs ?? 0) - 1000).toBeLessThanOrEqual(200);
      expect((end?.atMs ?? 0) - 3100).toBeGreaterThanOrEqual(900);
      expect((end?.atMs ?? 0) - 3100).toBeLessThanOrEqual(900 + 150);
      expect(speechMs).toBeGreaterThanOrEqual(2100);
      expect(speechMs).toBeLessThanOrEqual(2100 + 150);
      const pcm = new Int16Array(utterance.length);
      AUDIO_CODECS.mulaw.decode(utterance, pcm);
      const lead = pcm.length / 8 - ((end?.atMs ?? 0) - 1000);
      expect(lead).toBeGreaterThanOrEqual(0);
      expect(lead).toBeLessThanOrEqual(300);
      // The first tenth of a second of the voice is there, although it was heard only afterwards.
      expect(amplitudeAt(pcm.subarray(lead * 8, (lead + 100) * 8), 720)).toBeGreaterThan(300);
    },
  );

  it('finds the same edges at 16000 Hz', () => {
    const narrow = join(lineNoise(1000), vowel(800), lineNoise(2000, 2));
    const stream = resampler.open(8000, 16_000);
    const wide = stream.process(narrow);
    stream.close();
    const [start, end] = listen(wide, 'linear16', 16_000).edges;
    const [narrowStart, narrowEnd] = listen(narrow, 'linear16').edges;
    expect(Math.abs((start?.atMs ?? 0) - (narrowStart?.atMs ?? 1e6))).toBeLessThanOrEqual(40);
    expect(Math.abs((end?.atMs ?? 0) - (narrowEnd?.atMs ?? 1e6))).toBeLessThanOrEqual(40);
  });

  it.each([
    ['silence', new Int16Array(8000 * 600)],
    ['hum', lineNoise(600_000)],
    ['noise', noise(600_000, 200)],
  ])('hears nobody in ten minutes of %s', (_, pcm) => {
    expect(listen(pcm).edges).toEqual([]);
  });

  it('[check 83] hears nobody in declarations and probes', () => {
    const audio = createCallerAudio({ resampler });
    const detector = voiceActivity.open();
    const endpointer = createEndpointer();
    const heard: string[] = [];
    const onFrame = (frame: Int16Array): void => {
      heard.push(endpointer.push(detector.isSpeech(frame)));
    };
    audio.push(new Uint8Array(0), 'mulaw', 8000, onFrame);
    for (let probe = 0; probe < 50; probe++)
      audio.push(Uint8Array.of(0, 127, 3), undefined, 0, onFrame);
    audio.reset();
    for (let packet = 0; packet < 50; packet++)
      audio.push(new Uint8Array(160).fill(0xff), undefined, 0, onFrame);
    expect(new Set(heard)).toEqual(new Set(['none']));
    detector.close();
  });
});
