import { abortable } from '../core/abort.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { BotOutput } from '../handlers/bot-handler.ts';
import type { ListenSettings } from '../handlers/listen-settings.ts';
import type { Conversation } from './conversation.ts';
import { compileListenSettings } from './listening.ts';
import { createPromptWriter } from './prompt-writer.ts';
import type { SpeechSynthesiser } from './speech-synthesiser.ts';
import { type OutputEvent, type Prompt, eventOnly, final } from './turn-output.ts';
import type { TurnSink } from './turn-sink.ts';

/** Most custom events of one answer. */
const MAX_EVENTS = 16;
/**
 * Most things one answer does: ten minutes of sound in pieces of 12 ms, which still fit into one WAV answer with their
 * headers. A bot that yields for ever what makes no sound would keep everybody else from the processor.
 */
const MAX_OUTPUTS = 50_000;

type Ending = Extract<BotOutput, { readonly type: 'transfer' | 'end' | 'give-up' }>;

/** How a reply left the call. */
type ReplyOutcome = 'goes-on' | 'transferred' | 'ended';

/** The messages of one answer, built from what the bot yields so that no bot can break the contract. */
export interface Reply {
  /**
   * Does what the bot asks, in order.
   *
   * @throws {GatewayError} `ERR_HANDLER_OUTPUT` when the bot yields what it must not; `ERR_SPEECH_FAILED`.
   */
  perform(output: BotOutput): Promise<void>;
  /** Sends the closing answer. */
  close(): Promise<ReplyOutcome>;
  /** Sends the closing answer of a reply that the caller cut short. */
  cutShort(): void;
  /** Sends a spoken apology instead of what is missing, and closes. */
  apologise(): Promise<void>;
  isInterruptible(): boolean;
}

/** What a reply is built with. */
export interface ReplyDeps {
  readonly synthesiser: SpeechSynthesiser;
  readonly sink: TurnSink;
  /** Fires when the answer is called off. */
  readonly signal: AbortSignal;
  /** Called at the first sound. */
  readonly onFirstSound: () => void;
}

/** Creates the reply to one input of `conversation`. */
export function createReply(deps: ReplyDeps, conversation: Conversation): Reply {
  const { agent, playback } = conversation;
  const { sink, signal } = deps;
  const writer = createPromptWriter(agent.playback, { sink, playback, signal });
  let listen = agent.listen;
  let ending: Ending | undefined;
  let hasSpoken = false;
  let outputs = 0;
  const events: OutputEvent[] = [];

  const speak = async (audio: Uint8Array, bargeIn: boolean | undefined): Promise<void> => {
    if (!hasSpoken) deps.onFirstSound();
    hasSpoken = true;
    await writer.add(audio, ending === undefined && (bargeIn ?? agent.bargeIn));
  };
  const sendFinal = (prompts: readonly Prompt[], settings: ListenSettings): void => {
    const isLast = ending !== undefined;
    conversation.listen = settings;
    sink.write(
      final({
        prompts,
        event: events.pop(),
        listen: isLast ? undefined : settings,
        transcript: isLast ? conversation.transcript : undefined,
        summary: isLast ? conversation.summary : undefined,
      }),
    );
    sink.complete();
  };
  return {
    async perform(output) {
      outputs += 1;
      if (outputs > MAX_OUTPUTS)
        throw new GatewayError('ERR_HANDLER_OUTPUT', 'the answer has too many parts');
      switch (output.type) {
        case 'say':
          return speak(await synthesise(deps, output.text), output.bargeIn);
        case 'audio':
          return speak(assertAudio(output.audio), output.bargeIn);
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
    async close() {
      const prompts = await writer.finish();
      if (ending !== undefined) events.push(toEvent(ending));
      for (const event of events.splice(0, events.length - 1)) sink.write(eventOnly(event));
      sendFinal(prompts, listen);
      if (ending === undefined) return 'goes-on';
      return ending.type === 'transfer' ? 'transferred' : 'ended';
    },
    cutShort() {
      ending = undefined;
      events.length = 0;
      sendFinal(writer.discard(), conversation.listen);
    },
    async apologise() {
      ending = undefined;
      events.length = 0;
      const apology = createPromptWriter(agent.playback, { sink, playback, signal: NEVER });
      await apology.add(agent.apology, agent.bargeIn);
      sendFinal(await apology.finish(), agent.listen);
    },
    isInterruptible: () => ending === undefined && (writer.lastBargeIn() ?? agent.bargeIn),
  };
}

const NEVER = new AbortController().signal;
const RIFF = Buffer.from('RIFF');

async function synthesise(deps: ReplyDeps, text: unknown): Promise<Uint8Array> {
  if (typeof text !== 'string')
    throw new GatewayError('ERR_HANDLER_OUTPUT', 'text of the bot is not a string');
  return abortable(deps.synthesiser.synthesise(text, deps.signal), deps.signal);
}

function assertAudio(audio: unknown): Uint8Array {
  if (!(audio instanceof Uint8Array))
    throw new GatewayError('ERR_HANDLER_OUTPUT', 'audio of the bot is not a Uint8Array');
  // A header would be heard as a crackle, and what follows it is seldom µ-law.
  if (Buffer.from(audio.buffer, audio.byteOffset, Math.min(audio.length, 4)).equals(RIFF))
    throw new GatewayError('ERR_HANDLER_OUTPUT', 'audio of the bot is a WAV file, not raw µ-law');
  return audio;
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
