import type { BotInput, BotOutput } from '../bot-handler.ts';
import type { Script } from './compile-script.ts';
import type { Heard, ScriptCall } from './lookup.ts';
import { Run } from './run.ts';
import { answerInput, begin } from './script-moves.ts';
import type { ScriptState } from './script-state.ts';
import { extendTranscript } from './transcript.ts';

/** What is to be done, and where the call stands then. */
export interface ScriptStep {
  readonly outputs: readonly BotOutput[];
  readonly state: ScriptState;
}

/** One turn of a call. */
export interface ScriptTurn {
  readonly call: ScriptCall;
  /** Where the call stands; `undefined` when it begins, as it does again at a node that the script no longer has. */
  readonly state: ScriptState | undefined;
  readonly input: BotInput;
}

/** What nobody said. */
const NOTHING: Heard = {};
const NO_LINES: readonly string[] = [];

/** Answers one input of a call. */
export function runScript(script: Script, { call, state, input }: ScriptTurn): ScriptStep {
  const before = input.type === 'start' ? undefined : state;
  const question = before && script.nodes.get(before.node)?.question;
  const isConfidential =
    ('sensitive' in input && input.sensitive) || (question !== undefined && question.sensitive);
  const run = new Run(script, call, question && before, isConfidential ? NOTHING : toHeard(input));
  const outputs = question === undefined ? begin(run) : answerInput(run, question, input);
  const transcript = script.hasTranscript
    ? extendTranscript(before?.transcript ?? NO_LINES, input, isConfidential, outputs)
    : NO_LINES;
  const { node, attempts, variables, sensitive, pending } = run;
  return {
    outputs: outputs.some(isEnding) ? closeSession(run, outputs, transcript) : outputs,
    state: { node, attempts, variables, sensitive, pending, transcript },
  };
}

function toHeard(input: BotInput): Heard {
  switch (input.type) {
    case 'digits':
      return { digits: input.digits };
    case 'speech':
      return { speech: input.text };
    case 'custom-event':
      return { event: input };
    case 'start':
    case 'speech-stream':
    case 'no-input':
      return NOTHING;
    default:
      return input satisfies never;
  }
}

function isEnding({ type }: BotOutput): boolean {
  return type === 'transfer' || type === 'end' || type === 'give-up';
}

/** Adds the texts of the session, which ends. */
function closeSession(
  run: Run,
  outputs: readonly BotOutput[],
  lines: readonly string[],
): readonly BotOutput[] {
  const summary = run.script.summary?.(run);
  if (lines.length === 0 && summary === undefined) return outputs;
  const transcript = lines.length === 0 ? {} : { transcript: lines.join('\n') };
  return [
    ...outputs,
    { type: 'transcript', ...transcript, ...(summary !== undefined && { summary }) },
  ];
}
