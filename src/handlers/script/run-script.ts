import type { BotInput, BotOutput } from '../bot-handler.ts';
import type { Scope } from './compile-prompts.ts';
import type { Script } from './compile-script.ts';
import { type Heard, type ScriptCall, createLookup } from './lookup.ts';
import { type Run, answerInput, begin } from './script-moves.ts';
import type { Scalar, ScriptState } from './script-state.ts';
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

/** Answers one input of a call. */
export function runScript(script: Script, { call, state, input }: ScriptTurn): ScriptStep {
  const before = input.type === 'start' ? undefined : state;
  const question = before && script.nodes.get(before.node)?.question;
  const isConfidential =
    ('sensitive' in input && input.sensitive) || (question !== undefined && question.sensitive);
  const run = createRun(script, call, question && before, isConfidential ? {} : toHeard(input));
  const outputs = question === undefined ? begin(run) : answerInput(run, question, input);
  const transcript = script.hasTranscript
    ? extendTranscript(before?.transcript ?? [], input, isConfidential, outputs)
    : [];
  const { node, attempts, variables, sensitive, pending } = run.memory;
  return {
    outputs: [...outputs, ...closeSession(script, run.scope(), outputs, transcript)],
    state: { node, attempts, variables, sensitive, pending, transcript },
  };
}

function createRun(
  script: Script,
  call: ScriptCall,
  before: ScriptState | undefined,
  heard: Heard,
): Run {
  const memory = {
    node: before?.node ?? script.start,
    attempts: before?.attempts ?? 0,
    // An older script may have kept as a plain variable what this one holds in confidence.
    variables: pick(before?.variables, (name) => !script.sensitive.has(name)),
    sensitive: pick(before?.sensitive, (name) => script.sensitive.get(name)?.isUsed === true),
    pending: before?.pending,
  };
  const { variables, sensitive } = memory;
  const language = (): string => script.languages.choose(lookup);
  const lookup = createLookup({ call, heard, variables, sensitive, language });
  return { script, memory, scope: () => ({ lookup, language: language() }) };
}

function pick(
  values: Readonly<Record<string, Scalar>> = {},
  isWanted: (name: string) => boolean,
): Record<string, Scalar> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => isWanted(name)));
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
      return {};
    default:
      return input satisfies never;
  }
}

/** The texts of the session, once it ends. */
function closeSession(
  script: Script,
  scope: Scope,
  outputs: readonly BotOutput[],
  lines: readonly string[],
): readonly BotOutput[] {
  const hasEnded = outputs.some(
    ({ type }) => type === 'transfer' || type === 'end' || type === 'give-up',
  );
  const summary = script.summary?.(scope);
  const texts = {
    ...(lines.length > 0 && { transcript: lines.join('\n') }),
    ...(summary !== undefined && { summary }),
  };
  return hasEnded && Object.keys(texts).length > 0 ? [{ type: 'transcript', ...texts }] : [];
}
