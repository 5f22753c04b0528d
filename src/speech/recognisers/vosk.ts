import { z } from 'zod';

import { encodeLinear16 } from '../../audio/linear16.ts';
import { decodeMulaw } from '../../audio/mulaw.ts';
import type { SpeechRecogniser } from '../../conversation/speech-recogniser.ts';
import type { RecogniserDeps } from './recogniser-factory.ts';
import { loadAuthorities, parseRecogniserOptions } from './recogniser-options.ts';
import { createSocketRecogniser } from './socket-recogniser.ts';
import type { SpeechDialect } from './speech-dialect.ts';
import { speechFailure } from './speech-failure.ts';
import { type VoskOptions, voskOptionsSchema } from './vosk-options.ts';

const messageSchema = z.object({
  partial: z.string().optional(),
  text: z.string().optional(),
  result: z.array(z.object({ conf: z.number().optional() })).optional(),
  /** Instead of the others, where the server was started with alternatives. */
  alternatives: z.array(z.object({ text: z.string() })).optional(),
});

/** What stands for speech outside of `phrases`. */
const UNKNOWN = /\[unk\]/gu;

/**
 * Creates the recogniser `vosk`: a server of one's own that speaks the WebSocket protocol of vosk-server.
 *
 * @throws {GatewayError} `ERR_CONFIG_INVALID`.
 * @see https://github.com/alphacep/vosk-server, websocket and websocket-cpp
 */
export async function createVoskRecogniser(
  options: unknown,
  deps: RecogniserDeps,
): Promise<SpeechRecogniser> {
  const parsed = parseRecogniserOptions(voskOptionsSchema, options, 'vosk');
  const ca = await loadAuthorities(parsed.ca, deps.baseDir);
  return createSocketRecogniser(createVoskDialect(parsed), parsed, { ...deps, ca });
}

function createVoskDialect(options: VoskOptions): SpeechDialect {
  const phrases = options.phrases.length === 0 ? {} : { phrase_list: options.phrases };
  const config = { sample_rate: 8000, words: true, max_alternatives: 0, ...phrases };
  const headers: Readonly<Record<string, string>> =
    options.token === undefined ? {} : { authorization: `Bearer ${options.token}` };
  return {
    name: 'vosk',
    target: () => ({ url: options.url, headers }),
    opening: [JSON.stringify({ config })],
    // Servers compare it letter for letter, spaces included.
    ending: ['{"eof" : 1}'],
    encode(mulaw) {
      const pcm = new Int16Array(mulaw.length);
      decodeMulaw(mulaw, pcm);
      return encodeLinear16(pcm);
    },
    hear(message, text, { soundMessages, answers, hasEnded }) {
      const parsed = messageSchema.safeParse(message);
      if (!parsed.success) throw speechFailure('malformed');
      const { partial, result = [], alternatives } = parsed.data;
      const final = parsed.data.text ?? alternatives?.[0]?.text;
      if (final === undefined) {
        text.guess(withoutUnknown(partial ?? ''));
        return false;
      }
      text.add(withoutUnknown(final), meanOf(result.map(({ conf }) => conf)));
      // Each message with sound has one answer, and the end has the last. The server in C++ answers the configuration too
      // and does not hang up: there, this stops one answer early when a sentence ended with the sound; nothing is missed.
      return hasEnded && answers > soundMessages;
    },
  };
}

function withoutUnknown(text: string): string {
  return text.replace(UNKNOWN, ' ').replace(/\s+/gu, ' ');
}

function meanOf(values: readonly (number | undefined)[]): number | undefined {
  let sum = 0;
  for (const value of values) {
    if (value === undefined) return undefined;
    sum += value;
  }
  return values.length === 0 ? undefined : sum / values.length;
}
