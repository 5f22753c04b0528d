import { AbortError, abortable } from '../../core/abort.ts';
import { runInBackground } from '../../core/background.ts';
import type { Clock } from '../../core/clock.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { createWatch, delay } from '../vendor/patience.ts';
import { type Rewindable, createRewindable } from '../vendor/rewindable.ts';
import { SILENCE } from './lex-input.ts';
import { retryDelayOf, toLexError } from './lex-error.ts';
import type {
  LexClient,
  LexConfiguration,
  LexInputEvent,
  LexOutputEvent,
  LexStreamRequest,
} from './lex-sdk.ts';

/** Silence goes out in the time that it lasts, in steps of this many milliseconds. */
const SILENCE_STEP_MS = 100;
const SILENCE_MS = 20;
/** Events that are kept to be sent again: two seconds of sound, longer than Lex takes to refuse a stream. */
const MAX_KEPT_EVENTS = 100;
const MAX_ATTEMPTS = 5;
/** How long Lex may take to close a stream that it was told is over. */
const GOODBYE_MS = 1000;

/** What a stream runs with. */
export interface LexStreamDeps {
  readonly client: LexClient;
  readonly clock: Clock;
}

/** What a stream is for. */
export interface LexStreamPlan {
  readonly target: Omit<LexStreamRequest, 'requestEventStream'>;
  readonly configuration: LexConfiguration;
  /** What the caller does; silence follows it. */
  readonly input: AsyncIterable<LexInputEvent>;
  /** Longest wait for an event once the caller has finished, in milliseconds. */
  readonly answerTimeoutMs: number;
}

/** One stream of `StartConversation`, for one input of the caller. */
export interface LexStream {
  /**
   * Waits for the next event.
   *
   * @param patienceMs When given, no longer than this.
   * @returns `undefined` when Lex has closed the stream, or patience is over.
   * @throws {AbortError} When the stream was closed or its signal fired.
   * @throws {GatewayError} `ERR_HANDLER_TIMEOUT` after `answerTimeoutMs`; `ERR_HANDLER_FAILED` with the vendor's code.
   */
  next(patienceMs?: number): Promise<LexOutputEvent | undefined>;
  /** Tells Lex that a prompt was heard, so that it goes on. */
  cue(): void;
  /** Says goodbye, and waits for nothing; the stream is cut when Lex does not close it within a second. */
  end(): void;
  /** Cuts the stream. */
  abort(): void;
}

/** Opens a stream; nothing is sent before `next` is called. `signal` cuts it at once. */
export function openLexStream(
  plan: LexStreamPlan,
  { client, clock }: LexStreamDeps,
  signal: AbortSignal,
): LexStream {
  const cutting = new AbortController();
  const input = createRewindable(plan.input, MAX_KEPT_EVENTS);
  let events: AsyncIterator<LexOutputEvent> | undefined;
  let stopInput = new AbortController();
  let hasInputEnded = false;
  let cues = 0;

  const cut = (): void => {
    cutting.abort();
    stopInput.abort();
    input.close();
  };
  signal.addEventListener('abort', cut, { once: true });
  if (signal.aborted) cut();

  const request = (stop: AbortSignal): AsyncIterable<LexInputEvent> =>
    requestEvents(plan.configuration, input, stop, {
      clock,
      onInputEnd: () => void (hasInputEnded = true),
      takeCues: () => {
        const taken = cues;
        cues = 0;
        return taken;
      },
    });
  async function open(): Promise<AsyncIterator<LexOutputEvent>> {
    for (let attempt = 1; ; attempt++) {
      stopInput = new AbortController();
      const requestEventStream = request(stopInput.signal);
      try {
        const opened = await client.startConversation(
          { ...plan.target, requestEventStream },
          cutting.signal,
        );
        input.forget();
        return opened[Symbol.asyncIterator]();
      } catch (error) {
        stopInput.abort();
        const delayMs = retryDelayOf(error);
        if (cutting.signal.aborted || delayMs === undefined) throw error;
        if (attempt === MAX_ATTEMPTS || !input.canRewind()) throw error;
        await delay(clock, delayMs, cutting.signal);
      }
    }
  }
  const advance = async (): Promise<IteratorResult<LexOutputEvent>> => {
    events ??= await open();
    return events.next();
  };
  // Asked for and not waited for, when patience ended before it came.
  let coming: Promise<IteratorResult<LexOutputEvent>> | undefined;

  return {
    async next(patienceMs) {
      coming ??= advance();
      const watch = createWatch(clock, () => hasInputEnded, patienceMs ?? plan.answerTimeoutMs);
      try {
        const result = await abortable(Promise.race([coming, watch.late]), cutting.signal);
        if (result === 'late') {
          if (patienceMs !== undefined) return undefined;
          throw new GatewayError('ERR_HANDLER_TIMEOUT', 'Lex did not answer in time');
        }
        coming = undefined;
        return result.done === true ? undefined : result.value;
      } catch (error) {
        if (cutting.signal.aborted) throw new AbortError(signal.reason);
        throw toLexError(error);
      } finally {
        watch.cancel();
      }
    },
    cue: () => void cues++,
    end() {
      signal.removeEventListener('abort', cut);
      stopInput.abort();
      input.close();
      const patience = clock.setTimer(GOODBYE_MS, () => cutting.abort());
      const read = async (): Promise<void> => {
        try {
          while ((await (coming ?? advance())).done !== true) coming = undefined;
        } finally {
          patience.cancel();
        }
      };
      // What goes wrong after the answer is nobody's concern.
      runInBackground(read, () => undefined);
    },
    abort() {
      signal.removeEventListener('abort', cut);
      coming?.catch(() => undefined);
      cut();
    },
  };
}

interface RequestDeps {
  readonly clock: Clock;
  readonly onInputEnd: () => void;
  readonly takeCues: () => number;
}

/** Configuration, input, silence until the stream is stopped, goodbye. */
async function* requestEvents(
  configuration: LexConfiguration,
  input: Rewindable<LexInputEvent>,
  stop: AbortSignal,
  { clock, onInputEnd, takeCues }: RequestDeps,
): AsyncGenerator<LexInputEvent> {
  yield { ConfigurationEvent: configuration };
  // Lex would wait for the end of a welcome before it listens, and the gateway plays that by itself.
  yield { PlaybackCompletionEvent: {} };
  const iterator = input.read()[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await abortable(iterator.next(), stop);
      if (done === true) break;
      yield value;
    }
    onInputEnd();
    for (;;) {
      for (let count = takeCues(); count > 0; count--) yield { PlaybackCompletionEvent: {} };
      for (let ms = 0; ms < SILENCE_STEP_MS; ms += SILENCE_MS) yield SILENCE;
      await delay(clock, SILENCE_STEP_MS, stop);
    }
  } catch (error) {
    if (!stop.aborted) throw error;
    yield { DisconnectionEvent: {} };
  }
}
