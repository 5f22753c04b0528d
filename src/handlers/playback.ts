import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import { z } from 'zod';

import { loadResampler } from '../audio/resample.ts';
import { toTelephoneAudio } from '../audio/to-telephone.ts';
import { decodeWav } from '../audio/wav.ts';
import { isGatewayError } from '../core/gateway-error.ts';
import type { BotFactory, BotInput, BotOutput } from './bot-handler.ts';
import type { ListenSettings } from './listen-settings.ts';
import { ReadyAnswer } from './ready-answer.ts';
import { parseBotOptions, problemsError, strictObject } from './strict-object.ts';

const file = z.string().min(1);
const next = z.enum(['listen', 'end', 'transfer']);

const optionsSchema = strictObject({
  /** Played first, and again for what has no answer. */
  greeting: file,
  /** What is played for keys: a file, or a file and what follows it. */
  answers: z
    .record(
      z.string().regex(/^[0-9A-D*#]{1,64}$/u, 'expected digits'),
      z.union([file, strictObject({ play: file, next })], {
        error: 'expected a file, or play and next',
      }),
    )
    .default({}),
  /** Played when the caller says something. */
  speech: file.optional(),
  /** Played when nothing came. */
  noInput: file.optional(),
  /** Played before the call ends or is transferred. */
  goodbye: file.optional(),
  /** What follows an answer; where there is nothing to answer, what follows the greeting. */
  next: next.default('listen'),
});

type Options = z.output<typeof optionsSchema>;
type Next = z.output<typeof next>;

/** What is done for each kind of input, made once. */
interface Answers {
  readonly greeting: readonly BotOutput[];
  readonly digits: ReadonlyMap<string, readonly BotOutput[]>;
  readonly speech: readonly BotOutput[];
  readonly noInput: readonly BotOutput[];
  readonly event: readonly BotOutput[];
}

/**
 * A bot for the first live test: it plays prepared WAV files, so that nothing but the way there and back can be wrong.
 *
 * Options: `greeting`, `answers`, `speech`, `noInput`, `goodbye`, `next`. The files are read and converted when it is
 * created. It keeps nothing.
 */
export const playbackBot: BotFactory = {
  name: 'playback',
  async create(options, { baseDir }) {
    const parsed = parseBotOptions(optionsSchema, options, 'playback');
    const answers = compileAnswers(parsed, await loadSounds(parsed, baseDir));
    return {
      name: 'playback',
      answer: (_call, input, { signal }) =>
        new ReadyAnswer(signal.aborted ? [] : choose(answers, input)),
    };
  },
};

function choose(answers: Answers, input: BotInput): readonly BotOutput[] {
  switch (input.type) {
    case 'start':
      return answers.greeting;
    case 'digits':
      return answers.digits.get(input.digits) ?? answers.greeting;
    case 'speech':
    case 'speech-stream':
      return answers.speech;
    case 'no-input':
      return answers.noInput;
    case 'custom-event':
      return answers.event;
    default:
      return input satisfies never;
  }
}

function compileAnswers(options: Options, sounds: ReadonlyMap<string, Uint8Array>): Answers {
  const keys = Object.keys(options.answers);
  const listen: BotOutput = { type: 'listen', settings: compileListen(keys) };
  const play = (name: string): BotOutput => ({
    type: 'audio',
    audio: sounds.get(name) ?? new Uint8Array(0),
  });
  const answer = (name: string, after: Next): readonly BotOutput[] => {
    if (after === 'listen') return [listen, play(name)];
    const goodbye = options.goodbye === undefined ? [] : [play(options.goodbye)];
    // First, so that the last words cannot be interrupted.
    return [{ type: after, name: '', metadata: {} }, play(name), ...goodbye];
  };
  const { speech, noInput } = options;
  const isQuestion = keys.length > 0 || speech !== undefined;
  const greeting = answer(options.greeting, isQuestion ? 'listen' : options.next);
  return {
    greeting,
    digits: new Map(
      Object.entries(options.answers).map(([digits, what]) => [
        digits,
        typeof what === 'string' ? answer(what, options.next) : answer(what.play, what.next),
      ]),
    ),
    speech: speech === undefined ? greeting : answer(speech, options.next),
    noInput: noInput === undefined ? greeting : answer(noInput, 'listen'),
    event: [listen],
  };
}

function compileListen(keys: readonly string[]): ListenSettings {
  const maxLength = Math.max(1, ...keys.map((key) => key.length));
  return Object.freeze({ mode: 'voice-and-digits', digits: { maxLength } });
}

async function loadSounds(
  options: Options,
  baseDir: string,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const sounds = new Map<string, Uint8Array>();
  const problems: string[] = [];
  const resamplers = await loadResampler();
  for (const [path, name] of listFiles(options)) {
    if (sounds.has(name)) continue;
    try {
      sounds.set(
        name,
        toTelephoneAudio(decodeWav(await readFile(resolve(baseDir, name))), resamplers),
      );
    } catch (error) {
      problems.push(`${path}: ${isGatewayError(error) ? error.message : `cannot read "${name}"`}`);
    }
  }
  if (problems.length > 0) throw problemsError('options of bot playback', problems);
  return sounds;
}

function listFiles({ answers, greeting, speech, noInput, goodbye }: Options) {
  const answered = Object.entries(answers).map(([digits, what]) => {
    return [`answers.${digits}`, typeof what === 'string' ? what : what.play] as const;
  });
  const named = Object.entries({ greeting, speech, noInput, goodbye });
  return [...named, ...answered].flatMap(([path, name]) =>
    name === undefined ? [] : [[path, name] as const],
  );
}
