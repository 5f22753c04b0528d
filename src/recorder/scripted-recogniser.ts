import type { SpeechRecogniser } from '../conversation/speech-recogniser.ts';
import type { Clock } from '../core/clock.ts';
import type { RecordedMoment, RecordingEntry } from './recording-format.ts';
import { wait } from './scripted-bot.ts';

/** Understands each utterance as well, and as late after its end, as it was recorded. */
export function createScriptedRecogniser(
  entries: readonly RecordingEntry[],
  clock: Clock,
): SpeechRecogniser {
  const results: { endedAt: number; moment?: RecordedMoment; at?: number }[] = [];
  for (const entry of entries) {
    if (entry.type !== 'moment') continue;
    const { type } = entry.moment;
    const last = results.at(-1);
    if (type === 'speech-started') results.push({ endedAt: entry.at });
    if (type === 'speech-ended' && last !== undefined) last.endedAt = entry.at;
    if (type === 'recognised' && last !== undefined) {
      last.moment = entry.moment;
      last.at = entry.at;
    }
  }
  let next = 0;
  return {
    name: 'recorded',
    async recognise(audio) {
      const result = results[next];
      next += 1;
      // To the end of the utterance; of what is in it nothing is known.
      for await (const piece of audio) if (piece.length === 0) continue;
      if (result?.moment === undefined) return new Promise(() => undefined);
      await wait(clock, (result.at ?? 0) - result.endedAt);
      if (result.moment.outcome === 'failed') throw new Error('as recorded');
      return { text: result.moment.outcome === 'text' ? 'recorded' : '', confidence: undefined };
    },
    close: async () => undefined,
  };
}
