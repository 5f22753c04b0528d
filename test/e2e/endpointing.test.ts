import { describe, expect, it } from 'vitest';

import {
  COMPLETE_TIMEOUT_MS,
  CONDITIONS,
  createEmptyLines,
  findEdges,
  measureCondition,
  onsetWithin,
  quantile,
} from '../support/endpointing-measure.ts';
import { loadSpeechCorpus } from '../support/speech-corpus.ts';

const corpus = await loadSpeechCorpus();
const heldOut = await loadSpeechCorpus('held-out');

describe('endpointing on the whole corpus', () => {
  it.each(CONDITIONS.filter(({ noise }) => noise !== 'babble'))(
    'ends every utterance in time and splits none: $noise, $snrDb dB',
    (condition) => {
      const { endsMs, missed, splits, falseStarts } = measureCondition(corpus, condition);
      expect(quantile(endsMs, 1)).toBeLessThanOrEqual(COMPLETE_TIMEOUT_MS + 150);
      expect([missed, splits, falseStarts]).toEqual([0, 0, 0]);
    },
  );

  it.each(CONDITIONS.filter(({ snrDb }) => snrDb >= 10))(
    'finds the start within 200 ms in 90 % of calls that nothing was tuned on: $noise, $snrDb dB',
    (condition) => {
      const finding = measureCondition(heldOut, condition, ['mulaw']);
      expect(onsetWithin(finding, 200)).toBeGreaterThanOrEqual(0.9);
      expect([finding.missed, finding.splits]).toEqual([0, 0]);
    },
  );

  it.each(Object.entries(createEmptyLines(corpus, 600_000)))(
    'hears nobody in ten minutes of %s',
    (_, line) => {
      expect(findEdges(line())).toEqual([]);
    },
  );
});
