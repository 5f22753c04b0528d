import { abortable } from '../core/abort.ts';
import { runInBackground } from '../core/background.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError, isGatewayError } from '../core/gateway-error.ts';
import type { Logger } from '../core/logger.ts';
import type { BotInput, EndReason } from '../handlers/bot-handler.ts';
import { describeError } from '../telemetry/describe-error.ts';
import { logEvent } from '../telemetry/log-events.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Answer, AnswerFate, Conversation } from './conversation.ts';
import { type Reply, acknowledge, createReply } from './reply.ts';
import type { SpeechSynthesiser } from './speech-synthesiser.ts';
import type { TurnSink } from './turn-sink.ts';

/** What answers are given with. */
export interface AnswerDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'turns' | 'firstAnswerSeconds' | 'botFailures'>;
  readonly synthesiser: SpeechSynthesiser;
  /** The bot has ended the call. */
  readonly endConversation: (conversation: Conversation, reason: EndReason) => void;
}

/**
 * Asks the bot, speaks what it yields, and completes the RPC: exactly once, whatever the bot does.
 *
 * Answers of one call are given one after another, so that the sound of two RPCs is never interleaved.
 */
export function giveAnswer(
  deps: AnswerDeps,
  conversation: Conversation,
  input: BotInput,
  sink: TurnSink,
): Answer {
  const { clock, metrics } = deps;
  const controller = new AbortController();
  const { signal } = controller;
  let fate: AnswerFate | undefined;
  const askedAtMs = clock.now();
  const reply = createReply(
    {
      synthesiser: deps.synthesiser,
      sink,
      signal,
      onFirstSound: () => metrics.firstAnswerSeconds.observe((clock.now() - askedAtMs) / 1000),
    },
    conversation,
  );
  const abort = (reason: AnswerFate): void => {
    fate ??= reason;
    controller.abort(reason);
  };

  const ask = async (): Promise<void> => {
    const { interrupted, agent } = conversation;
    conversation.interrupted = undefined;
    const answers = agent.bot.answer(conversation.call, input, { signal, interrupted });
    const outputs = answers[Symbol.asyncIterator]();
    try {
      for (;;) {
        const timer = clock.setTimer(agent.answerTimeoutMs, () => abort('timed-out'));
        try {
          const step = await abortable(outputs.next(), signal);
          if (step.done === true) return;
          await reply.perform(step.value);
        } finally {
          timer.cancel();
        }
      }
    } finally {
      // A bot that hangs would hang here as well, so nobody waits for it to wind up.
      runInBackground(
        async () => void (await outputs.return?.()),
        () => undefined,
      );
    }
  };

  let waitsFor = conversation.answering;
  const give = async (): Promise<void> => {
    let outcome: string = 'answered';
    try {
      await waitsFor?.done;
      waitsFor = undefined;
      signal.throwIfAborted();
      await ask();
      signal.throwIfAborted();
      const left = await reply.close();
      if (left !== 'goes-on')
        deps.endConversation(conversation, left === 'transferred' ? 'transfer' : 'bot');
    } catch (error) {
      outcome = fate ?? 'failed';
      await closeEarly(deps, conversation, { reply, sink, fate, error }).catch((fault: unknown) =>
        sink.fail(fault),
      );
    }
    metrics.turns.inc({ input: input.type, outcome });
    if (conversation.answering === answer) conversation.answering = undefined;
  };

  const answer: Answer = {
    abort(reason) {
      // What the caller cuts short is the answer that is heard; the bot does not know of this input yet.
      if (reason === 'interrupted' && waitsFor !== undefined) waitsFor.abort(reason);
      else abort(reason);
    },
    isInterruptible: () => waitsFor?.isInterruptible() ?? reply.isInterruptible(),
    get done() {
      return done;
    },
  };
  conversation.answering = answer;
  conversation.turns += 1;
  const done = give();
  return answer;
}

interface EarlyEnd {
  readonly reply: Reply;
  readonly sink: TurnSink;
  readonly fate: AnswerFate | undefined;
  readonly error: unknown;
}

async function closeEarly(
  deps: AnswerDeps,
  conversation: Conversation,
  { reply, sink, fate, error }: EarlyEnd,
): Promise<void> {
  switch (fate) {
    case 'interrupted':
      return reply.cutShort();
    case 'cancelled':
      return sink.complete();
    case 'ended':
      return acknowledge(conversation, sink);
    case 'revoked':
      return sink.fail(new GatewayError('ERR_AUTH_REVOKED', 'the credential was revoked'));
    case 'timed-out':
    case undefined:
      reportFailure(deps, conversation, fate, error);
      return reply.apologise();
    default:
      return fate satisfies never;
  }
}

function reportFailure(
  deps: AnswerDeps,
  { agent, call }: Conversation,
  fate: 'timed-out' | undefined,
  error: unknown,
): void {
  const kind =
    fate === 'timed-out'
      ? 'ERR_HANDLER_TIMEOUT'
      : isGatewayError(error)
        ? error.code
        : 'ERR_HANDLER_FAILED';
  deps.metrics.botFailures.inc({ kind });
  logEvent(deps.logger, 'bot.failed', {
    bot: agent.bot.name,
    agent: agent.id,
    conversation: call.conversationId,
    organisation: call.organisationId,
    kind,
    ...(fate === undefined ? describeError(error) : {}),
  });
}
