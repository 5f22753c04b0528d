import { z } from 'zod';

import { integer, organisations, seconds, text } from './fields.ts';

const MAX_ATTRIBUTES = 100;

const botSection = z.strictObject({
  use: text.describe(
    'A shipped bot (`script`, `http`, `playback`, `echo`), a package, or a file of your own',
  ),
  options: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('What the bot is told; its own documentation lists the keys'),
});

/** The bounds are those of the endpointer. */
const speechSection = z.strictObject({
  onsetMs: integer(20, 300)
    .default(100)
    .describe('Speech that counts as the start of an utterance, in milliseconds'),
  completeTimeoutMs: integer(100, 60_000)
    .default(900)
    .describe('Silence that ends an utterance, in milliseconds'),
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
  attributes: z
    .record(z.string(), z.string())
    .refine((attributes) => Object.keys(attributes).length <= MAX_ATTRIBUTES, {
      error: `must have at most ${MAX_ATTRIBUTES} entries`,
    })
    .default({})
    .describe('Texts published with the agent in the catalogue'),
  bot: botSection.describe('Who answers'),
  bargeIn: z.boolean().default(true).describe('Whether callers may speak over prompts'),
  playback: z
    .enum(['chunk', 'wav'])
    .default('chunk')
    .describe('How prompts are sent: in pieces as they come, or each as one WAV'),
  speech: speechSection.prefault({}).describe('How speech of the caller is found'),
  digits: digitsSection.prefault({}).describe('How keypad digits are collected'),
  apology: text
    .default('I am sorry, something went wrong.')
    .describe('What the caller hears when the bot fails'),
  answerTimeoutSeconds: seconds(0.1, 300)
    .default(30)
    .describe('Longest wait for the next piece of an answer'),
});
