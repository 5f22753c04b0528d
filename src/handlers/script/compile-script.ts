import type { BotOutput } from '../bot-handler.ts';
import type { InputMode, ListenSettings } from '../listen-settings.ts';
import type { AskSource, NodeSource, ScriptSource } from './script-schema.ts';

/** A question, ready to be put. */
export interface Question {
  readonly listen: BotOutput;
  /** The prompts of its node, said again with each retry. */
  readonly prompts: readonly BotOutput[];
  readonly digits: ReadonlyMap<string, string>;
  readonly anyDigits: string | undefined;
  readonly minLength: number;
  readonly speech: string | undefined;
  readonly events: ReadonlyMap<string, string>;
  readonly retries: number;
  readonly noInput: readonly BotOutput[];
  readonly noMatch: readonly BotOutput[];
  readonly otherwise: string | undefined;
}

/** What happens when a call comes to a node: all that is said until a question is put or the call ends. */
interface Arrival {
  readonly outputs: readonly BotOutput[];
  /** The node where it stops. */
  readonly restsAt: string;
}

/** A script, ready to run: every output is made once and used by all calls. */
export interface Script {
  readonly start: string;
  readonly arrivals: ReadonlyMap<string, Arrival>;
  readonly questions: ReadonlyMap<string, Question>;
  readonly events: ReadonlyMap<string, string>;
}

const DEFAULT_RETRIES = 2;

/**
 * Prepares a script whose references were checked.
 *
 * @param sounds By file name as written in the script: µ-law, 8000 Hz, mono.
 */
export function compileScript(
  source: ScriptSource,
  sounds: ReadonlyMap<string, Uint8Array>,
): Script {
  const names = Object.keys(source.nodes);
  const nodeOf = (name: string): NodeSource => source.nodes[name] ?? {};
  const prompts = new Map(
    names.map((name) => [name, compilePrompts(nodeOf(name), source.bargeIn, sounds)]),
  );
  const promptsOf = (name: string): readonly BotOutput[] => prompts.get(name) ?? [];
  const questions = new Map(
    names.flatMap((name) => {
      const { ask } = nodeOf(name);
      return ask === undefined ? [] : [[name, compileQuestion(ask, promptsOf(name))] as const];
    }),
  );
  const arrive = (name: string): Arrival => {
    const said: BotOutput[] = [];
    for (let at = name; ;) {
      const node = nodeOf(at);
      said.push(...compileEvent(node), ...promptsOf(at));
      if (node.goto === undefined) {
        // An ending that is known before the last words keeps them from being interrupted.
        const first = questions.get(at)?.listen ?? compileEnding(node);
        return { outputs: first === undefined ? said : [first, ...said], restsAt: at };
      }
      at = node.goto;
    }
  };
  return {
    start: source.start,
    arrivals: new Map(names.map((name) => [name, arrive(name)])),
    questions,
    events: new Map(Object.entries(source.events ?? {})),
  };
}

function compilePrompts(
  { play = [], say = [], bargeIn }: NodeSource,
  bargeInOfScript: boolean | undefined,
  sounds: ReadonlyMap<string, Uint8Array>,
): readonly BotOutput[] {
  const allowed = bargeIn ?? bargeInOfScript;
  const rest = allowed === undefined ? {} : { bargeIn: allowed };
  return [
    ...play.map((file): BotOutput => ({
      type: 'audio',
      audio: sounds.get(file) ?? new Uint8Array(0),
      ...rest,
    })),
    ...say.map((text): BotOutput => ({ type: 'say', text, ...rest })),
  ];
}

function compileEvent({ event }: NodeSource): readonly BotOutput[] {
  if (event === undefined) return [];
  return [{ type: 'custom-event', name: event.name, metadata: event.metadata ?? {} }];
}

function compileEnding({ transfer, hangUp }: NodeSource): BotOutput | undefined {
  const ending = transfer ?? hangUp;
  if (ending === undefined) return undefined;
  const { name = '', metadata = {} } = ending;
  return { type: transfer === undefined ? 'end' : 'transfer', name, metadata };
}

function compileQuestion(ask: AskSource, prompts: readonly BotOutput[]): Question {
  const { any, ...exact } = ask.digits ?? {};
  return {
    listen: { type: 'listen', settings: compileListen(ask) },
    prompts,
    digits: new Map(Object.entries(exact)),
    anyDigits: any,
    minLength: ask.minLength ?? 1,
    speech: ask.speech,
    events: new Map(Object.entries(ask.events ?? {})),
    retries: ask.retries ?? DEFAULT_RETRIES,
    noInput: toSay(ask.noInput),
    noMatch: toSay(ask.noMatch),
    otherwise: ask.otherwise,
  };
}

function compileListen(ask: AskSource): ListenSettings {
  const { terminator, interDigitTimeoutMs, sensitive } = ask;
  const { noInputTimeoutMs, completeTimeoutMs, incompleteTimeoutMs, maxSpeechMs } = ask;
  const keys = Object.keys(ask.digits ?? {});
  const longest = Math.max(0, ...keys.map((key) => key.length));
  const maxLength = ask.maxLength ?? (keys.includes('any') || longest === 0 ? undefined : longest);
  return Object.freeze({
    mode: ask.listen ?? toMode(keys.length > 0, ask.speech !== undefined),
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

function toSay(text: string | undefined): readonly BotOutput[] {
  return text === undefined ? [] : [{ type: 'say', text }];
}
