import type { GatewayError } from '../core/gateway-error.ts';
import type { Logger } from '../core/logger.ts';
import type { EndReason } from '../handlers/bot-handler.ts';
import { describeError } from '../telemetry/describe-error.ts';
import { logEvent } from '../telemetry/log-events.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Agent } from './agent.ts';
import type { Conversation } from './conversation.ts';
import type { Principal } from './principal.ts';
import { chunksOf, wavPromptOf } from './prompt-chunks.ts';
import { type OutputEvent, type Prompt, final } from './turn-output.ts';
import type { TurnSink } from './turn-sink.ts';

const TERMINATOR: readonly Prompt[] = [{ audio: new Uint8Array(0), bargeIn: false }];
const FAREWELLS = {
  transfer: { type: 'transfer-to-agent', name: 'bot-failed', metadata: {} },
  end: { type: 'session-end', name: 'bot-failed', metadata: {} },
} as const satisfies Record<string, OutputEvent>;

/**
 * Says what the caller hears when the server behind a relayed agent fails, to its end, and completes the RPC: an apology, or,
 * when that has happened too often in a row, a farewell.
 *
 * The words are ready and short, so nothing here waits for room.
 *
 * @returns Why the call is over now, if it is.
 */
export function sayFallback(
  conversation: Conversation,
  sink: TurnSink,
  metrics: Pick<Metrics, 'fallbacks'>,
): EndReason | undefined {
  const { playback, apology, fallback, listen } = conversation.agent;
  conversation.failures += 1;
  const action = conversation.failures < fallback.attempts ? 'listen' : fallback.action;
  metrics.fallbacks.inc({ action });
  const audio = action === 'listen' ? apology : fallback.farewell;
  const isWhole = playback === 'wav';
  if (!isWhole) for (const message of chunksOf(audio, false)) sink.write(message);
  const prompts = isWhole ? [wavPromptOf(audio, false)] : TERMINATOR;
  sink.write(
    final(action === 'listen' ? { prompts, listen } : { prompts, event: FAREWELLS[action] }),
  );
  sink.complete();
  if (action === 'listen') return undefined;
  return action === 'transfer' ? 'transfer' : 'error';
}

/** Counts and logs that the server behind a relayed agent failed. */
export function reportRelayFailure(
  deps: { readonly logger: Logger; readonly metrics: Pick<Metrics, 'botFailures'> },
  { agent, principal }: { readonly agent: Agent; readonly principal: Principal },
  conversationId: string,
  error: GatewayError,
): void {
  const kind = error.code;
  deps.metrics.botFailures.inc({ kind });
  logEvent(deps.logger, 'bot.failed', {
    bot: agent.bot.name,
    agent: agent.id,
    conversation: conversationId,
    organisation: principal.organisationId,
    kind,
    ...describeError(error),
  });
}
