import { TELEPHONE_BYTES_PER_MS } from '../../src/audio/audio-format.ts';
import type {
  RecognitionRequest,
  SpeechRecogniser,
} from '../../src/conversation/speech-recogniser.ts';
import { AbortError, abortable } from '../../src/core/abort.ts';
import type { Clock } from '../../src/core/clock.ts';
import { GatewayError } from '../../src/core/gateway-error.ts';

/** What becomes of one utterance. */
export type ScriptedUtterance =
  | {
      readonly type: 'says';
      readonly text: string;
      readonly confidence?: number;
      /** Told while the caller speaks, one for each 100 ms, and the rest at the end. */
      readonly partials?: readonly string[];
      /** From the end of the sound to the text. */
      readonly delayMs?: number;
    }
  /** Never gives a text. */
  | { readonly type: 'hangs' }
  /** As an engine does that breaks down, at the end of the sound. */
  | { readonly type: 'fails' };

/** An utterance that was listened to. */
export interface ScriptedHearing {
  readonly request: RecognitionRequest;
  readonly audio: Uint8Array;
  readonly durationMs: number;
  /** 0 for the first. */
  readonly index: number;
}

/** By order, the last one again and again; or by what was heard, such as its duration. */
export type RecogniserScript =
  | readonly ScriptedUtterance[]
  | ((heard: ScriptedHearing) => ScriptedUtterance);

/** A recogniser that understands what a test says it does, from sound of any kind. */
export interface ScriptedRecogniser extends SpeechRecogniser {
  /** Utterances whose sound has ended. */
  readonly heard: readonly ScriptedHearing[];
  /** Utterances under way, from their first sound to their text. */
  readonly underWay: () => number;
}

const PARTIAL_MS = 100;
const HANGS: ScriptedUtterance = { type: 'hangs' };

/** A script by duration: the first entry that is at least as long as the utterance; the last one takes what is longer. */
export function byDuration(
  entries: readonly { readonly upToMs: number; readonly utterance: ScriptedUtterance }[],
): RecogniserScript {
  return ({ durationMs }) =>
    (entries.find(({ upToMs }) => durationMs <= upToMs) ?? entries.at(-1))?.utterance ?? HANGS;
}

/** Creates the test double of a streaming recogniser. */
export function createScriptedRecogniser(
  script: RecogniserScript,
  deps: { readonly clock: Clock; readonly onPartial?: (text: string) => void },
): ScriptedRecogniser {
  const heard: ScriptedHearing[] = [];
  const closing = new AbortController();
  let begun = 0;
  let underWay = 0;

  async function listen(
    audio: AsyncIterable<Uint8Array>,
    request: RecognitionRequest,
    index: number,
    isOver: () => boolean,
  ) {
    const known = typeof script === 'function' ? undefined : (script[index] ?? script.at(-1));
    const pieces: Uint8Array[] = [];
    let durationMs = 0;
    let told = 0;
    const tell = (partials: readonly string[] = []): void => {
      for (; told < partials.length; told++) {
        if (known !== undefined && !hasEnded && durationMs < (told + 1) * PARTIAL_MS) return;
        deps.onPartial?.(partials[told] ?? '');
      }
    };
    let hasEnded = false;
    for await (const piece of audio) {
      if (isOver()) break;
      pieces.push(Uint8Array.from(piece));
      durationMs += piece.length / TELEPHONE_BYTES_PER_MS;
      if (known?.type === 'says') tell(known.partials);
    }
    hasEnded = true;
    const hearing = { request, audio: Buffer.concat(pieces), durationMs, index };
    if (!isOver()) heard.push(hearing);
    const utterance = (typeof script === 'function' ? script(hearing) : known) ?? HANGS;
    if (utterance.type === 'fails')
      throw new GatewayError('ERR_SPEECH_FAILED', 'speech was not recognised: scripted');
    const { delayMs = 0 } = utterance.type === 'says' ? utterance : {};
    await new Promise<void>((resolve) => {
      if (utterance.type === 'hangs') return;
      tell(utterance.partials);
      if (delayMs === 0) resolve();
      else deps.clock.setTimer(delayMs, resolve);
    });
    const { text, confidence } = utterance.type === 'says' ? utterance : { text: '' };
    return durationMs === 0 ? { text: '', confidence: undefined } : { text, confidence };
  }

  return {
    name: 'scripted',
    heard,
    underWay: () => underWay,
    async recognise(audio, request, signal) {
      if (signal.aborted) throw new AbortError(signal.reason);
      const until = AbortSignal.any([signal, closing.signal]);
      underWay++;
      try {
        return await abortable(
          listen(audio, request, begun++, () => until.aborted),
          until,
        );
      } catch (error) {
        if (!closing.signal.aborted) throw error;
        throw new GatewayError('ERR_SPEECH_FAILED', 'speech was not recognised: closed');
      } finally {
        underWay--;
      }
    },
    async close() {
      closing.abort();
    },
  };
}
