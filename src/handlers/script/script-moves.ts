import type { BotInput, BotOutput } from '../bot-handler.ts';
import type { Part, Scope } from './compile-prompts.ts';
import type { Entry, Question } from './compile-question.ts';
import type { Branch, Setting } from './compile-script.ts';
import type { Run } from './run.ts';
import type { Lookup } from './template.ts';

type Outputs = readonly BotOutput[];
/** What the flow is told when the retries are used up. */
type Reason = 'no-match' | 'no-input';

/** Begins the script. */
export function begin(run: Run): Outputs {
  run.variables = run.script.constants;
  assign(run, run.script.variables);
  return goTo(run, run.script.start);
}

/** Answers what the caller or the flow did while `question` was put. */
export function answerInput(run: Run, question: Question, input: BotInput): Outputs {
  const { script } = run;
  const { entry } = question;
  const pending = entry === undefined ? undefined : run.pending;
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
  const { script } = run;
  const said: BotOutput[] = [];
  for (let name = first; ;) {
    const node = script.nodes.get(name);
    if (node === undefined) throw new TypeError('the references of the script were not checked');
    assign(run, node.set);
    render(said, node.parts, run);
    const next = findBranch(run, node.branches) ?? node.goto;
    if (next === undefined) {
      run.node = name;
      run.attempts = 0;
      run.pending = undefined;
      const last = node.question?.listen ?? node.ending?.(run);
      // An ending that is known before the last words keeps them from being interrupted.
      if (last !== undefined) said.unshift(last);
      return said;
    }
    name = next;
  }
}

function findBranch(run: Run, branches: readonly Branch[]): string | undefined {
  for (const { when, goto } of branches) if (when(run.lookup)) return goto;
  return undefined;
}

function assign(run: Run, settings: readonly Setting[]): void {
  for (const { name, value } of settings) {
    const result = value(run.lookup);
    // Only null can be assigned to what is confidential.
    run.remember(name, undefined, true);
    run.remember(name, result);
  }
}

function takeDigits(run: Run, question: Question, digits: string): Outputs {
  const exact = question.digits.get(digits);
  if (exact !== undefined) return goTo(run, exact);
  const { entry } = question;
  if (entry === undefined || !entry.accepts(digits, withDigits(run.lookup, digits)))
    return askAgain(run, question, 'no-match', question.noMatch);
  if (entry.confirm === undefined) return accept(run, entry, digits);
  run.pending = digits;
  return askToConfirm(run, question, entry);
}

function accept(run: Run, entry: Entry, digits: string): Outputs {
  if (entry.into !== undefined) {
    const confidence = run.script.sensitive.get(entry.into);
    if (confidence === undefined) run.remember(entry.into, digits);
    else if (confidence.isUsed) run.remember(entry.into, digits, true);
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
  return askAgain(run, question, 'no-match', [], true);
}

function confirmAgain(run: Run, question: Question, entry: Entry, reason: Reason): Outputs {
  if (run.attempts >= question.retries) return giveUp(run, question, reason);
  run.attempts += 1;
  return askToConfirm(run, question, entry);
}

function askToConfirm(run: Run, question: Question, { confirm }: Entry): Outputs {
  if (confirm === undefined) return [];
  const { lookup, language, pending } = run;
  // What is confidential is not read back; the loader refuses scripts that would.
  const filled = question.sensitive ? lookup : withDigits(lookup, pending);
  return render([confirm.listen], confirm.prompts, { lookup: filled, language });
}

function takeSpeech(run: Run, question: Question, text: string | undefined): Outputs {
  const heard = text === undefined ? undefined : question.hears(text, run);
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
  repeats = question.repeats,
): Outputs {
  if (run.attempts >= question.retries) return giveUp(run, question, reason);
  const complaint = complaints[Math.min(run.attempts, complaints.length - 1)]?.(run);
  run.attempts += 1;
  run.pending = undefined;
  const outputs = complaint === undefined ? [question.listen] : [question.listen, complaint];
  return repeats ? render(outputs, question.prompts, run) : outputs;
}

function giveUp(run: Run, { otherwise }: Question, reason: Reason): Outputs {
  run.pending = undefined;
  return otherwise === undefined ? [{ type: 'give-up', reason }] : goTo(run, otherwise);
}

/** Adds to `outputs` what there is to say. */
function render(outputs: BotOutput[], parts: readonly Part[], scope: Scope): Outputs {
  for (const part of parts) {
    const output = part(scope);
    if (output !== undefined) outputs.push(output);
  }
  return outputs;
}

function withDigits(lookup: Lookup, digits: string | undefined): Lookup {
  return (name) => (name === 'digits' ? digits : lookup(name));
}
