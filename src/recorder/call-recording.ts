import { AUDIO_CODECS } from '../audio/audio-codec.ts';
import { type AudioFormat, FRAME_MS, TELEPHONE_FORMAT } from '../audio/audio-format.ts';
import type { CallEvent } from '../conversation/call-observer.ts';
import type { CallerInput, TurnMessage } from '../conversation/caller-input.ts';
import type { Conversation } from '../conversation/conversation.ts';
import type { TurnOutput } from '../conversation/turn-output.ts';
import type { Clock } from '../core/clock.ts';
import { createPacketRun } from './packets.ts';
import type { Deed, RecordingEntry } from './recording-format.ts';
import { codeOf, redactDigits, redactMoment, redactOutput } from './redact.ts';

/** Packets in one line: a second of sound. */
const RUN_PACKETS = 50;

/** Takes down what happens in one call, in the order in which it happens. */
export interface CallRecording {
  /** Now, in milliseconds since the start of the call. */
  now(): number;
  /** An RPC of the call brought its first message. @returns Its number. */
  openRpc(allowPartial: boolean): number;
  /** The turn is about to take a message; {@link messageTaken} follows. */
  messageCame(rpc: number, message: TurnMessage): void;
  messageTaken(error: unknown): void;
  halfClosed(rpc: number): void;
  closed(rpc: number): void;
  /** @param isFull There is no room for more. */
  wrote(rpc: number, output: TurnOutput, isFull: boolean): void;
  /** There is room again. */
  hadRoom(rpc: number, tookMs: number): void;
  /** The RPC was completed, or failed with `error`. */
  ended(rpc: number, error?: { readonly error: unknown }): void;
  moment(moment: CallEvent): void;
  /** What the detector took the next 20 ms for. */
  frame(isSpeech: boolean): void;
  /** The sound of a key is on the line; `key`: it was found just now. */
  keySound(key: string | undefined): void;
  botDid(turn: number, tookMs: number, deed: Deed): void;
  /** What the bot said sounds that long; `undefined`: it could not be spoken. */
  sounded(turn: number, index: number, tookMs: number, bytes: number | undefined): void;
}

/** What a recording works with. */
export interface CallRecordingDeps {
  readonly clock: Clock;
  readonly write: (entry: RecordingEntry) => void;
}

