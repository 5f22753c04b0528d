import { once } from 'node:events';

import { AbortError, abortable } from '../../core/abort.ts';
import { runInBackground } from '../../core/background.ts';
import type { Clock } from '../../core/clock.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { createWatch } from '../vendor/patience.ts';
import { toDialogflowError } from './dialogflow-error.ts';
import { toAudioRequest } from './dialogflow-request.ts';
import type {
  DetectIntentResponse,
  DialogflowCall,
  DialogflowClient,
  DialogflowRequest,
  DialogflowResponse,
} from './dialogflow-sdk.ts';

/** How long the service may take to close a stream after the end of its answer. */
const GOODBYE_MS = 1000;

/** What a stream runs with. */
export interface DialogflowStreamDeps {
  readonly client: DialogflowClient;
  readonly clock: Clock;
}

/** What a stream is for. */
export interface DialogflowStreamPlan {
  readonly first: DialogflowRequest;
  /** What the caller says, when the first request is about sound. */
  readonly audio: AsyncIterable<Uint8Array> | undefined;
  /** Sound of this stream, in bytes of µ-law. */
  readonly maxAudioBytes: number;
  /** Longest wait for a part of the answer once the caller has finished, in milliseconds. */
  readonly answerTimeoutMs: number;
}

/** One stream of `StreamingDetectIntent`. */
export interface DialogflowStream {
  /**
   * Waits for the next part of the answer.
   *
   * @returns `'rotate'` when the stream is full and nothing was understood yet: the utterance goes on in another; what of
   * `audio` was not sent is still to be read from it.
   * @throws {AbortError} When the stream was cut.
   * @throws {GatewayError} `ERR_HANDLER_TIMEOUT` after `answerTimeoutMs`; `ERR_HANDLER_FAILED` with the vendor's code.
   */
  next(): Promise<DetectIntentResponse | 'rotate'>;
  /** Ends the stream in order and waits for nothing; it is cut when the service does not close it within a second. */
  end(): void;
  /** Cuts the stream. */
  abort(): void;
}

/** Opens a stream, sends what is known and then what the caller says. `signal` cuts it at once. */
export function openDialogflowStream(
  { first, audio, maxAudioBytes, answerTimeoutMs }: DialogflowStreamPlan,
  { client, clock }: DialogflowStreamDeps,
  signal: AbortSignal,
): DialogflowStream {
  const call = client.streamingDetectIntent();
  const responses: AsyncIterator<DialogflowResponse> = call[Symbol.asyncIterator]();
  const cutting = new AbortController();
  const stopAudio = new AbortController();
  const rotating = deferRotation();
  let hasHeard = false;
  let hasInputEnded = false;

  // Whoever reads gets it as well; nobody may be reading.
  call.on('error', () => undefined);
  const endInput = (): void => {
    hasInputEnded = true;
    stopAudio.abort();
    call.end();
  };
  const cut = (): void => {
    cutting.abort();
    stopAudio.abort();
    call.cancel();
    call.destroy();
  };
  signal.addEventListener('abort', cut, { once: true });

  async function send(source: AsyncIterable<Uint8Array>): Promise<void> {
    const pieces = source[Symbol.asyncIterator]();
    for (let bytes = 0; bytes < maxAudioBytes;) {
      const { done, value } = await abortable(pieces.next(), stopAudio.signal);
      if (done === true) {
        endInput();
        return;
      }
      bytes += value.length;
      await write(call, toAudioRequest(value, first), stopAudio.signal);
    }
    if (hasHeard) endInput();
    else rotating.resolve('rotate');
  }
  function start(): void {
    if (signal.aborted) {
      cut();
      return;
    }
    call.write(first);
    if (audio === undefined) endInput();
    // It fails when it is stopped, or with the stream, and then so does reading.
    else
      runInBackground(
        async () => send(audio),
        () => undefined,
      );
  }
  async function read(): Promise<DetectIntentResponse | 'rotate'> {
    for (;;) {
      const { done, value } = await responses.next();
      if (done === true)
        throw new GatewayError('ERR_HANDLER_FAILED', 'Dialogflow CX ended without an answer');
      const { recognitionResult: result, detectIntentResponse: answer } = value;
      if (answer) return answer;
      if (result?.messageType === 'END_OF_SINGLE_UTTERANCE') endInput();
      if (result?.transcript) hasHeard = true;
    }
  }
  start();
  return {
    async next() {
      const watch = createWatch(clock, () => hasInputEnded, answerTimeoutMs);
      try {
        const coming = Promise.race([read(), rotating.promise, watch.late]);
        const next = await abortable(coming, cutting.signal);
        if (next !== 'late') return next;
        throw new GatewayError('ERR_HANDLER_TIMEOUT', 'Dialogflow CX did not answer in time');
      } catch (error) {
        if (cutting.signal.aborted) throw new AbortError(signal.reason);
        throw toDialogflowError(error);
      } finally {
        watch.cancel();
      }
    },
    end() {
      signal.removeEventListener('abort', cut);
      endInput();
      const patience = clock.setTimer(GOODBYE_MS, cut);
      const drain = async (): Promise<void> => {
        try {
          while ((await responses.next()).done !== true);
        } finally {
          patience.cancel();
        }
      };
      // What goes wrong after the answer is nobody's concern.
      runInBackground(drain, () => undefined);
    },
    abort() {
      signal.removeEventListener('abort', cut);
      cut();
    },
  };
}

async function write(
  call: DialogflowCall,
  request: DialogflowRequest,
  signal: AbortSignal,
): Promise<void> {
  if (!call.write(request)) await once(call, 'drain', { signal });
}

interface Rotation {
  readonly promise: Promise<'rotate'>;
  readonly resolve: (word: 'rotate') => void;
}

function deferRotation(): Rotation {
  let resolve = (_word: 'rotate'): void => undefined;
  const promise = new Promise<'rotate'>((settle) => {
    resolve = settle;
  });
  return { promise, resolve: (word) => resolve(word) };
}
