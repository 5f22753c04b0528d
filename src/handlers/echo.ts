import { z } from 'zod';

import type { BotFactory, BotInput, BotOutput } from './bot-handler.ts';
import type { ListenSettings } from './listen-settings.ts';
import { ReadyAnswer } from './ready-answer.ts';
import { parseBotOptions, strictObject } from './strict-object.ts';

const optionsSchema = strictObject({
  /** What it says first. */
  greeting: z.string().min(1).optional(),
});

const GREETING = 'Hello. Say something, and I will play it back to you. Press pound to hang up.';

/** The star ends digits, so that a pound, like any other key, arrives as a digit. */
const LISTEN: ListenSettings = Object.freeze({
  mode: 'voice-and-digits',
  digits: { maxLength: 1, terminator: '*' },
});

/**
 * A bot for the first live call: it plays back what the caller said, names the key that was pressed, and returns the
 * custom events of the flow. The `#` key hangs up. It keeps nothing.
 *
 * Options: `greeting`, what it says first.
 */
export const echoBot: BotFactory = {
  name: 'echo',
  create(options) {
    const { greeting = GREETING } = parseBotOptions(optionsSchema, options, 'echo');
    return {
      name: 'echo',
      hears: 'utterances',
      answer: (_call, input, { signal }) =>
        new ReadyAnswer(signal.aborted ? [] : echo(input, greeting)),
    };
  },
};

function echo(input: BotInput, greeting: string): readonly BotOutput[] {
  const listen: BotOutput = { type: 'listen', settings: LISTEN };
  switch (input.type) {
    case 'start':
      return [listen, say(greeting)];
    // Only for handlers that hear streams.
    case 'speech-stream':
      return [listen];
    case 'speech':
      return [listen, { type: 'audio', audio: input.audio }];
    case 'digits':
      return input.digits.includes('#')
        ? [{ type: 'end', name: '', metadata: {} }, say('Goodbye.')]
        : [listen, say(`You pressed ${nameKeys(input.digits)}.`)];
    case 'no-input':
      return [listen, say('I heard nothing. Please say something.')];
    case 'custom-event':
      return [listen, { type: 'custom-event', name: input.name, metadata: input.parameters }];
    default:
      return input satisfies never;
  }
}

function say(text: string): BotOutput {
  return { type: 'say', text };
}

/** One key after another, or an engine would read a number. */
function nameKeys(digits: string): string {
  return digits
    .replaceAll('*', ' star ')
    .trim()
    .split(/\s+|(?<=\d)(?=.)/u)
    .join(', ');
}
