import { z } from 'zod';

import { integer, organisations, seconds, text } from './fields.ts';

const MAX_ATTRIBUTES = 100;

const limitsSection = z.strictObject({
  maxConcurrent: integer(1, 100_000)
    .default(10_000)
    .describe(
      'Answers that the bot gives at once; more are refused, and their callers hear the apology',
    ),
  breakerFailures: integer(1, 1_000)
    .default(10)
    .describe('Failures in a row after which the bot is left alone for a while'),
  breakerSeconds: seconds(0.1, 600)
    .default(10)
    .describe('How long it is left alone before one answer is tried'),
});

const isolationSection = z.strictObject({
  workers: integer(1, 64).default(1).describe('Worker threads that its calls are spread over'),
  maxMemoryMb: integer(16, 16_384)
    .default(256)
    .describe('Memory of a worker, in megabytes; one that needs more is ended'),
  unresponsiveSeconds: seconds(0.2, 300)
    .default(2)
    .describe('A worker that does not answer for so long is ended'),
});

const botSection = z.strictObject({
  use: text.describe(
    'A shipped bot (`script`, `http`, `playback`, `echo`), a package, or a file of your own',
  ),
  options: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('What the bot is told; its own documentation lists the keys'),
  isolate: z
    .preprocess(
      (value) => (value === true ? {} : value === false ? undefined : value),
      isolationSection.optional(),
    )
    .describe('Run the bot in worker threads, so that it cannot touch other calls: `true`, or how'),
  limits: limitsSection.prefault({}).describe('What the gateway protects the bot from'),
});

const recogniserSection = z.strictObject({
  use: text.describe('A shipped recogniser (`deepgram`, `vosk`)'),
  options: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('What the recogniser is told; its own documentation lists the keys'),
});

/** The bounds are those of the endpointer. */
const speechSection = z.strictObject({
  onsetMs: integer(20, 300)
    .default(100)
    .describe('Speech that counts as the start of an utterance, in milliseconds'),
  completeTimeoutMs: integer(100, 60_000)
    .default(900)
    .describe('Silence that ends an utterance, in milliseconds'),
  incompleteTimeoutMs: integer(100, 60_000)
    .optional()
    .describe(
      'Silence after which a sound that is too short to be an answer is given up, in milliseconds; default: as `completeTimeoutMs`',
    ),
  maxSpeechMs: integer(1_000, 600_000)
    .default(30_000)
    .describe('The longest utterance, in milliseconds'),
  noInputTimeoutMs: integer(0, 600_000)
    .optional()
    .describe(
      'Silence before any speech after which there was no input, in milliseconds; default: what Webex does',
    ),
  endOfInput: z
    .enum(['at-silence', 'at-first-audio'])
    .default('at-silence')
    .describe('When Webex learns that the caller has finished'),
});

const digitsSection = z.strictObject({
  maxLength: integer(1, 64).optional().describe('Digits of one input; default: 64'),
  terminator: z
    .string()
    .regex(/^[0-9A-D*#]$/u, { error: 'must be one key: 0-9, A-D, * or #' })
    .optional()
    .describe('Key that ends the digits; default: none'),
  interDigitTimeoutMs: integer(0, 60_000)
    .optional()
    .describe('Silence that ends the digits, in milliseconds; default: 3000'),
  inBand: z
    .boolean()
    .default(false)
    .describe('Look for keys in the sound too, for lines that do not send them as digits'),
});

const bargeInSection = z.strictObject({
  by: z
    .enum(['either', 'speech', 'digits', 'none'])
    .default('either')
    .describe('What may cut prompts short when the bot does not say'),
  protectMs: integer(0, 60_000)
    .default(0)
    .describe('The beginning of a prompt that nothing cuts short, in milliseconds'),
  onsetMs: integer(20, 5_000)
    .optional()
    .describe(
      'Speech that cuts a prompt short, in milliseconds: longer than a cough or a "yes"; default: `speech.onsetMs`',
    ),
  minSpeechMs: integer(0, 10_000)
    .default(0)
    .describe(
      'An interruption with less speech than this was none: the prompt goes on where it was cut, in milliseconds',
    ),
});

const fillerSection = z.strictObject({
  say: text.default('One moment, please.').describe('What the caller hears while the bot thinks'),
  afterSeconds: seconds(0.2, 60)
    .default(3)
    .describe('Silence before the first one, and between two'),
  times: integer(0, 100).default(3).describe('Most of them in one answer; 0: none'),
});

const fallbackSection = z.strictObject({
  attempts: integer(1, 100)
    .default(3)
    .describe('Answers in a row that may fail; with the last of them the call is given up'),
  action: z
    .enum(['transfer', 'end', 'listen'])
    .default('transfer')
    .describe('What is done then: hand over to a human, hang up, or go on apologising'),
  say: text
    .default('I am sorry, I cannot help you at the moment.')
    .describe('What the caller hears then'),
});

/** One of `agents`. */
export const agentSection = z.strictObject({
  id: z
    .string()
    .regex(/^[\p{L}\p{N}][\p{L}\p{N}._:-]{0,127}$/u, {
      error: 'must be 1 to 128 letters, digits and . _ : -, and begin with a letter or digit',
    })
    .describe('Id in the catalogue, unique'),
  name: text.optional().describe('Name that flow authors see; default: the id'),
  default: z
    .boolean()
    .default(false)
    .describe('Answers calls that name no agent; no organisation may see two'),
  organizations: organisations.describe('Organisations that see the agent: `any`, or UUIDs'),
  maxConversations: integer(0, 1_000_000)
    .optional()
    .describe('Calls held at once for the agent; default: as many as in all'),
  attributes: z
    .record(z.string(), z.string())
    .refine((attributes) => Object.keys(attributes).length <= MAX_ATTRIBUTES, {
      error: `must have at most ${MAX_ATTRIBUTES} entries`,
    })
    .default({})
    .describe('Texts published with the agent in the catalogue'),
  bot: botSection.describe('Who answers'),
  bargeIn: z
    .preprocess(
      (value) => (typeof value === 'boolean' ? { by: value ? 'either' : 'none' } : value),
      bargeInSection,
    )
    .prefault({})
    .describe('How callers may speak over prompts; `true` and `false` are short for `by`'),
  playback: z
    .enum(['chunk', 'wav'])
    .default('chunk')
    .describe('How prompts are sent: in pieces as they come, or each as one WAV'),
  speech: speechSection.prefault({}).describe('How speech of the caller is found'),
  digits: digitsSection.prefault({}).describe('How keypad digits are collected'),
  apology: text
    .default('I am sorry, something went wrong.')
    .describe('What the caller hears when the bot fails'),
  recogniser: recogniserSection.optional().describe('Who turns speech into text for the bot'),
  filler: fillerSection.prefault({}).describe('What a caller hears while the bot thinks'),
  fallback: fallbackSection
    .prefault({})
    .describe('What is done when the bot fails again and again'),
  firstAudioTimeoutSeconds: seconds(0.1, 300)
    .default(15)
    .describe('Longest wait for the first sound of an answer'),
  answerTimeoutSeconds: seconds(0.1, 300)
    .default(30)
    .describe('Longest wait for the next piece of an answer'),
});
