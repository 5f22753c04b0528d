import { runInBackground } from '../core/background.ts';
import { Cancellation } from '../core/cancellation.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError, isGatewayError } from '../core/gateway-error.ts';
import { letOthersRun } from '../core/let-others-run.ts';
import type { Logger } from '../core/logger.ts';
import type { BotInput, BotTurn, EndReason, Interruption } from '../handlers/bot-handler.ts';
import { describeError } from '../telemetry/describe-error.ts';
import { logEvent } from '../telemetry/log-events.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { AnswerOutcome, CallObserver } from './call-observer.ts';
import type { Answer, AnswerFate, Conversation } from './conversation.ts';
import { keepPace } from './pace.ts';
import { createPatience } from './patience.ts';
import type { UnheardSound } from './playback.ts';
import { type Ending, type Reply, acknowledge, createReply } from './reply.ts';
import type { OpenConverter } from './sound-stream.ts';
import type { SpeechSynthesiser } from './speech-synthesiser.ts';
import type { CallTracer } from './trace-calls.ts';
import type { TurnSink } from './turn-sink.ts';

/** What answers are given with. */
export interface AnswerDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'botFailures' | 'fallbacks'>;
  readonly observe: CallObserver;
  readonly synthesiser: SpeechSynthesiser;
  readonly openConverter: OpenConverter;
  /** What a service is told that is asked on behalf of a turn, or of the call; absent: nobody traces. */
  readonly traceHeaders?: CallTracer['headersOf'];
  /** The bot has ended the call. */
  readonly endConversation: (conversation: Conversation, reason: EndReason) => void;
}

/** Nothing to ask the bot: the prompt that was cut short goes on. */
export interface Resumption {
  readonly type: 'resume';
  readonly sounds: readonly UnheardSound[];
}

/** What an answer is given to. */
export interface Question {
  readonly type: BotInput['type'];
  /** The input, or how to find it out; the latter may be called off. */
  readonly input:
    | BotInput
    | ((cancellation: Cancellation<unknown>) => Promise<BotInput | Resumption>);
  /** The caller is still at it: nobody waits before `inputComplete`. */
  readonly isOpen: boolean;
  /** Whether the RPC takes PARTIAL messages. */
  readonly allowPartial: boolean;
}

/**
 * Asks the bot, speaks what it yields, and completes the RPC: exactly once, whatever the bot does.
 *
 * Answers of one call are given one after another, so that the sound of two RPCs is never interleaved.
 */
