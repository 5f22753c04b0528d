import type { BotInput, BotOutput } from '../bot-handler.ts';
import type { Part, Scope } from './compile-prompts.ts';
import type { Entry, Question } from './compile-question.ts';
import type { Script, Setting } from './compile-script.ts';
import type { Scalar } from './script-state.ts';
import type { Lookup } from './template.ts';

/** An answer that is being worked out: what is remembered changes on the way. */
export interface Run {
  readonly script: Script;
  readonly memory: {
    node: string;
    attempts: number;
    readonly variables: Record<string, Scalar>;
    readonly sensitive: Record<string, Scalar>;
    pending: string | undefined;
  };
  /** How texts are filled in from now on. */
  scope(): Scope;
}

type Outputs = readonly BotOutput[];
/** What the flow is told when the retries are used up. */
type Reason = 'no-match' | 'no-input';

/** Begins the script. */
export function begin(run: Run): Outputs {
  assign(run, run.script.variables);
  return goTo(run, run.script.start);
}

/** Answers what the caller or the flow did while `question` was put. */
export function answerInput(run: Run, question: Question, input: BotInput): Outputs {
  const { memory, script } = run;
  const { entry } = question;
  const pending = entry === undefined ? undefined : memory.pending;
  switch (input.type) {
    case 'start':
      return begin(run);
    case 'custom-event': {
      const target = question.events.get(input.name) ?? script.events.get(input.name);
      if (target !== undefined) return goTo(run, target);
      return [(pending !== undefined && entry?.confirm?.listen) || question.listen];
    }
    case 'digits':
      return entry !== undefined && pending !== undefined
        ? settle(run, question, entry, pending, input.digits)
        : takeDigits(run, question, input.digits);
    case 'speech':
    case 'speech-stream':
      if (entry !== undefined && pending !== undefined)
        return confirmAgain(run, question, entry, 'no-match');
      return takeSpeech(run, question, input.type === 'speech' ? input.text : undefined);
    case 'no-input':
      if (entry !== undefined && pending !== undefined)
        return confirmAgain(run, question, entry, 'no-input');
      return askAgain(run, question, 'no-input', question.noInput);
    default:
      return input satisfies never;
  }
}

function goTo(run: Run, first: string): Outputs {
  const { script, memory } = run;
  const said: BotOutput[] = [];
  for (let name = first; ;) {
    const node = script.nodes.get(name);
    if (node === undefined) throw new TypeError('the references of the script were not checked');
    assign(run, node.set);
    const scope = run.scope();
    said.push(...render(node.parts, scope));
    const next = node.branches.find(({ when }) => when(scope.lookup))?.goto ?? node.goto;
    if (next === undefined) {
      Object.assign(memory, { node: name, attempts: 0, pending: undefined });
      // An ending that is known before the last words keeps them from being interrupted.
      const last = node.question?.listen ?? node.ending?.(scope);
      return last === undefined ? said : [last, ...said];
    }
    name = next;
  }
}

function assign({ memory, scope }: Run, settings: readonly Setting[]): void {
  for (const { name, value } of settings) {
    const result = value(scope().lookup);
    // Only null can be assigned to what is confidential.
    delete memory.sensitive[name];
    if (result === undefined) delete memory.variables[name];
    else memory.variables[name] = result;
  }
}

function takeDigits(run: Run, question: Question, digits: string): Outputs {
  const exact = question.digits.get(digits);
  if (exact !== undefined) return goTo(run, exact);
  const { entry } = question;
  if (entry === undefined || !entry.accepts(digits, withDigits(run.scope().lookup, digits)))
    return askAgain(run, question, 'no-match', question.noMatch);
  if (entry.confirm === undefined) return accept(run, entry, digits);
  run.memory.pending = digits;
  return askToConfirm(run, question, entry);
}

function accept(run: Run, entry: Entry, digits: string): Outputs {
  const { script, memory } = run;
  if (entry.into !== undefined) {
    const confidence = script.sensitive.get(entry.into);
    if (confidence === undefined) memory.variables[entry.into] = digits;
    else if (confidence.isUsed) memory.sensitive[entry.into] = digits;
  }
  return goTo(run, entry.goto);
}

/** The caller pressed `digits` when asked whether `pending` is right. */
function settle(
  run: Run,
  question: Question,
  entry: Entry,
  pending: string,
  digits: string,
): Outputs {
  if (digits === entry.confirm?.yes) return accept(run, entry, pending);
  if (digits !== entry.confirm?.no) return confirmAgain(run, question, entry, 'no-match');
  return askAgain(run, { ...question, repeats: true }, 'no-match', []);
}

function confirmAgain(run: Run, question: Question, entry: Entry, reason: Reason): Outputs {
  if (run.memory.attempts >= question.retries) return giveUp(run, question, reason);
  run.memory.attempts += 1;
  return askToConfirm(run, question, entry);
}

function askToConfirm(run: Run, question: Question, { confirm }: Entry): Outputs {
  if (confirm === undefined) return [];
  const { lookup, language } = run.scope();
  const { pending } = run.memory;
  // What is confidential is not read back; the loader refuses scripts that would.
  const filled = question.sensitive ? lookup : withDigits(lookup, pending);
  return [confirm.listen, ...render(confirm.prompts, { lookup: filled, language })];
}

function takeSpeech(run: Run, question: Question, text: string | undefined): Outputs {
  const heard = text === undefined ? undefined : question.hears(text, run.scope().language);
  const target = heard ?? question.speech;
  return target === undefined
    ? askAgain(run, question, 'no-match', question.noMatch)
    : goTo(run, target);
}

function askAgain(
  run: Run,
  question: Question,
  reason: Reason,
  complaints: readonly Part[],
): Outputs {
  const { memory } = run;
  if (memory.attempts >= question.retries) return giveUp(run, question, reason);
  const complaint = complaints.at(Math.min(memory.attempts, complaints.length - 1));
  memory.attempts += 1;
  memory.pending = undefined;
  const prompts = question.repeats ? question.prompts : [];
  return [question.listen, ...render([...(complaint ? [complaint] : []), ...prompts], run.scope())];
}

function giveUp(run: Run, { otherwise }: Question, reason: Reason): Outputs {
  run.memory.pending = undefined;
  return otherwise === undefined ? [{ type: 'give-up', reason }] : goTo(run, otherwise);
}

function render(parts: readonly Part[], scope: Scope): Outputs {
  return parts.flatMap((part) => part(scope) ?? []);
}

function withDigits(lookup: Lookup, digits: string | undefined): Lookup {
  return (name) => (name === 'digits' ? digits : lookup(name));
}