/** Creates the recording of a call that begins now. */
export function createCallRecording(
  conversation: Conversation,
  { clock, write }: CallRecordingDeps,
): CallRecording {
  const startedAtMs = conversation.startedAtMs;
  const run = createPacketRun();
  let lastAt = 0;
  let rpcs = 0;
  let runRpc = 0;
  let packet: { readonly at: number; readonly rpc: number; letters: string } | undefined;
  /** What a packet brings about stands behind it. */
  const brought: RecordingEntry[] = [];
  let format: AudioFormat = TELEPHONE_FORMAT;
  /** Sound that nobody listened to and that makes no whole frame yet. */
  let owedMs = 0;
  let keySound: string | undefined;
  /** Confidential keys: written down when they are complete, as if they had come all at once. */
  let hidden: { readonly rpc: number } | undefined;
  /** The bot has asked for confidential input, and may not have finished asking. */
  let asksForSecret = false;
  /** What is being said was confidential when it began. */
  let saysSecret = false;

  // A clock that was set back must not make a recording that goes back.
  const now = (): number =>
    (lastAt = Math.max(lastAt, Math.round((clock.now() - startedAtMs) * 10) / 10));
  const isSensitive = (): boolean => conversation.isSensitive || asksForSecret || saysSecret;
  const writeRun = (): void => {
    const taken = run.take();
    if (taken !== undefined) write({ type: 'audio', rpc: runRpc, ...taken });
  };
  const add = (entry: RecordingEntry): void => {
    if (packet !== undefined) return void brought.push(entry);
    writeRun();
    write(entry);
  };
  const addInput = (rpc: number, message: TurnMessage): void => {
    const { call } = conversation;
    const { conversationId, organisationId, agentId, input } = message;
    const odd =
      conversationId !== call.conversationId
        ? 'conversation'
        : organisationId !== '' && organisationId.toLowerCase() !== call.organisationId
          ? 'organisation'
          : agentId !== '' && agentId !== call.agentId
            ? 'agent'
            : undefined;
    if (input.type === 'audio') {
      if (run.size() > 0 && runRpc !== rpc) writeRun();
      runRpc = rpc;
      packet = { at: Math.round(now()), rpc, letters: '' };
      return;
    }
    if (input.type === 'digits' && isSensitive()) {
      hidden ??= { rpc };
      return;
    }
    add({
      type: 'in',
      at: now(),
      rpc,
      input: input.type,
      digits:
        input.type === 'digits'
          ? redactDigits(input.digits, conversation.listen.digits?.terminator)
          : undefined,
      odd,
    });
  };
  const soundMs = (input: Extract<CallerInput, { readonly type: 'audio' }>): number => {
    format = {
      encoding: input.encoding ?? format.encoding,
      sampleRateHz: input.sampleRateHz === 0 ? format.sampleRateHz : input.sampleRateHz,
    };
    const { bytesPerSample } = AUDIO_CODECS[format.encoding];
    return (input.audio.length * 1_000) / (bytesPerSample * format.sampleRateHz);
  };
  const mark = (letter: string): void => {
    if (packet !== undefined) packet.letters += letter;
  };
  const endPacket = (error: unknown): void => {
    if (packet === undefined) return;
    const { at, rpc, letters } = packet;
    packet = undefined;
    const isRefused = codeOf(error) === 'ERR_PROTOCOL_AUDIO_FORMAT';
    let unheard = '';
    if (letters !== '') owedMs = 0;
    for (; owedMs >= FRAME_MS; owedMs -= FRAME_MS) unheard += '?';
    run.add({ at, letters: (letters || unheard) + (isRefused ? '!' : '') });
    runRpc = rpc;
    if (brought.length > 0 || run.size() >= RUN_PACKETS) writeRun();
    for (const entry of brought.splice(0)) write(entry);
  };
  /** The moment at which keys were complete that must not be told. */
  const revealKeys = (input: string): void => {
    if (hidden === undefined || (input !== 'digits' && input !== 'no-input')) return;
    const { rpc } = hidden;
    hidden = undefined;
    const digits = input === 'no-input' ? '' : undefined;
    add({ type: 'in', at: now(), rpc, input: 'digits', digits });
  };

  return {
    now,
    openRpc(allowPartial) {
      rpcs += 1;
      add({ type: 'rpc', at: now(), rpc: rpcs, allowPartial });
      return rpcs;
    },
    messageCame(rpc, message) {
      addInput(rpc, message);
      if (message.input.type === 'audio') owedMs += soundMs(message.input);
    },
    messageTaken: endPacket,
    halfClosed: (rpc) => add({ type: 'half-close', at: now(), rpc }),
    closed(rpc) {
      if (hidden?.rpc === rpc) hidden = undefined;
      add({ type: 'closed', at: now(), rpc });
    },
    wrote: (rpc, output, isFull) =>
      add({ ...redactOutput(output, { at: now(), rpc }), ...(isFull && { isFull }) }),
    hadRoom: (rpc, tookMs) => add({ type: 'room', at: now(), rpc, tookMs: Math.max(0, tookMs) }),
    ended: (rpc, failure) =>
      add({
        type: 'end',
        at: now(),
        rpc,
        code: failure === undefined ? 'OK' : (codeOf(failure.error) ?? 'UNKNOWN'),
      }),
    moment(moment) {
      const isSecret = isSensitive();
      if (moment.type === 'speech-started' && isSecret) {
        mark('<');
        saysSecret = true;
      }
      if (moment.type === 'speech-ended' && isSecret) {
        mark(moment.speechMs < conversation.agent.bargeIn.minSpeechMs ? '~' : '>');
        saysSecret = false;
      }
      if (moment.type === 'asked') {
        revealKeys(moment.input);
        asksForSecret = false;
      }
      add({ type: 'moment', at: now(), moment: redactMoment(moment, isSecret) });
    },
    frame(isSpeech) {
      if (isSensitive()) mark('_');
      else mark(keySound ?? (isSpeech ? 's' : '.'));
      keySound = undefined;
    },
    keySound(key) {
      if (isSensitive()) {
        if (key !== undefined && packet !== undefined) hidden ??= { rpc: packet.rpc };
        return;
      }
      if (key === undefined) keySound = 'd';
      else keySound = redactDigits(key, conversation.listen.digits?.terminator).replace(/\d/u, 'k');
    },
    botDid(turn, tookMs, deed) {
      if (deed.kind === 'listen' && deed.settings.sensitive === true) asksForSecret = true;
      add({ type: 'bot', at: now(), turn, tookMs: Math.max(0, tookMs), deed });
    },
    sounded: (turn, index, tookMs, bytes) =>
      add({ type: 'sound', at: now(), turn, index, tookMs: Math.max(0, tookMs), bytes }),
  };
}
