import { FRAME_MS, FRAME_SAMPLES } from '../audio/audio-format.ts';
import type { JsonObject } from '../core/json.ts';
import { answerKindOf, isGivingUp, isTerminal, outputEventOf } from './answer-kind.ts';
import type { AudioTrack } from './audio-track.ts';
import type { CallHappening, CallOutcome } from './call-event.ts';
import type { CompiledCallOptions } from './call-options.ts';
import type { CallTurn, CallTurns } from './call-turns.ts';
import { type Keypad, createKeypad } from './keypad.ts';
import { type NextInput, UNTOLD_INPUT, toNextInput } from './next-input.ts';
import type { Loudspeaker } from './loudspeaker.ts';
import type { Microphone, SpokenFrame } from './microphone.ts';
import { soundsOf } from './prompt-sound.ts';
import type { InputEventType, RequestWriter, WireResponse } from './wire-message.ts';

/** The parts of a call leg. */
export interface CallLegDeps {
  readonly options: Pick<CompiledCallOptions, 'audio' | 'format'>;
  readonly turns: CallTurns;
  readonly requests: RequestWriter;
  readonly speaker: Loudspeaker;
  readonly microphone: Microphone;
  /** Both sides of the recording, and what was heard without the pauses; absent when nothing is kept. */
  readonly tracks:
    | { readonly caller: AudioTrack; readonly bot: AudioTrack; readonly heard: AudioTrack }
    | undefined;
  readonly emit: (happening: CallHappening) => void;
  readonly nowMs: () => number;
  readonly fail: (reason: string) => void;
}

/** Audio that still follows END_OF_INPUT when barge-in is enabled: 200 ms. */
const TRAILING_FRAMES = 10;
const PROBE = new Uint8Array(3).fill(0xff);

/**
 * Webex's side of one call: which RPCs are open, what goes into them, what is played. It knows the flows and nothing of
 * what the caller has in mind; that is the script's.
 *
 * @see protocol.md section 2.3
 */
export interface CallLeg {
  /** Sends SESSION_START. */
  start(name: string, parameters: JsonObject): void;
  /** Lets 20 ms go by. */
  tick(): void;
  answered(turn: CallTurn, response: WireResponse): void;
  closed(turn: CallTurn): void;
  press(key: string): void;
  sendEvent(type: InputEventType, name?: string, parameters?: JsonObject): void;
  sendNoInput(): void;
  /** Cancels the open RPCs; the call goes on. */
  cancel(): void;
  hangUp(how: 'own-rpc' | 'open-rpc' | 'drop'): void;
  /** Nobody reacted to what the caller said. */
  giveUpSpeech(): void;
  /** The last answer is complete and was played, and the caller is listened to. */
  isReady(): boolean;
  /** Nothing of what the caller did waits to be sent. */
  hasSent(): boolean;
  /** A prompt is playing, and the caller may act, for what it is worth. */
  isOverPrompt(): boolean;
  /** Whether nothing moves until an answer comes. */
  isStuck(): boolean;
  takesVoice(): boolean;
  hasNoInputTimer(): boolean;
  /** How often the end of the caller's input was noticed. */
  inputsEnded(): number;
  noInputs(): number;
  ending(): Exclude<CallOutcome, 'failed'> | undefined;
}