export function giveAnswer(
  deps: AnswerDeps,
  conversation: Conversation,
  question: Question,
  sink: TurnSink,
): Answer {
  const { clock, observe } = deps;
  const { agent } = conversation;
  const cancellation = new Cancellation<AnswerFate>();
  let completeAtMs = question.isOpen ? undefined : clock.now();
  conversation.turns += 1;
  const turn = conversation.turns;
  const waitedMs = (): number => (completeAtMs === undefined ? 0 : clock.now() - completeAtMs);
  let cutOffAtMs: number | undefined;
  const abort = (reason: AnswerFate): void => {
    if (reason === 'interrupted') cutOffAtMs ??= clock.now();
    cancellation.cancel(reason);
  };
  const patience = createPatience(agent.patience, {
    clock,
    onTimeout: () => abort('timed-out'),
    onFiller({ audio }) {
      runInBackground(async () => {
        if (cancellation.reason === undefined && (await reply.fill(audio)))
          observe(conversation, { type: 'filler', turn });
      }, ignore);
    },
  });
  const reply = createReply(
    {
      clock,
      synthesiser: deps.synthesiser,
      openConverter: deps.openConverter,
      sink,
      allowPartial: question.allowPartial,
      cancellation,
      onFirstSound() {
        patience.heard();
        observe(conversation, { type: 'first-audio', turn, afterMs: waitedMs() });
      },
    },
    conversation,
  );

  const ask = async (input: BotInput): Promise<void> => {
    const { interrupted } = conversation;
    conversation.interrupted = undefined;
    observe(conversation, { type: 'asked', turn, input: input.type });
    const askedAtMs = clock.now();
    const answers = agent.bot.answer(
      conversation.call,
      input,
      new AnsweredTurn(cancellation, interrupted, deps.traceHeaders?.(conversation, turn)),
    );
    const outputs = answers[Symbol.asyncIterator]();
    let pieces = 0;
    let isDone = false;
    try {
      for (;;) {
        patience.waitForPiece();
        const step = await cancellation.wait(outputs.next());
        if (step.done === true) {
          isDone = true;
          return;
        }
        patience.gotPiece();
        if (pieces === 0)
          observe(conversation, { type: 'bot-answered', turn, afterMs: clock.now() - askedAtMs });
        pieces += 1;
        const performing = reply.perform(step.value);
        if (performing !== undefined) await performing;
        if (pieces % PIECES_AT_ONCE === 0) await letOthersRun();
        const pacing = keepPace(conversation.playback, clock);
        if (pacing !== undefined) await cancellation.wait(pacing);
      }
    } finally {
      // A bot that hangs would hang here as well, so nobody waits for it to wind up.
      if (!isDone) runInBackground(async () => void (await outputs.return?.()), ignore);
    }
  };
  /** Says what is to be said up to the closing answer. */
  const speak = async (): Promise<AnswerOutcome> => {
    const { input } = question;
    patience.waitForPiece();
    const found =
      typeof input === 'function' ? await cancellation.wait(input(cancellation)) : input;
    if (found.type === 'resume') {
      conversation.interrupted = undefined;
      await reply.resume(found.sounds);
      return 'resumed';
    }
    await ask(found);
    return 'answered';
  };

  let waitsFor = conversation.answering;
  const give = async (): Promise<void> => {
    let outcome: AnswerOutcome;
    try {
      await waitsFor?.done;
      waitsFor = undefined;
      cancellation.throwIfCancelled();
      if (completeAtMs !== undefined) patience.begin();
      outcome = await speak();
      cancellation.throwIfCancelled();
      const closed = reply.close();
      const left = closed instanceof Promise ? await closed : closed;
      conversation.failures = 0;
      if (left !== 'goes-on')
        deps.endConversation(conversation, left === 'transferred' ? 'transfer' : 'bot');
    } catch (error) {
      const fate = cancellation.reason;
      outcome = fate ?? 'failed';
      const early: EarlyEnd = { reply, sink, turn, fate, error };
      await closeEarly(deps, conversation, early).catch((fault: unknown) => sink.fail(fault));
    }
    cancellation.close();
    patience.close();
    const { type } = question;
    observe(conversation, {
      type: 'answer-ended',
      turn,
      input: type,
      outcome,
      durationMs: waitedMs(),
      ...(cutOffAtMs !== undefined && { silencedAfterMs: clock.now() - cutOffAtMs }),
    });
    if (conversation.answering === answer) conversation.answering = undefined;
  };

  const answer: Answer = {
    abort(reason) {
      // What the caller cuts short is the answer that is heard; the bot does not know of this input yet.
      if (reason === 'interrupted' && waitsFor !== undefined) waitsFor.abort(reason);
      else abort(reason);
    },
    isInterruptible: (by) => waitsFor?.isInterruptible(by) ?? reply.isInterruptible(by),
    inputComplete() {
      if (completeAtMs !== undefined) return;
      completeAtMs = clock.now();
      observe(conversation, { type: 'input-complete', turn });
      if (waitsFor === undefined) patience.begin();
    },
    get done() {
      return done;
    },
  };
  conversation.answering = answer;
  const done = give();
  return answer;
}

/** The circumstances of an answer; its signal is made when a bot asks for it. */
class AnsweredTurn implements BotTurn {
  readonly #cancellation: Cancellation<AnswerFate>;
  readonly interrupted: Interruption | undefined;
  readonly traceHeaders: BotTurn['traceHeaders'];

  constructor(
    cancellation: Cancellation<AnswerFate>,
    interrupted: Interruption | undefined,
    traceHeaders: BotTurn['traceHeaders'],
  ) {
    this.#cancellation = cancellation;
    this.interrupted = interrupted;
    this.traceHeaders = traceHeaders;
  }

  get signal(): AbortSignal {
    return this.#cancellation.signal;
  }
}

/** A bot that never waits for anything would keep everybody else from the processor. */
const PIECES_AT_ONCE = 16;

const ignore = (): void => undefined;

interface EarlyEnd {
  readonly reply: Reply;
  readonly sink: TurnSink;
  readonly turn: number;
  readonly fate: AnswerFate | undefined;
  readonly error: unknown;
}

async function closeEarly(
  deps: AnswerDeps,
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
async function fallBack(deps: AnswerDeps, conversation: Conversation, reply: Reply): Promise<void> {
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
  deps: AnswerDeps,
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
