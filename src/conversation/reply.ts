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
import { createPromptWriter } from './prompt-writer.ts';
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

/** The messages of one answer, built from what the bot yields so that no bot can break the contract. */
export interface Reply {
  /**
   * Does what the bot asks, in order; a promise says when there is room for more.
   *
   * @throws {GatewayError} `ERR_HANDLER_OUTPUT` when the bot yields what it must not; `ERR_SPEECH_FAILED`.
   */
  perform(output: BotOutput): Promise<void> | undefined;
  /** Sends the closing answer. */
  close(): ReplyOutcome | Promise<ReplyOutcome>;
  /** Sends the closing answer of a reply that the caller cut short. */
  cutShort(): void;
  /** Says something while the bot thinks; nothing where the contract has no way to. Gives whether it could. */
  fill(audio: Uint8Array): Promise<boolean>;
  /** Goes on with what the caller cut off. */
  resume(sounds: readonly UnheardSound[]): Promise<void>;
  /** Says `audio` instead of what is missing, and closes; with an ending, the call is over then. */
  fallBack(audio: Uint8Array, ending: Ending | undefined): Promise<ReplyOutcome>;
  isInterruptible(by: Interrupter): boolean;
}

/** What a reply is built with. */
export interface ReplyDeps {
  readonly clock: Clock;
  readonly synthesiser: SpeechSynthesiser;
  readonly openConverter: OpenConverter;
  readonly sink: TurnSink;
  /** Whether the caller's side takes PARTIAL messages. */
  readonly allowPartial: boolean;
  readonly cancellation: Cancellation<unknown>;
  /** Called at the first sound. */
  readonly onFirstSound: () => void;
}

/** Creates the reply to one input of `conversation`. */
export function createReply(deps: ReplyDeps, conversation: Conversation): Reply {
  const { agent, playback } = conversation;
  const { clock, sink, cancellation } = deps;
  const writer = createPromptWriter(agent.playback, { clock, sink, playback, cancellation });
  let listen = agent.listen;
  let ending: Ending | undefined;
  let hasSpoken = false;
  let outputs = 0;
  const events: OutputEvent[] = [];

  /** Made for a bot whose sound must be converted. */
  let stream: SoundStream | undefined;

  const speak = (
    audio: Uint8Array,
    bargeIn: BargeIn | undefined,
    text: string,
  ): Promise<void> | undefined => {
    if (audio.length === 0) return undefined;
    if (!hasSpoken) deps.onFirstSound();
    hasSpoken = true;
    const by: BargeInBy = ending === undefined ? toBargeInBy(bargeIn, agent.bargeIn.by) : 'none';
    playback.speaking(text, audio.length);
    return writer.add(audio, by);
  };
  const endStream = (): Promise<void> | undefined => {
    const rest = stream?.end();
    return rest && speak(rest.audio, rest.bargeIn, '');
  };
  const say = async ({ text, bargeIn }: Extract<BotOutput, { type: 'say' }>): Promise<void> => {
    await endStream();
    if (typeof text !== 'string')
      throw new GatewayError('ERR_HANDLER_OUTPUT', 'text of the bot is not a string');
    const spoken = deps.synthesiser.synthesise(text, cancellation.signal);
    await speak(await cancellation.wait(spoken), bargeIn, text);
  };
  const play = (output: Extract<BotOutput, { type: 'audio' }>): Promise<void> | undefined => {
    const { format, text = '', bargeIn } = output;
    if (format === undefined && stream === undefined)
      return speak(assertSound(output.audio), bargeIn, text);
    return convert(output);
  };
  const convert = async (output: Extract<BotOutput, { type: 'audio' }>): Promise<void> => {
    const { format, text = '', bargeIn } = output;
    stream ??= createSoundStream(deps.openConverter);
    if (!stream.isOf(format)) await endStream();
    await speak(stream.convert(output.audio, format, bargeIn), bargeIn, text);
  };
  const sendFinal = (prompts: readonly Prompt[], settings: ListenSettings): void => {
    const isLast = ending !== undefined;
    conversation.listen = settings;
    const event = events.pop();
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
  };
  const sendClosing = (prompts: readonly Prompt[]): ReplyOutcome => {
    // A writer that had to wait may find the answer called off.
    cancellation.throwIfCancelled();
    if (ending !== undefined) events.push(toEvent(ending));
    for (const event of events.splice(0, events.length - 1)) sink.write(eventOnly(event));
    // The last words cannot be interrupted, though the ending may have been yielded after them.
    const isLast = ending !== undefined;
    sendFinal(isLast ? prompts.map((prompt) => ({ ...prompt, bargeIn: false })) : prompts, listen);
    return outcomeOf(ending);
  };
  return {
    perform(output) {
      outputs += 1;
      if (outputs > MAX_OUTPUTS)
        throw new GatewayError('ERR_HANDLER_OUTPUT', 'the answer has too many parts');
      switch (output.type) {
        case 'say':
          return say(output);
        case 'audio':
          return play(output);
        case 'listen':
          listen = compileListenSettings(output.settings, agent.listen);
          return undefined;
        case 'custom-event':
          if (events.length === MAX_EVENTS)
            throw new GatewayError('ERR_HANDLER_OUTPUT', 'too many events in one answer');
          events.push({ type: 'custom-event', name: output.name, metadata: output.metadata });
          return undefined;
        case 'transfer':
        case 'end':
        case 'give-up':
          ending = output;
          return undefined;
        case 'transcript':
          conversation.transcript = output.transcript ?? conversation.transcript;
          conversation.summary = output.summary ?? conversation.summary;
          return undefined;
        default:
          output satisfies never;
          throw new GatewayError('ERR_HANDLER_OUTPUT', 'the bot yielded something unknown');
      }
    },
    close() {
      const ended = endStream();
      const prompts = ended === undefined ? writer.finish() : ended.then(() => writer.finish());
      return prompts instanceof Promise ? prompts.then(sendClosing) : sendClosing(prompts);
    },
    cutShort() {
      stream?.close();
      ending = undefined;
      events.length = 0;
      sendFinal(writer.discard(), conversation.listen);
    },
    async fill(audio) {
      if (hasSpoken) return false;
      if (agent.playback === 'chunk') {
        await writer.add(audio, agent.bargeIn.by);
        return true;
      }
      if (!deps.allowPartial) return false;
      playback.sent(audio, agent.bargeIn.by);
      sink.write(partial(wavPromptOf(audio, agent.bargeIn.by !== 'none')));
      return true;
    },
    async resume(sounds) {
      for (const { audio, by } of sounds) await writer.add(audio, by);
    },
    async fallBack(audio, last) {
      stream?.close();
      writer.discard();
      ending = last;
      events.length = 0;
      if (last !== undefined) events.push(toEvent(last));
      const fallback = createPromptWriter(agent.playback, {
        clock,
        sink,
        playback,
        cancellation: undefined,
      });
      await fallback.add(audio, last === undefined ? agent.bargeIn.by : 'none');
      sendFinal(await fallback.finish(), agent.listen);
      return outcomeOf(last);
    },
    isInterruptible: (by) =>
      ending === undefined && allows(writer.lastBargeIn() ?? agent.bargeIn.by, by),
  };
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
