import type { BotInput, BotOutput } from '../bot-handler.ts';
import type { Question, Script } from './compile-script.ts';

/** Where a call stands in a script; JSON, so that any replica can go on. */
export interface ScriptPosition {
  readonly node: string;
  /** Answers to its question that led nowhere. */
  readonly attempts: number;
}

/** What is to be done, and where the call stands then. */
export interface ScriptStep {
  readonly outputs: readonly BotOutput[];
  readonly position: ScriptPosition;
}

/**
 * Answers one input of a call.
 *
 * @param position Where the call stands; `undefined` when it begins, or stood at a node that the script no longer has.
 * Both begin the script.
 */
export function runScript(
  script: Script,
  position: ScriptPosition | undefined,
  input: BotInput,
): ScriptStep {
  const question = position && script.questions.get(position.node);
  if (position === undefined || question === undefined) return goTo(script, script.start);
  switch (input.type) {
    case 'start':
      return goTo(script, script.start);
    case 'digits':
      return follow(script, position, question, matchDigits(question, input.digits));
    case 'speech':
      return follow(script, position, question, question.speech);
    case 'no-input':
      return askAgain(script, position, question, 'no-input');
    case 'custom-event': {
      const target = question.events.get(input.name) ?? script.events.get(input.name);
      return target === undefined ? { outputs: [question.listen], position } : goTo(script, target);
    }
    default:
      return input satisfies never;
  }
}

function goTo(script: Script, name: string): ScriptStep {
  const arrival = script.arrivals.get(name);
  if (arrival === undefined) throw new TypeError('the references of the script were not checked');
  return { outputs: arrival.outputs, position: { node: arrival.restsAt, attempts: 0 } };
}

function matchDigits(question: Question, digits: string): string | undefined {
  const exact = question.digits.get(digits);
  if (exact !== undefined || digits.length < question.minLength) return exact;
  return question.anyDigits;
}

function follow(
  script: Script,
  position: ScriptPosition,
  question: Question,
  target: string | undefined,
): ScriptStep {
  return target === undefined
    ? askAgain(script, position, question, 'no-match')
    : goTo(script, target);
}

function askAgain(
  script: Script,
  { node, attempts }: ScriptPosition,
  question: Question,
  reason: 'no-match' | 'no-input',
): ScriptStep {
  if (attempts >= question.retries)
    return question.otherwise === undefined
      ? { outputs: [{ type: 'give-up', reason }], position: { node, attempts } }
      : goTo(script, question.otherwise);
  const complaint = reason === 'no-input' ? question.noInput : question.noMatch;
  return {
    outputs: [question.listen, ...complaint, ...question.prompts],
    position: { node, attempts: attempts + 1 },
  };
}
