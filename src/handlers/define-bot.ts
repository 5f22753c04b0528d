import type { AudioFormat } from '../audio/audio-format.ts';
import type { JsonObject } from '../core/json.ts';
import type {
  BargeIn,
  BotAnswer,
  BotCall,
  BotDeps,
  BotFactory,
  BotHandler,
  BotInput,
  BotOutput,
  BotTurn,
  EndReason,
} from './bot-handler.ts';
import type { DigitSettings, ListenSettings, SpeechTimers } from './listen-settings.ts';

/** What a hook may answer with: nothing, a sentence, or more. */
export interface Reply {
  /** Said with the gateway's voice. */
  readonly say?: string;
  /** Ready sound: µ-law, 8000 Hz, mono, no header, unless `format` says otherwise. Played after `say`. */
  readonly audio?: Uint8Array;
  /** Of `audio`: raw sound of another kind, or a WAV file; either may come in pieces, one a reply. */
  readonly format?: AudioFormat | 'wav';
  /** What may cut it short; default: what the agent is configured with. */
  readonly bargeIn?: BargeIn;
  /** What to listen for next. */
  readonly listen?: 'voice' | 'digits' | 'voice-and-digits';
  readonly digits?: DigitSettings;
  readonly speech?: SpeechTimers;
  /** The next input is confidential. */
  readonly sensitive?: boolean;
  /** Tell the flow something; the call goes on. */
  readonly event?: { readonly name: string; readonly metadata?: JsonObject };
  /** Hand the call to a human. */
  readonly transfer?: true | { readonly name?: string; readonly metadata?: JsonObject };
  /** Hang up. */
  readonly end?: true | { readonly name?: string; readonly metadata?: JsonObject };
}

type Answer = Reply | string | undefined | void;

/** A hook's result: one reply, a promise of it, or an async generator that yields several as they come. */
export type HookResult = Answer | Promise<Answer> | AsyncIterable<Reply | string>;

/** The hooks of a bot; each is optional. Keep per-call notes in `call.state`. */
export interface BotHooks {
  /** Name in logs and metrics; lower-case words with hyphens. */
  readonly name: string;
  /** See `BotHandler.keepsCalls`: what a call needs does not all stand in `call.state`. */
  readonly keepsCalls?: boolean;
  /** The call begins: greet. */
  start?(call: BotCall, turn: BotTurn): HookResult;
  /** The caller pressed keys; the terminator is not part of `digits`. */
  digits?(call: BotCall, digits: string, turn: BotTurn): HookResult;
  /** The caller said something: µ-law, 8000 Hz, mono; `text` only where a recogniser is configured. */
  speech?(
    call: BotCall,
    speech: {
      readonly audio: Uint8Array;
      readonly durationMs: number;
      readonly text: string | undefined;
    },
    turn: BotTurn,
  ): HookResult;
  /**
   * The caller has begun to speak: the sound as it comes, for bots that listen themselves; takes the place of `speech`.
   * µ-law, 8000 Hz, mono; ends with the utterance. What is yielded before that ends the caller's input.
   */
  speechStream?(call: BotCall, audio: AsyncIterable<Uint8Array>, turn: BotTurn): HookResult;
  /** The caller neither spoke nor pressed a key in time. */
  noInput?(call: BotCall, turn: BotTurn): HookResult;
  /** The flow sent a custom event. */
  event?(
    call: BotCall,
    event: { readonly name: string; readonly parameters: JsonObject },
    turn: BotTurn,
  ): HookResult;
  /** The call is over. */
  end?(call: BotCall, reason: EndReason): void | Promise<void>;
  /** The call goes on in another process: what is held for it here can go. */
  leave?(call: BotCall): void;
}

/**
 * Defines a bot from hooks, or from a function that makes hooks from the options in the configuration.
 *
 * @example
 * export const bot = defineBot({
 *   name: 'hello',
 *   start: () => ({ say: 'Press one to hear that again.', digits: { maxLength: 1 } }),
 *   digits: (_call, digits) => (digits === '1' ? 'Hello again.' : { say: 'Goodbye.', end: true }),
 * });
 */
export function defineBot(
  hooks: BotHooks | ((options: unknown, deps: BotDeps) => BotHooks | Promise<BotHooks>),
  name = typeof hooks === 'function' ? 'custom' : hooks.name,
): BotFactory {
  return {
    name,
    create: async (options, deps) =>
      toHandler(typeof hooks === 'function' ? await hooks(options, deps) : hooks),
  };
}

