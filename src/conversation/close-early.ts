import { GatewayError, isGatewayError } from '../core/gateway-error.ts';
import type { Logger } from '../core/logger.ts';
import type { EndReason } from '../handlers/bot-handler.ts';
import { describeError } from '../telemetry/describe-error.ts';
import { logEvent } from '../telemetry/log-events.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { CallObserver } from './call-observer.ts';
import type { AnswerFate, Conversation } from './conversation.ts';
import { type Ending, type Reply, acknowledge } from './reply.ts';
import type { TurnSink } from './turn-sink.ts';

/** What an answer that is not given in full is closed with. */
export interface EarlyEndDeps {
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'botFailures' | 'fallbacks'>;
  readonly observe: CallObserver;
  /** The bot has ended the call. */
  readonly endConversation: (conversation: Conversation, reason: EndReason) => void;
}

/** Where an answer stood that was not given in full. */
interface EarlyEnd {
  readonly reply: Reply;
  readonly sink: TurnSink;
  readonly turn: number;
  readonly fate: AnswerFate | undefined;
  readonly error: unknown;
}

/**
 * Completes the RPC of an answer that was called off, or that the bot did not give.
 *
 * @param deps Of the answer.
 */
export async function closeEarly(
  deps: EarlyEndDeps,
  conversation: Conversation,
  { reply, sink, turn, fate, error }: EarlyEnd,
): Promise<void> {
  switch (fate) {
    case 'interrupted':
      return reply.cutShort();
    case 'cancelled':
      return sink.complete();
    case 'withdrawn':
      return undefined;
    case 'ended':
      return acknowledge(conversation, sink);
    case 'revoked':
      return sink.fail(new GatewayError('ERR_AUTH_REVOKED', 'the credential was revoked'));
    case 'timed-out':
    case undefined:
      reportFailure(deps, conversation, turn, fate, error);
      return fallBack(deps, conversation, reply);
    default:
      return fate satisfies never;
  }
}

/** The ladder: an apology, and in the end another ear or a polite goodbye. */
async function fallBack(
  deps: EarlyEndDeps,
  conversation: Conversation,
  reply: Reply,
): Promise<void> {
  const { apology, fallback } = conversation.agent;
  conversation.failures += 1;
  const action = conversation.failures < fallback.attempts ? 'listen' : fallback.action;
  deps.metrics.fallbacks.inc({ action });
  if (action === 'listen') return void (await reply.fallBack(apology, undefined));
  const ending: Ending = { type: action, name: 'bot-failed', metadata: {} };
  await reply.fallBack(fallback.farewell, ending);
  deps.endConversation(conversation, action === 'transfer' ? 'transfer' : 'error');
}

function reportFailure(
  deps: EarlyEndDeps,
  conversation: Conversation,
  turn: number,
  fate: 'timed-out' | undefined,
  error: unknown,
): void {
  const { agent, call } = conversation;
  const kind =
    fate === 'timed-out'
      ? 'ERR_HANDLER_TIMEOUT'
      : isGatewayError(error)
        ? error.code
        : 'ERR_HANDLER_FAILED';
  deps.metrics.botFailures.inc({ kind });
  deps.observe(conversation, { type: 'bot-failed', turn, kind });
  logEvent(deps.logger, 'bot.failed', {
    bot: agent.bot.name,
    agent: agent.id,
    conversation: call.conversationId,
    organisation: call.organisationId,
    kind,
    ...(fate === undefined ? describeError(error) : {}),
  });
}
