import type { BotOutput } from '../bot-handler.ts';
import type { InputMode, ListenSettings } from '../listen-settings.ts';
import { type Condition, compileCondition } from './condition.ts';
import { type Part, compileTexts } from './compile-prompts.ts';
import type { Languages, Listener } from './languages.ts';
import { isLuhn } from './luhn.ts';
import { compilePhrases } from './phrases.ts';
import type { AskSource, CollectSource } from './question-schema.ts';
import { createPatternTest } from './safe-pattern.ts';
import type { Lookup } from './template.ts';

/** A question, ready to be put. */
export interface Question {
  readonly listen: BotOutput;
  /** The prompts of its node. */
  readonly prompts: readonly Part[];
  /** Whether they are said again with each retry. */
  readonly repeats: boolean;
  /** Where exact digits lead. */
  readonly digits: ReadonlyMap<string, string>;
  /** What is done with all others. */
  readonly entry: Entry | undefined;
  /** Where words lead, in a language. */
  readonly hears: (heard: string, listener: Listener) => string | undefined;
  readonly speech: string | undefined;
  readonly events: ReadonlyMap<string, string>;
  readonly retries: number;
  readonly noInput: readonly Part[];
  readonly noMatch: readonly Part[];
  readonly otherwise: string | undefined;
  readonly sensitive: boolean;
}

/** How digits are taken that are not written out in the script. */
export interface Entry {
  readonly goto: string;
  /** The variable that keeps them. */
  readonly into: string | undefined;
  /** Whether they will do; in `lookup`, `digits` are they. */
  readonly accepts: (digits: string, lookup: Lookup) => boolean;
  readonly confirm: Confirmation | undefined;
}

/** How the caller confirms what was entered. */
interface Confirmation {
  readonly listen: BotOutput;
  readonly prompts: readonly Part[];
  readonly yes: string;
  readonly no: string;
}

const DEFAULT_RETRIES = 2;

/** Prepares the question of `ask`. */
export function compileAsk(
  source: AskSource,
  prompts: readonly Part[],
  languages: Languages,
): Question {
  const { any, ...exact } = source.digits ?? {};
  const minLength = source.minLength ?? 1;
  const accepts = (digits: string): boolean => digits.length >= minLength;
  const entry = any === undefined ? undefined : { goto: any, into: undefined, accepts };
  return {
    ...compileShared(source, prompts, languages),
    digits: new Map(Object.entries(exact)),
    entry: entry && { ...entry, confirm: undefined },
  };
}

/** Prepares the question of `collect`. */
export function compileCollect(
  source: CollectSource,
  prompts: readonly Part[],
  languages: Languages,
): Question {
  const { into, goto, length, pattern = '^[0-9]+$', check, when, confirm } = source;
  const { minLength = length ?? 1, maxLength = length ?? 64 } = source;
  const fits = createPatternTest(pattern);
  const holds: Condition = when === undefined ? () => true : compileCondition(when);
  const { yes = '1', no = '2' } = confirm ?? {};
  return {
    ...compileShared(
      { ...source, maxLength: source.maxLength ?? length },
      prompts,
      languages,
      true,
    ),
    digits: new Map(Object.entries(source.digits ?? {})),
    entry: {
      goto,
      into,
      accepts: (digits, lookup) =>
        digits.length >= minLength &&
        digits.length <= maxLength &&
        fits(digits) &&
        (check !== 'luhn' || isLuhn(digits)) &&
        holds(lookup),
      confirm: confirm && {
        listen: {
          type: 'listen',
          settings: {
            mode: 'digits',
            digits: { maxLength: Math.max(yes.length, no.length) },
            // A caller may enter the number again instead.
            ...(source.sensitive !== undefined && { sensitive: source.sensitive }),
          },
        },
        prompts: compileTexts(confirm.say, languages),
        yes,
        no,
      },
    },
  };
}

function compileShared(
  source: AskSource | CollectSource,
  prompts: readonly Part[],
  languages: Languages,
  takesAnyDigits = source.digits !== undefined && Object.hasOwn(source.digits, 'any'),
): Omit<Question, 'digits' | 'entry'> {
  return {
    listen: { type: 'listen', settings: compileListen(source, takesAnyDigits) },
    prompts,
    repeats: source.repeat ?? true,
    hears: compileHears(source, languages),
    speech: source.speech,
    events: new Map(Object.entries(source.events ?? {})),
    retries: source.retries ?? DEFAULT_RETRIES,
    noInput: compileTexts(source.noInput ?? [], languages),
    noMatch: compileTexts(source.noMatch ?? [], languages),
    otherwise: source.otherwise,
    sensitive: source.sensitive ?? false,
  };
}

function compileHears({ hears = {} }: AskSource, languages: Languages): Question['hears'] {
  const targets = Object.entries(hears).map(([target, phrases]) => ({
    target,
    phrasesOf: languages.compile(phrases, (list) => list),
  }));
  const byLanguage = new Map<string, (heard: string) => string | undefined>();
  return (heard, listener) => {
    const { language } = listener;
    let find = byLanguage.get(language);
    if (find === undefined) {
      // Bounded by the languages of the script: no other is ever chosen.
      find = compilePhrases(
        targets.map(({ target, phrasesOf }) => ({ target, phrases: phrasesOf(listener) })),
      );
      byLanguage.set(language, find);
    }
    return find(heard);
  };
}

function compileListen(source: AskSource, takesAnyDigits: boolean): ListenSettings {
  const { terminator, interDigitTimeoutMs, sensitive } = source;
  const { noInputTimeoutMs, completeTimeoutMs, incompleteTimeoutMs, maxSpeechMs } = source;
  const keys = Object.keys(source.digits ?? {});
  const longest = Math.max(0, ...keys.map((key) => key.length));
  const maxLength = source.maxLength ?? (takesAnyDigits || longest === 0 ? undefined : longest);
  const takesSpeech = source.speech !== undefined || source.hears !== undefined;
  return Object.freeze({
    mode: source.listen ?? toMode(takesAnyDigits || keys.length > 0, takesSpeech),
    digits: {
      ...(maxLength !== undefined && { maxLength }),
      ...(terminator !== undefined && { terminator }),
      ...(interDigitTimeoutMs !== undefined && { interDigitTimeoutMs }),
    },
    speech: {
      ...(noInputTimeoutMs !== undefined && { noInputTimeoutMs }),
      ...(completeTimeoutMs !== undefined && { completeTimeoutMs }),
      ...(incompleteTimeoutMs !== undefined && { incompleteTimeoutMs }),
      ...(maxSpeechMs !== undefined && { maxSpeechMs }),
    },
    ...(sensitive !== undefined && { sensitive }),
  });
}

function toMode(takesDigits: boolean, takesSpeech: boolean): InputMode {
  if (takesDigits && takesSpeech) return 'voice-and-digits';
  return takesSpeech ? 'voice' : 'digits';
}
