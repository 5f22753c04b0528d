import { z } from 'zod';

import type { RecognitionRequest, SpeechRecogniser } from '../../conversation/speech-recogniser.ts';
import { type DeepgramOptions, deepgramOptionsSchema } from './deepgram-options.ts';
import type { RecogniserDeps } from './recogniser-factory.ts';
import { loadAuthorities, parseRecogniserOptions } from './recogniser-options.ts';
import { createSocketRecogniser } from './socket-recogniser.ts';
import type { SpeechDialect } from './speech-dialect.ts';
import { serverCode, speechFailure } from './speech-failure.ts';

/** Every message has a type; others than these are no business of an utterance, whatever is in them. */
const messageSchema = z.object({ type: z.string() });
const errorSchema = z.object({ code: z.unknown().optional(), err_code: z.unknown().optional() });
const resultsSchema = z.object({
  is_final: z.boolean().optional(),
  from_finalize: z.boolean().optional(),
  channel: z.object({
    alternatives: z.array(z.object({ transcript: z.string(), confidence: z.number().optional() })),
  }),
});

const LANGUAGE = /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/u;

/**
 * Creates the recogniser `deepgram`: the streaming API of Deepgram, with the sound as the telephone has it.
 *
 * @throws {GatewayError} `ERR_CONFIG_INVALID`.
 * @see https://developers.deepgram.com/reference/speech-to-text/listen-streaming
 */
export async function createDeepgramRecogniser(
  options: unknown,
  deps: RecogniserDeps,
): Promise<SpeechRecogniser> {
  const parsed = parseRecogniserOptions(deepgramOptionsSchema, options, 'deepgram');
  const ca = await loadAuthorities(parsed.ca, deps.baseDir);
  return createSocketRecogniser(createDeepgramDialect(parsed), parsed, { ...deps, ca });
}

function createDeepgramDialect(options: DeepgramOptions): SpeechDialect {
  return {
    name: 'deepgram',
    target: (request) => ({
      url: toUrl(options, request),
      headers: { authorization: `Token ${options.apiKey}` },
    }),
    opening: [],
    // The first asks for the text and has its end marked; the second has the rest marked where there was nothing to say.
    ending: ['{"type":"Finalize"}', '{"type":"CloseStream"}'],
    encode: (mulaw) => mulaw,
    hear(message, text, { hasEnded }) {
      switch (read(messageSchema, message).type) {
        case 'Results': {
          const { is_final, from_finalize, channel } = read(resultsSchema, message);
          const [best] = channel.alternatives;
          if (is_final === true) text.add(best?.transcript ?? '', best?.confidence);
          else text.guess(best?.transcript ?? '');
          return hasEnded && from_finalize === true;
        }
        case 'Metadata':
          return hasEnded;
        case 'Error': {
          const { code, err_code } = read(errorSchema, message);
          throw speechFailure('server', serverCode(code ?? err_code));
        }
        default:
          return false;
      }
    },
  };
}

function toUrl(options: DeepgramOptions, request: RecognitionRequest): string {
  const url = new URL(options.url);
  const query = url.searchParams;
  for (const [name, value] of Object.entries(options.parameters))
    for (const each of Array.isArray(value) ? value : [value]) query.append(name, String(each));
  query.set('model', options.model);
  query.set('encoding', 'mulaw');
  query.set('sample_rate', '8000');
  query.set('channels', '1');
  // The gateway decides when the caller has finished.
  query.set('endpointing', 'false');
  query.set('interim_results', String(options.whenLate === 'guess'));
  const language = options.language ?? (LANGUAGE.test(request.language) ? request.language : '');
  if (language !== '') query.set('language', language);
  for (const keyterm of options.keyterms) query.append('keyterm', keyterm);
  if (request.sensitive || !options.allowTraining) query.set('mip_opt_out', 'true');
  return url.href;
}

function read<T>(schema: z.ZodType<T>, message: unknown): T {
  const result = schema.safeParse(message);
  if (!result.success) throw speechFailure('malformed');
  return result.data;
}
