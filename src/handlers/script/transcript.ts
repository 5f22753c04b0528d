import type { BotInput, BotOutput } from '../bot-handler.ts';

/** Most of a transcript, in characters; what is older is dropped. */
const MAX_TRANSCRIPT_LENGTH = 16_000;
const MAX_LINE_LENGTH = 1000;

/**
 * Adds a turn to a transcript: what the caller did, then what was said to them, whether or not they heard it out.
 *
 * @param isConfidential Of what the caller did, only that it was done is written down.
 */
export function extendTranscript(
  before: readonly string[],
  input: BotInput,
  isConfidential: boolean,
  outputs: readonly BotOutput[],
): readonly string[] {
  const lines = before.map(cut);
  if (input.type !== 'start') lines.push(cut(describeInput(input, isConfidential)));
  for (const output of outputs) if (output.type === 'say') lines.push(cut(`Bot: ${output.text}`));
  let length = lines.reduce((sum, line) => sum + line.length + 1, 0);
  let first = 0;
  while (length > MAX_TRANSCRIPT_LENGTH) {
    length -= (lines[first]?.length ?? 0) + 1;
    first++;
  }
  // A copy even of all of them: it is as small as it can be, and is kept until the caller's next input.
  return lines.slice(first);
}

function cut(line: string): string {
  return line.slice(0, MAX_LINE_LENGTH);
}

function describeInput(
  input: Exclude<BotInput, { readonly type: 'start' }>,
  isConfidential: boolean,
): string {
  switch (input.type) {
    case 'digits':
      return `Caller: [${isConfidential ? 'confidential keys' : `keys ${input.digits}`}]`;
    case 'speech':
    case 'speech-stream': {
      if (isConfidential) return 'Caller: [confidential speech]';
      const text = input.type === 'speech' ? input.text : undefined;
      return `Caller: ${text === undefined || text === '' ? '[speech]' : text}`;
    }
    case 'no-input':
      return 'Caller: [nothing]';
    case 'custom-event':
      return `Flow: [event ${input.name}]`;
    default:
      return input satisfies never;
  }
}