/** Creates the leg of one call. */
export function createCallLeg(deps: CallLegDeps): CallLeg {
  const { turns, requests, speaker, microphone, tracks, emit } = deps;
  const { declare, configFirst, probe } = deps.options.audio;
  const frame = new Uint8Array(FRAME_SAMPLES);
  let next: NextInput = UNTOLD_INPUT;
  let audioTurn: CallTurn | undefined;
  let trailing: { readonly turn: CallTurn; frames: number } | undefined;
  let keypad: Keypad | undefined;
  /** The RPC of START_OF_DTMF, until it is over, and the digits that wait for that. */
  let firstKeyTurn: CallTurn | undefined;
  let lateDigits: string | undefined;
  let ending: Exclude<CallOutcome, 'failed'> | undefined;
  let isPlaying = false;
  let isSpeaking = false;
  let awaitsEndOfSpeech = false;
  let lastBargeIn = false;
  let idleMs = 0;
  let inputsEnded = 0;
  let noInputs = 0;

  const isAwaiting = (): boolean => trailing !== undefined || turns.isAwaiting();
  const closeAudio = (): void => {
    audioTurn?.halfClose();
    audioTurn = undefined;
    trailing?.turn.halfClose();
    trailing = undefined;
  };
  const sendEvent: CallLeg['sendEvent'] = (type, name, parameters) => {
    closeAudio();
    const turn = turns.open();
    turn.send(requests.event(type, name, parameters));
    turn.halfClose();
  };
  const sendNoInput = (): void => {
    noInputs += 1;
    idleMs = 0;
    sendEvent('NO_INPUT');
  };
  const cut = (): void => {
    const droppedMs = speaker.cut();
    if (droppedMs > 0) emit({ type: 'playback-cut', droppedMs });
  };
  const submit = (digits: string): void => {
    keypad = undefined;
    // The digits follow START_OF_DTMF, so its RPC is let finish; the server has nothing to say in it.
    if (firstKeyTurn !== undefined) {
      lateDigits = digits;
      return;
    }
    const turn = turns.open();
    turn.send(requests.digits(digits));
    turn.halfClose();
  };

  /** Whether the caller is listened to now: after the prompt, or over one that may be interrupted. */
  const mayListen = (): boolean => {
    if (ending !== undefined || keypad !== undefined || !next.voice) return false;
    if (speaker.state() === 'uninterruptible') return false;
    // Over a prompt the next RPC overlaps the one that still brings it; what it is to listen for must be known.
    return !isAwaiting() || (speaker.state() === 'interruptible' && next.isTold);
  };
  const openAudio = (wire: Uint8Array): CallTurn => {
    trailing?.turn.halfClose();
    trailing = undefined;
    awaitsEndOfSpeech = false;
    const turn = turns.open();
    const format = declare === 'never' ? undefined : deps.options.format;
    if (configFirst) turn.send(requests.audio(new Uint8Array(0), deps.options.format));
    if (probe) turn.send(requests.audio(PROBE, format));
    turn.send(requests.audio(wire, format));
    return turn;
  };
  const stream = ({ wire }: SpokenFrame): void => {
    const message = requests.audio(wire, declare === 'always' ? deps.options.format : undefined);
    if (trailing !== undefined) {
      trailing.turn.send(message);
      trailing.frames -= 1;
      if (trailing.frames === 0) {
        trailing.turn.halfClose();
        trailing = undefined;
      }
    }
    if (audioTurn === undefined) {
      if (!mayListen()) return;
      audioTurn = openAudio(wire);
    } else if (speaker.state() === 'uninterruptible') return;
    else audioTurn.send(message);
    awaitsEndOfSpeech ||= wire !== microphone.silence;
  };
  const notePlayback = (): void => {
    const wasPlaying = isPlaying;
    isPlaying = speaker.state() !== 'idle';
    if (isPlaying !== wasPlaying) emit({ type: isPlaying ? 'playback-started' : 'playback-ended' });
  };
  const noteSpeech = (): void => {
    const wasSpeaking = isSpeaking;
    isSpeaking = microphone.isSpeaking();
    if (isSpeaking === wasSpeaking) return;
    emit({ type: isSpeaking ? 'speech-started' : 'speech-ended' });
    if (!isSpeaking) audioTurn?.inputEnded(deps.nowMs());
  };
  const wait = (): void => {
    const digits = keypad?.wait(FRAME_MS);
    if (digits !== undefined) submit(digits);
    const isIdle = isReady() && !isSpeaking && !awaitsEndOfSpeech && !audioTurn?.hasStarted();
    idleMs = isIdle ? idleMs + FRAME_MS : 0;
    if (next.noInputTimeoutMs > 0 && idleMs >= next.noInputTimeoutMs) sendNoInput();
  };
  const isReady = (): boolean =>
    ending === undefined &&
    keypad === undefined &&
    !isAwaiting() &&
    speaker.state() === 'idle' &&
    (!next.voice || audioTurn !== undefined);

  const inputEnded = (turn: CallTurn): void => {
    inputsEnded += 1;
    awaitsEndOfSpeech = false;
    if (turn !== audioTurn) return;
    audioTurn = undefined;
    if (lastBargeIn) trailing = { turn, frames: TRAILING_FRAMES };
    else turn.halfClose();
  };
  const closing = (turn: CallTurn, response: WireResponse): void => {
    if (turn === audioTurn) inputsEnded += 1;
    if (turn === audioTurn || turn === trailing?.turn) closeAudio();
    if (isTerminal(response))
      ending ??= outputEventOf(response) === 'SESSION_END' ? 'ended-by-bot' : 'transferred';
    else if (isGivingUp(response)) ending ??= 'gave-up';
    else next = toNextInput(response, next);
    if (ending !== undefined || !next.voice) closeAudio();
  };

  return {
    start: (name, parameters) => sendEvent('SESSION_START', name, parameters),
    tick() {
      notePlayback();
      const heard = speaker.pull(frame);
      notePlayback();
      tracks?.bot.append(frame);
      tracks?.heard.append(frame.subarray(0, heard));
      noteSpeech();
      const spoken = microphone.next();
      tracks?.caller.append(spoken.heard);
      stream(spoken);
      wait();
    },
    answered(turn, response) {
      const event = outputEventOf(response);
      if (event === 'START_OF_INPUT') cut();
      if (event === 'END_OF_INPUT') inputEnded(turn);
      for (const { audio, bargeIn } of ending === 'hung-up' ? [] : soundsOf(response)) {
        if (!speaker.add(audio, bargeIn)) deps.fail('more than an hour of prompts is waiting');
        lastBargeIn = bargeIn;
      }
      if (answerKindOf(response) === 'closing') closing(turn, response);
    },
    closed(turn) {
      if (turn === firstKeyTurn) {
        firstKeyTurn = undefined;
        if (lateDigits !== undefined) submit(lateDigits);
        lateDigits = undefined;
      }
      if (turn === audioTurn) audioTurn = undefined;
      if (turn === trailing?.turn) trailing = undefined;
    },
    press(key) {
      emit({ type: 'key-pressed' });
      if (keypad === undefined) {
        const isOverInterruptible = speaker.state() === 'interruptible';
        const mayPress = ending === undefined && (isOverInterruptible || isReady());
        if (!mayPress || !next.keys) return emit({ type: 'key-ignored' });
        cut();
        keypad = createKeypad(next.digits);
        if (next.voice) {
          firstKeyTurn = audioTurn ?? turns.open();
          firstKeyTurn.send(requests.event('START_OF_DTMF'));
          firstKeyTurn.halfClose();
          closeAudio();
        }
      }
      const digits = keypad.press(key);
      if (digits !== undefined) submit(digits);
    },
    sendEvent,
    sendNoInput,
    cancel() {
      keypad = undefined;
      lateDigits = undefined;
      awaitsEndOfSpeech = false;
      turns.cancelAll();
    },
    hangUp(how) {
      ending ??= 'hung-up';
      lateDigits = undefined;
      if (how === 'drop') return turns.cancelAll();
      if (how === 'open-rpc' && audioTurn !== undefined) {
        audioTurn.send(requests.event('SESSION_END'));
        return closeAudio();
      }
      sendEvent('SESSION_END');
    },
    giveUpSpeech() {
      awaitsEndOfSpeech = false;
      emit({ type: 'speech-unheard' });
    },
    isReady,
    hasSent: () => keypad === undefined && lateDigits === undefined,
    isOverPrompt: () =>
      speaker.state() === 'uninterruptible' ||
      (speaker.state() === 'interruptible' && (!next.voice || audioTurn !== undefined)),
    isStuck: () =>
      audioTurn?.isFull() === true ||
      (turns.isAwaiting() && speaker.state() === 'idle' && !microphone.isSpeaking()),
    takesVoice: () => next.voice,
    hasNoInputTimer: () => next.noInputTimeoutMs > 0,
    inputsEnded: () => inputsEnded,
    noInputs: () => noInputs,
    ending: () => ending,
  };
}
