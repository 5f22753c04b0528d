import type { CallerAudio } from '../audio/caller-audio.ts';
import { FRAME_SAMPLES, TELEPHONE_BYTES_PER_MS, TELEPHONE_FORMAT } from '../audio/audio-format.ts';
import { type Endpointer, createEndpointer } from '../audio/endpointer.ts';
import { createSpeechCollector } from '../audio/speech-collector.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { Ear } from '../conversation/ear.ts';
import { GatewayError } from '../core/gateway-error.ts';

/** Sound before an utterance; it is silence here, so that its length is of no importance. */
const PRE_ROLL_MS = 300;

/** Ears that hear what was recorded, not what is in the packet. */
export interface ScriptedEars {
  /** What the next packet is taken for. */
  packet(letters: string): void;
  readonly openEar: (conversation: Conversation) => Ear;
}

/** What the frame that is being heard was taken for, and what follows from it where that must not be known. */
interface ScriptedFrame {
  letter: string;
  edge: string;
}

/** Creates the ears of one recorded call. */
export function createScriptedEars(): ScriptedEars {
  let letters = '';
  const frame: ScriptedFrame = { letter: '?', edge: '' };
  const pcm = new Int16Array(FRAME_SAMPLES);
  const callerAudio: CallerAudio = {
    push(_packet, _encoding, _sampleRateHz, onFrame) {
      for (const [, letter = '?', edge = ''] of letters.matchAll(/([^<>~!])([<>~]*)/gu)) {
        frame.letter = letter;
        frame.edge = edge;
        onFrame(pcm);
      }
      if (letters.includes('!')) throw new GatewayError('ERR_PROTOCOL_AUDIO_FORMAT', 'as recorded');
    },
    format: TELEPHONE_FORMAT,
    reset: () => undefined,
    close: () => undefined,
  };
  return {
    packet: (next) => void (letters = next),
    openEar({ agent: { bot, recogniser, endpointing, inBandDigits, listen } }) {
      const wantsSound = bot.hears !== undefined || recogniser !== undefined;
      const figure = listen.digits?.terminator === '0' ? '1' : '0';
      return new Ear({
        callerAudio,
        detector: {
          isSpeech: () => frame.letter === 's',
          reset: () => undefined,
          close: () => undefined,
        },
        keys: inBandDigits
          ? {
              push: () => (frame.letter === 'k' ? figure : /[*#A-D]/u.exec(frame.letter)?.[0]),
              get isKeyHeard() {
                return !'.s?_'.includes(frame.letter);
              },
            }
          : undefined,
        endpointer: obeyEdges(createEndpointer(endpointing), frame),
        maxStreamBytes: endpointing.maxSpeechMs * TELEPHONE_BYTES_PER_MS,
        collector: wantsSound
          ? createSpeechCollector({ preRollMs: PRE_ROLL_MS, maxMs: endpointing.maxSpeechMs })
          : undefined,
      });
    },
  };
}

/** Of confidential input it is known when it began and ended, and not what was heard in between. */
function obeyEdges(endpointer: Endpointer, frame: ScriptedFrame): Endpointer {
  /** Set while the utterance is one of which nothing is known, and until the next. */
  let toldMs: number | undefined;
  let isSpeaking = false;
  return {
    push(isSpeech) {
      if (frame.letter !== '_') {
        if (isSpeaking) return 'none';
        toldMs = undefined;
        return endpointer.push(isSpeech);
      }
      if (frame.edge === '<') {
        isSpeaking = true;
        toldMs = Number.MAX_SAFE_INTEGER;
        return 'speech-start';
      }
      if (frame.edge === '') return 'none';
      isSpeaking = false;
      endpointer.reset();
      toldMs = frame.edge.endsWith('~') ? 0 : Number.MAX_SAFE_INTEGER;
      return 'speech-end';
    },
    get isSpeaking() {
      return isSpeaking || endpointer.isSpeaking;
    },
    get speechMs() {
      return toldMs ?? endpointer.speechMs;
    },
    get onsetWindowMs() {
      return endpointer.onsetWindowMs;
    },
    reset(options) {
      isSpeaking = false;
      endpointer.reset(options);
    },
  };
}
