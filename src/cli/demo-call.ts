import type { SpeechSynthesiser } from '../conversation/speech-synthesiser.ts';
import type { CallerAction } from '../simulator/caller-script.ts';
import type { TraceCaptions } from './trace.ts';

/** What the caller of the demo does, and how a trace may put it. */
export interface DemoCall {
  readonly script: readonly CallerAction[];
  readonly captions: TraceCaptions;
}

const OVER_THE_GREETING = 'Hello? What is the balance of my account?';
const AT_THE_END = 'May I please speak to a human being?';

/**
 * Writes the part of the caller in the front desk example: every kind of turn once.
 *
 * The caller talks over the greeting, presses a key over the menu, enters a PIN, listens to the balance, comes back to
 * the menu, hears it out, says what a menu cannot understand, and is put through to a human.
 *
 * @param voice Speaks for the caller.
 */
export async function createDemoCall(
  voice: Pick<SpeechSynthesiser, 'synthesise'>,
): Promise<DemoCall> {
  const say = (text: string): Promise<Uint8Array> =>
    voice.synthesise(text, new AbortController().signal);
  const [hello, please] = await Promise.all([say(OVER_THE_GREETING), say(AT_THE_END)]);
  return {
    script: [
      { type: 'silence', ms: 2500, bargeIn: true },
      { type: 'speak', audio: hello, bargeIn: true },
      { type: 'silence', ms: 4500, bargeIn: true },
      { type: 'press', digits: '1', bargeIn: true },
      { type: 'press', digits: '271828' },
      { type: 'press', digits: '1' },
      { type: 'speak', audio: please },
      { type: 'silence', ms: 3000, bargeIn: true },
      { type: 'press', digits: '0', bargeIn: true },
    ],
    captions: {
      speech: [OVER_THE_GREETING, AT_THE_END],
      keys: ['presses 1', 'enters the 6 digits of a PIN', 'presses 1', 'presses 0'],
    },
  };
}
