import type { Cancellation } from '../core/cancellation.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { BargeIn, BotOutput } from '../handlers/bot-handler.ts';
import type { ListenSettings } from '../handlers/listen-settings.ts';
import { type BargeInBy, type Interrupter, allows, toBargeInBy } from './barge-in.ts';
import type { Conversation } from './conversation.ts';
import { compileListenSettings } from './listening.ts';
import type { UnheardSound } from './playback.ts';
import { wavPromptOf } from './prompt-chunks.ts';
import { type PromptWriter, createPromptWriter } from './prompt-writer.ts';
import {
  type OpenConverter,
  type SoundStream,
  assertSound,
  createSoundStream,
} from './sound-stream.ts';
import type { SpeechSynthesiser } from './speech-synthesiser.ts';
import {
  type OutputEvent,
  type Prompt,
  closing,
  eventOnly,
  final,
  partial,
} from './turn-output.ts';
import type { TurnSink } from './turn-sink.ts';

/** Most custom events of one answer. */
const MAX_EVENTS = 16;
/**
 * Most things one answer does: ten minutes of sound in pieces of 12 ms, which still fit into one WAV answer with their
 * headers. A bot that yields for ever what makes no sound would keep everybody else from the processor.
 */
const MAX_OUTPUTS = 50_000;

export type Ending = Extract<BotOutput, { readonly type: 'transfer' | 'end' | 'give-up' }>;

/** How a reply left the call. */
type ReplyOutcome = 'goes-on' | 'transferred' | 'ended';

/** What a reply is built with. */
export interface ReplyDeps {
  readonly clock: Clock;
  readonly synthesiser: SpeechSynthesiser;
  readonly openConverter: OpenConverter;
}

/** What a reply belongs to. */
interface ReplyContext {
  readonly conversation: Conversation;
  readonly sink: TurnSink;
  readonly cancellation: Cancellation<unknown>;
  /** Whether the caller's side takes PARTIAL messages. */
  readonly allowPartial: boolean;
}

/** Who hears of a reply. */
export interface ReplyListener {
  /** The first sound is about to be sent. */
  firstSound(): void;
}

/**
 * The messages of one answer, built from what the bot yields so that no bot can break the contract. One object an answer,
 * hence a class.
 */
export class Reply {
  readonly #deps: ReplyDeps;
  readonly #context: ReplyContext;
  readonly #listener: ReplyListener;
  readonly #writer: PromptWriter;
  #listen: ListenSettings;
  #ending: Ending | undefined;
  #hasSpoken = false;
  #outputs = 0;
  /** In the order in which they are sent; made for a bot that has any. */
  #events: OutputEvent[] | undefined;
  /** Made for a bot whose sound must be converted. */
  #stream: SoundStream | undefined;

