import { TELEPHONE_BYTES_PER_MS } from '../../audio/audio-format.ts';
import type { Recognition, RecognitionRequest } from '../../conversation/speech-recogniser.ts';
import { AbortError } from '../../core/abort.ts';
import { runInBackground } from '../../core/background.ts';
import type { Clock, Timer } from '../../core/clock.ts';
import { createFrameBatcher } from './frame-batcher.ts';
import type { SocketOptions } from './recogniser-options.ts';
import type { SpeechDialect } from './speech-dialect.ts';
import { speechFailure } from './speech-failure.ts';
import { createTextCollector } from './text-collector.ts';
import { type UtteranceSocket, openUtteranceSocket } from './utterance-socket.ts';

/** What an utterance is heard with. */
export interface UtteranceContext {
  readonly dialect: SpeechDialect;
  readonly request: RecognitionRequest;
  readonly options: SocketOptions;
  readonly clock: Clock;
  readonly ca: string | undefined;
  /** Holds the connection for as long as there is something left of it. */
  readonly sockets: Set<UtteranceSocket>;
  /** Learns when the sound ended, on the clock. */
  readonly times: { endedAt?: number };
}

/** What was understood. */
export interface Heard {
  readonly recognition: Recognition;
  /** The final text was late, and this is the last guess. */
  readonly isGuess: boolean;
}

/** A message holds 100 ms: a packet less often than the line gives frames, and no vendor wants less. */
const MESSAGE_BYTES = 100 * TELEPHONE_BYTES_PER_MS;

/**
 * Sends one utterance while it is spoken, and waits for its text. Sound that never comes opens no connection.
 *
 * @throws {AbortError} When `signal` fires; the connection is dropped at once.
 * @throws {GatewayError} `ERR_SPEECH_FAILED`.
 */
export function hearUtterance(
  audio: AsyncIterable<Uint8Array>,
  context: UtteranceContext,
  signal: AbortSignal,
): Promise<Heard> {
  const { dialect, options, clock, times } = context;
  const text = createTextCollector();
  const progress = { soundMessages: 0, answers: 0, hasEnded: false };
  const reader = audio[Symbol.asyncIterator]();
  let socket: UtteranceSocket | undefined;
  let timer: Timer | undefined;
  let isOver = false;

  return new Promise((resolve, reject) => {
    const settle = (): boolean => {
      if (isOver) return false;
      isOver = true;
      timer?.cancel();
      signal.removeEventListener('abort', onAbort);
      // Not waited for: a generator that waits for its next piece cannot return before it has one.
      runInBackground(
        async () => void (await reader.return?.()),
        () => undefined,
      );
      return true;
    };
    const finish = (recognition: Recognition, isGuess = false): void => {
      if (!settle()) return;
      socket?.close();
      resolve({ recognition, isGuess });
    };
    const fail = (error: unknown): void => {
      if (!settle()) return;
      socket?.drop();
      reject(error);
    };
    const onAbort = (): void => fail(new AbortError(signal.reason));
    const onLate = (): void => {
      const guess = options.whenLate === 'guess' ? text.guessed() : undefined;
      if (guess === undefined) fail(speechFailure('late'));
      else finish(guess, true);
    };
    const open = (): UtteranceSocket => {
      const opened = openUtteranceSocket(
        {
          ...dialect.target(context.request),
          ca: context.ca,
          connectTimeoutMs: options.connectTimeoutSeconds * 1000,
        },
        {
          message(json) {
            progress.answers++;
            if (dialect.hear(json, text, progress)) finish(text.recognition());
          },
          ended() {
            if (progress.hasEnded) finish(text.recognition());
            else fail(speechFailure('hung-up'));
          },
          failed: fail,
        },
        clock,
      );
      context.sockets.add(opened);
      void opened.gone.then(() => context.sockets.delete(opened));
      for (const message of dialect.opening) opened.send(message);
      return opened;
    };
    const batcher = createFrameBatcher(MESSAGE_BYTES, (mulaw) => {
      progress.soundMessages++;
      socket?.send(dialect.encode(mulaw));
    });
    const listen = async (): Promise<void> => {
      let roomBytes = options.maxUtteranceSeconds * 1000 * TELEPHONE_BYTES_PER_MS;
      while (roomBytes > 0) {
        const next = await reader.next();
        if (isOver) return;
        if (next.done === true) break;
        const piece = next.value.subarray(0, roomBytes);
        if (piece.length === 0) continue;
        socket ??= open();
        batcher.push(piece);
        roomBytes -= piece.length;
      }
      times.endedAt = clock.now();
      if (socket === undefined) return finish(text.recognition());
      batcher.flush();
      progress.hasEnded = true;
      for (const message of dialect.ending) socket.send(message);
      timer = clock.setTimer(options.resultTimeoutSeconds * 1000, onLate);
    };

    signal.addEventListener('abort', onAbort, { once: true });
    runInBackground(listen, fail);
  });
}