function toHandler(hooks: BotHooks): BotHandler {
  return {
    name: hooks.name,
    ...hearing(hooks),
    ...(hooks.keepsCalls === undefined ? {} : { keepsCalls: hooks.keepsCalls }),
    ...(hooks.leave === undefined ? {} : { leave: (call) => hooks.leave?.(call) }),
    answer: (call, input, turn) => new HookAnswer(() => callHook(hooks, call, input, turn)),
    end: (call, reason) => hooks.end?.(call, reason),
  };
}

/** Calls the hook when it is read; what the hook returns without a promise is given without one. */
class HookAnswer implements BotAnswer {
  readonly #callHook: () => HookResult;
  #begun: Exclude<HookResult, Answer> | undefined;

  constructor(callHook: () => HookResult) {
    this.#callHook = callHook;
  }

  atOnce(): readonly BotOutput[] | undefined {
    const result = this.#callHook();
    if (!isPending(result)) return [...toOutputs(result)];
    // It throws when it is read, which may be later than it fails.
    if ('then' in result) result.then(undefined, () => undefined);
    this.#begun = result;
    return undefined;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<BotOutput, undefined> {
    const result = this.#begun ?? this.#callHook();
    if (isAsyncIterable(result)) {
      for await (const reply of result) yield* toOutputs(reply);
    } else {
      yield* toOutputs(await result);
    }
  }
}

function hearing({ speechStream, speech }: BotHooks): Pick<BotHandler, 'hears'> {
  if (speechStream !== undefined) return { hears: 'streams' };
  return speech === undefined ? {} : { hears: 'utterances' };
}

function callHook(hooks: BotHooks, call: BotCall, input: BotInput, turn: BotTurn): HookResult {
  switch (input.type) {
    case 'start':
      return hooks.start?.(call, turn);
    case 'digits':
      return hooks.digits?.(call, input.digits, turn);
    case 'speech':
      return hooks.speech?.(call, input, turn);
    case 'speech-stream':
      return hooks.speechStream?.(call, input.audio, turn);
    case 'no-input':
      return hooks.noInput?.(call, turn);
    case 'custom-event':
      return hooks.event?.(call, input, turn);
    default:
      return input satisfies never;
  }
}

function isPending(result: HookResult): result is Exclude<HookResult, Answer> {
  return typeof result === 'object' && ('then' in result || Symbol.asyncIterator in result);
}

function isAsyncIterable(result: HookResult): result is AsyncIterable<Reply | string> {
  return typeof result === 'object' && Symbol.asyncIterator in result;
}

/** What the gateway is to do for a reply: an ending goes first, so that the last words cannot be interrupted. */
export function* toOutputs(answer: Answer): Iterable<BotOutput> {
  if (answer === undefined) return;
  const reply: Reply = typeof answer === 'string' ? { say: answer } : answer;
  if (reply.transfer !== undefined) yield { type: 'transfer', ...toEnding(reply.transfer) };
  if (reply.end !== undefined) yield { type: 'end', ...toEnding(reply.end) };
  const bargeIn = reply.bargeIn === undefined ? {} : { bargeIn: reply.bargeIn };
  if (reply.say !== undefined) yield { type: 'say', text: reply.say, ...bargeIn };
  if (reply.audio !== undefined)
    yield {
      type: 'audio',
      audio: reply.audio,
      ...(reply.format === undefined ? {} : { format: reply.format }),
      ...bargeIn,
    };
  const listen = toListen(reply);
  if (listen !== undefined) yield { type: 'listen', settings: listen };
  if (reply.event !== undefined)
    yield { type: 'custom-event', name: reply.event.name, metadata: reply.event.metadata ?? {} };
}

function toListen(reply: Reply): ListenSettings | undefined {
  const { listen, digits, speech, sensitive } = reply;
  if (
    listen === undefined &&
    digits === undefined &&
    speech === undefined &&
    sensitive === undefined
  )
    return undefined;
  return {
    mode: listen ?? 'voice-and-digits',
    ...(digits && { digits }),
    ...(speech && { speech }),
    ...(sensitive !== undefined && { sensitive }),
  };
}

function toEnding(ending: true | { readonly name?: string; readonly metadata?: JsonObject }): {
  readonly name: string;
  readonly metadata: JsonObject;
} {
  return ending === true
    ? { name: '', metadata: {} }
    : { name: ending.name ?? '', metadata: ending.metadata ?? {} };
}
