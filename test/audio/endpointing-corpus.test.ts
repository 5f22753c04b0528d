import { describe, expect, it } from 'vitest';

import {
  COMPLETE_TIMEOUT_MS,
  createEmptyLines,
  findEdges,
  measureCondition,
  onsetWithin,
  quantile,
} from '../support/endpointing-measure.ts';
import { loadSpeechCorpus } from '../support/speech-corpus.ts';

const corpus = await loadSpeechCorpus();

describe('endpointing of spoken utterances', () => {
  it.each([
    ['clean', Infinity, 50],
    ['white', 10, 50],
    ['hum', 10, 50],
    // The last soft sound may be lost among the other voices.
    ['babble', 10, 100],
  ] as const)(
    'finds the start within 200 ms in 95 % of calls and the end within 150 ms, splitting none: %s, %d dB',
    (noise, snrDb, earlyMs) => {
      const finding = measureCondition(corpus, { noise, snrDb });
      expect(onsetWithin(finding, 200)).toBeGreaterThanOrEqual(0.95);
      expect(quantile(finding.endsMs, 1)).toBeLessThanOrEqual(COMPLETE_TIMEOUT_MS + 150);
      expect(quantile(finding.endsMs, 0)).toBeGreaterThanOrEqual(COMPLETE_TIMEOUT_MS - earlyMs);
      expect([finding.missed, finding.splits, finding.falseStarts]).toEqual([0, 0, 0]);
    },
  );

  it.each([
    ['white', 5],
    ['hum', 5],
    ['babble', 20],
  ] as const)('misses, splits and invents nothing: %s, %d dB', (noise, snrDb) => {
    const finding = measureCondition(corpus, { noise, snrDb }, ['mulaw']);
    expect([finding.missed, finding.splits, finding.falseStarts]).toEqual([0, 0, 0]);
    expect(onsetWithin(finding, 300)).toBeGreaterThan(0.9);
  });

  it.each(Object.entries(createEmptyLines(corpus, 60_000)))(
    'hears nobody in a minute of %s',
    (_, line) => {
      expect(findEdges(line())).toEqual([]);
    },
  );
});