  constructor(deps: ReplyDeps, context: ReplyContext, listener: ReplyListener) {
    const { agent, playback } = context.conversation;
    this.#deps = deps;
    this.#context = context;
    this.#listener = listener;
    this.#listen = agent.listen;
    this.#writer = createPromptWriter(agent.playback, {
      clock: deps.clock,
      sink: context.sink,
      playback,
      cancellation: context.cancellation,
    });
  }

  /**
   * Does what the bot asks, in order; a promise says when there is room for more.
   *
   * @throws {GatewayError} `ERR_HANDLER_OUTPUT` when the bot yields what it must not; `ERR_SPEECH_FAILED`.
   */
  perform(output: BotOutput): Promise<void> | undefined {
    this.#outputs += 1;
    if (this.#outputs > MAX_OUTPUTS)
      throw new GatewayError('ERR_HANDLER_OUTPUT', 'the answer has too many parts');
    const { conversation } = this.#context;
    switch (output.type) {
      case 'say':
        return this.#say(output);
      case 'audio':
        return this.#play(output);
      case 'listen':
        this.#listen = compileListenSettings(output.settings, conversation.agent.listen);
        return undefined;
      case 'custom-event':
        this.#events ??= [];
        if (this.#events.length === MAX_EVENTS)
          throw new GatewayError('ERR_HANDLER_OUTPUT', 'too many events in one answer');
        this.#events.push({ type: 'custom-event', name: output.name, metadata: output.metadata });
        return undefined;
      case 'transfer':
      case 'end':
      case 'give-up':
        this.#ending = output;
        return undefined;
      case 'transcript':
        conversation.transcript = output.transcript ?? conversation.transcript;
        conversation.summary = output.summary ?? conversation.summary;
        return undefined;
      default:
        output satisfies never;
        throw new GatewayError('ERR_HANDLER_OUTPUT', 'the bot yielded something unknown');
    }
  }

  /** Sends the closing answer. */
  close(): ReplyOutcome | Promise<ReplyOutcome> {
    const ended = this.#endStream();
    const prompts =
      ended === undefined ? this.#writer.finish() : ended.then(() => this.#writer.finish());
    return prompts instanceof Promise
      ? prompts.then((last) => this.#sendClosing(last))
      : this.#sendClosing(prompts);
  }

  /** Sends the closing answer of a reply that the caller cut short. */
  cutShort(): void {
    this.#stream?.close();
    this.#ending = undefined;
    this.#events = undefined;
    this.#sendFinal(this.#writer.discard(), this.#context.conversation.listen);
  }

  /** Says something while the bot thinks; nothing where the contract has no way to. Gives whether it could. */
  async fill(audio: Uint8Array): Promise<boolean> {
    if (this.#hasSpoken) return false;
    const { conversation, sink, allowPartial } = this.#context;
    const { agent, playback } = conversation;
    if (agent.playback === 'chunk') {
      await this.#writer.add(audio, agent.bargeIn.by);
      return true;
    }
    if (!allowPartial) return false;
    playback.sent(audio, agent.bargeIn.by);
    sink.write(partial(wavPromptOf(audio, agent.bargeIn.by !== 'none')));
    return true;
  }

  /** Goes on with what the caller cut off. */
  async resume(sounds: readonly UnheardSound[]): Promise<void> {
    for (const { audio, by } of sounds) await this.#writer.add(audio, by);
  }

  /** Says `audio` instead of what is missing, and closes; with an ending, the call is over then. */
  async fallBack(audio: Uint8Array, last: Ending | undefined): Promise<ReplyOutcome> {
    const { conversation, sink } = this.#context;
    const { agent, playback } = conversation;
    this.#stream?.close();
    this.#writer.discard();
    this.#ending = last;
    this.#events = last === undefined ? undefined : [toEvent(last)];
    const fallback = createPromptWriter(agent.playback, {
      clock: this.#deps.clock,
      sink,
      playback,
      cancellation: undefined,
    });
    await fallback.add(audio, last === undefined ? agent.bargeIn.by : 'none');
    this.#sendFinal(await fallback.finish(), agent.listen);
    return outcomeOf(last);
  }

  isInterruptible(by: Interrupter): boolean {
    return (
      this.#ending === undefined &&
      allows(this.#writer.lastBargeIn ?? this.#context.conversation.agent.bargeIn.by, by)
    );
  }

  #speak(audio: Uint8Array, bargeIn: BargeIn | undefined, text: string): Promise<void> | undefined {
    if (audio.length === 0) return undefined;
    const { agent, playback } = this.#context.conversation;
    if (!this.#hasSpoken) this.#listener.firstSound();
    this.#hasSpoken = true;
    const by: BargeInBy =
      this.#ending === undefined ? toBargeInBy(bargeIn, agent.bargeIn.by) : 'none';
    playback.speaking(text, audio.length);
    return this.#writer.add(audio, by);
  }

  async #say({ text, bargeIn }: Extract<BotOutput, { type: 'say' }>): Promise<void> {
    const { cancellation } = this.#context;
    await this.#endStream();
    if (typeof text !== 'string')
      throw new GatewayError('ERR_HANDLER_OUTPUT', 'text of the bot is not a string');
    const spoken = this.#deps.synthesiser.synthesise(text, cancellation.signal);
    await this.#speak(await cancellation.wait(spoken), bargeIn, text);
  }

  #play(output: Extract<BotOutput, { type: 'audio' }>): Promise<void> | undefined {
    const { format, text = '', bargeIn } = output;
    if (format === undefined && this.#stream === undefined)
      return this.#speak(assertSound(output.audio), bargeIn, text);
    return this.#convert(output);
  }

  async #convert(output: Extract<BotOutput, { type: 'audio' }>): Promise<void> {
    const { format, text = '', bargeIn } = output;
    const stream = (this.#stream ??= createSoundStream(this.#deps.openConverter));
    if (!stream.isOf(format)) await this.#endStream();
    await this.#speak(stream.convert(output.audio, format, bargeIn), bargeIn, text);
  }

  #endStream(): Promise<void> | undefined {
    const rest = this.#stream?.end();
    return rest && this.#speak(rest.audio, rest.bargeIn, '');
  }

  #sendClosing(prompts: readonly Prompt[]): ReplyOutcome {
    const { sink, cancellation } = this.#context;
    // A writer that had to wait may find the answer called off.
    cancellation.throwIfCancelled();
    const ending = this.#ending;
    if (ending !== undefined) (this.#events ??= []).push(toEvent(ending));
    const events = this.#events;
    for (const event of events?.splice(0, events.length - 1) ?? []) sink.write(eventOnly(event));
    // The last words cannot be interrupted, though the ending may have been yielded after them.
    this.#sendFinal(
      ending === undefined ? prompts : prompts.map((prompt) => ({ ...prompt, bargeIn: false })),
      this.#listen,
    );
    return outcomeOf(ending);
  }

  #sendFinal(prompts: readonly Prompt[], settings: ListenSettings): void {
    const { conversation, sink, cancellation } = this.#context;
    const isLast = this.#ending !== undefined;
    conversation.listen = settings;
    const event = this.#events?.pop();
    sink.write(
      event === undefined
        ? closing(prompts, settings)
        : final({
            prompts,
            event,
            listen: isLast ? undefined : settings,
            transcript: isLast ? conversation.transcript : undefined,
            summary: isLast ? conversation.summary : undefined,
          }),
    );
    // What ends the RPC from here on is no longer a reason to stop.
    cancellation.close();
    sink.complete();
  }
}

function outcomeOf(ending: Ending | undefined): ReplyOutcome {
  if (ending === undefined) return 'goes-on';
  return ending.type === 'transfer' ? 'transferred' : 'ended';
}

function toEvent(ending: Ending): OutputEvent {
  switch (ending.type) {
    case 'transfer':
      return { type: 'transfer-to-agent', name: ending.name, metadata: ending.metadata };
    case 'end':
      return { type: 'session-end', name: ending.name, metadata: ending.metadata };
    case 'give-up':
      return { type: ending.reason, name: '', metadata: {} };
    default:
      return ending satisfies never;
  }
}

/** The closing answer to an RPC that asks for nothing: it says nothing and keeps listening as before. */
export function acknowledge(conversation: Conversation, sink: TurnSink): void {
  const hasPrompt = conversation.agent.playback === 'chunk' && !conversation.hasEnded;
  sink.write(final({ prompts: hasPrompt ? SILENT_PROMPTS : [], listen: conversation.listen }));
  sink.complete();
}

const SILENT_PROMPTS: readonly Prompt[] = [{ audio: new Uint8Array(0), bargeIn: false }];
