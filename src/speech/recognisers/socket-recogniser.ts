import type {
  Recognition,
  RecognitionRequest,
  SpeechRecogniser,
} from '../../conversation/speech-recogniser.ts';
import { AbortError } from '../../core/abort.ts';
import type { Clock } from '../../core/clock.ts';
import { isGatewayError } from '../../core/gateway-error.ts';
import { hearUtterance } from './hear-utterance.ts';
import type { RecognitionOutcome, RecognitionResult } from './recogniser-factory.ts';
import type { SocketOptions } from './recogniser-options.ts';
import type { SpeechDialect } from './speech-dialect.ts';
import { speechFailure } from './speech-failure.ts';
import type { UtteranceSocket } from './utterance-socket.ts';

/** What {@link createSocketRecogniser} needs. */
export interface SocketRecogniserDeps {
  readonly clock: Clock;
  readonly onResult?: (result: RecognitionResult) => void;
  /** PEM of the authorities to trust instead of the public ones. */
  readonly ca: string | undefined;
}

const NOTHING: Recognition = { text: '', confidence: undefined };

/**
 * Creates a recogniser that opens a WebSocket for each utterance, with its first sound.
 *
 * It retries nothing: by the time a fault shows, the caller waits for an answer. Nothing is logged.
 */
export function createSocketRecogniser(
  dialect: SpeechDialect,
  options: SocketOptions,
  deps: SocketRecogniserDeps,
): SpeechRecogniser {
  const underWay = new Set<AbortController>();
  const sockets = new Set<UtteranceSocket>();
  let isClosed = false;

  const report = (outcome: RecognitionOutcome, latencyMs?: number): void =>
    deps.onResult?.({ outcome, latencyMs });

  async function recognise(
    audio: AsyncIterable<Uint8Array>,
    request: RecognitionRequest,
    signal: AbortSignal,
  ): Promise<Recognition> {
    const session = new AbortController();
    underWay.add(session);
    const times: { endedAt?: number } = {};
    const latency = (): number | undefined =>
      times.endedAt === undefined ? undefined : deps.clock.now() - times.endedAt;
    try {
      const { recognition, isGuess } = await hearUtterance(
        audio,
        { dialect, request, options, clock: deps.clock, ca: deps.ca, sockets, times },
        AbortSignal.any([signal, session.signal]),
      );
      report(isGuess ? 'guessed' : recognition.text === '' ? 'nothing' : 'recognised', latency());
      return recognition;
    } catch (error) {
      if (session.signal.aborted) {
        report('failed', latency());
        throw speechFailure('closed');
      }
      report(outcomeOf(error), latency());
      throw error;
    } finally {
      underWay.delete(session);
    }
  }

  return {
    name: dialect.name,
    async recognise(audio, request, signal) {
      if (signal.aborted) {
        report('aborted');
        throw new AbortError(signal.reason);
      }
      if (isClosed) {
        report('failed');
        throw speechFailure('closed');
      }
      if (request.sensitive && options.sensitive === 'skip') {
        report('skipped');
        return NOTHING;
      }
      if (underWay.size >= options.maxSessions) {
        report('busy');
        throw speechFailure('busy');
      }
      return recognise(audio, request, signal);
    },
    async close() {
      isClosed = true;
      for (const session of underWay) session.abort();
      const goodbyes = [...sockets].map((socket) => socket.gone);
      for (const socket of sockets) socket.drop();
      await Promise.all(goodbyes);
    },
  };
}

function outcomeOf(error: unknown): RecognitionOutcome {
  if (error instanceof AbortError) return 'aborted';
  return isGatewayError(error) && error.detail['reason'] === 'late' ? 'late' : 'failed';
}
