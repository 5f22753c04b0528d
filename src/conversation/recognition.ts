import { isGatewayError } from '../core/gateway-error.ts';
import type { Logger } from '../core/logger.ts';
import { describeError } from '../telemetry/describe-error.ts';
import { logEvent } from '../telemetry/log-events.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { CallObserver } from './call-observer.ts';
import type { Conversation } from './conversation.ts';

/** One utterance that is being recognised. */
export interface Recognition {
  /**
   * What the caller said; empty when it was nothing. `undefined` when the engine failed, which has been logged by then:
   * the bot is asked all the same. Called off by `signal`. Never rejects.
   */
  text(signal: AbortSignal): Promise<string | undefined>;
  /** Nobody wants the text any more. */
  cancel(): void;
}

/** What recognition is watched with. */
export interface RecognitionDeps {
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'recognitions'>;
  readonly observe: CallObserver;
}

/** Begins to recognise what the caller is saying; `undefined` where nobody can. */
export function startRecognition(
  { logger, metrics, observe }: RecognitionDeps,
  conversation: Conversation,
): Recognition | undefined {
  const { ear, agent } = conversation;
  const { recogniser } = agent;
  if (recogniser === undefined || ear === undefined) return undefined;
  const audio = ear.stream();
  const controller = new AbortController();
  const { call } = conversation;
  const listenTo = async (): Promise<string | undefined> => {
    try {
      const request = { language: call.language, sensitive: conversation.isSensitive };
      const { text } = await recogniser.recognise(audio, request, controller.signal);
      report(text === '' ? 'empty' : 'text');
      return text;
    } catch (error) {
      if (controller.signal.aborted) return undefined;
      report('failed');
      logEvent(logger, 'speech.failed', {
        recogniser: recogniser.name,
        conversation: call.conversationId,
        organisation: call.organisationId,
        kind: isGatewayError(error) ? error.code : 'ERR_SPEECH_FAILED',
        ...describeError(error),
      });
      return undefined;
    }
  };
  const report = (outcome: 'text' | 'empty' | 'failed'): void => {
    metrics.recognitions.inc({ outcome });
    observe(conversation, { type: 'recognised', outcome });
  };
  const result = listenTo();
  const cancel = (): void => controller.abort();
  return {
    text(signal) {
      if (signal.aborted) cancel();
      else signal.addEventListener('abort', cancel, { once: true });
      return result;
    },
    cancel,
  };
}
