import { runInBackground } from '../core/background.ts';
import { Cancellation } from '../core/cancellation.ts';
import type { Clock } from '../core/clock.ts';
import { letOthersRun } from '../core/let-others-run.ts';
import type { BotInput, BotOutput, BotTurn, Interruption } from '../handlers/bot-handler.ts';
import type { Interrupter } from './barge-in.ts';
import type { AnswerOutcome } from './call-observer.ts';
import { type EarlyEndDeps, closeEarly } from './close-early.ts';
import type { Answer, AnswerFate, Conversation } from './conversation.ts';
import { aheadMs } from './pace.ts';
import { type Filler, Patience, type PatienceListener } from './patience.ts';
import type { UnheardSound } from './playback.ts';
import { Reply, type ReplyListener } from './reply.ts';
import type { OpenConverter } from './sound-stream.ts';
import type { SpeechSynthesiser } from './speech-synthesiser.ts';
import type { CallTracer } from './trace-calls.ts';
import type { TurnSink } from './turn-sink.ts';

/** What answers are given with. */
export interface AnswerDeps extends EarlyEndDeps {
  readonly clock: Clock;
  readonly synthesiser: SpeechSynthesiser;
  readonly openConverter: OpenConverter;
  /** What a service is told that is asked on behalf of a turn, or of the call; absent: nobody traces. */
  readonly traceHeaders?: CallTracer['headersOf'];
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
 *
 * @param asker Told when the answer is over; never before this returns.
 */
export function giveAnswer(
  deps: AnswerDeps,
  conversation: Conversation,
  question: Question,
  sink: TurnSink,
  asker: Asker,
): Answer {
  const answer = new GivenAnswer(deps, conversation, question, sink, asker);
  conversation.answering = answer;
  answer.start();
  return answer;
}

/** Who asked for an answer. */
export interface Asker {
  /** The RPC was completed or is gone. */
  answered(answer: Answer): void;
}

/** How far a bot has come with an answer. */
interface Asked {
  readonly askedAtMs: number;
  pieces: number;
}

/** One answer that is being given. One object an answer, hence a class. */
class GivenAnswer implements Answer, PatienceListener, ReplyListener {
  readonly #deps: AnswerDeps;
  readonly #conversation: Conversation;
  readonly #question: Question;
  readonly #sink: TurnSink;
  readonly #asker: Asker;
  readonly #turn: number;
  readonly #cancellation = new Cancellation<AnswerFate>();
  readonly #patience: Patience;
  readonly #reply: Reply;
  /** The answer before, until it has been given. */
  #waitsFor: Answer | undefined;
  #completeAtMs: number | undefined;
  #cutOffAtMs: number | undefined;
  #done: Promise<void> | undefined;

  constructor(
    deps: AnswerDeps,
    conversation: Conversation,
    question: Question,
    sink: TurnSink,
    asker: Asker,
  ) {
    const { clock } = deps;
    this.#deps = deps;
    this.#conversation = conversation;
    this.#question = question;
    this.#sink = sink;
    this.#asker = asker;
    this.#completeAtMs = question.isOpen ? undefined : clock.now();
    this.#waitsFor = conversation.answering;
    conversation.turns += 1;
    this.#turn = conversation.turns;
    this.#patience = new Patience(conversation.agent.patience, clock, this);
    this.#reply = new Reply(
      deps,
      { conversation, sink, cancellation: this.#cancellation, allowPartial: question.allowPartial },
      this,
    );
  }

  get done(): Promise<void> {
    if (this.#done === undefined) throw new TypeError('the answer has not begun');
    return this.#done;
  }

  start(): void {
    this.#done = this.#give();
  }

  abort(reason: AnswerFate): void {
    // What the caller cuts short is the answer that is heard; the bot does not know of this input yet.
    if (reason === 'interrupted' && this.#waitsFor !== undefined) this.#waitsFor.abort(reason);
    else this.#abort(reason);
  }

  isInterruptible(by: Interrupter): boolean {
    return this.#waitsFor?.isInterruptible(by) ?? this.#reply.isInterruptible(by);
  }

  inputComplete(): void {
    if (this.#completeAtMs !== undefined) return;
    this.#completeAtMs = this.#deps.clock.now();
    this.#deps.observe(this.#conversation, { type: 'input-complete', turn: this.#turn });
    if (this.#waitsFor !== undefined) return;
    this.#patience.begin();
    this.#patience.watch();
  }

  timedOut(): void {
    this.#abort('timed-out');
  }

  fill({ audio }: Filler): void {
    runInBackground(async () => {
      if (this.#cancellation.reason === undefined && (await this.#reply.fill(audio)))
        this.#deps.observe(this.#conversation, { type: 'filler', turn: this.#turn });
    }, ignore);
  }

  firstSound(): void {
    this.#patience.heard();
    const afterMs = this.#waitedMs();
    this.#deps.observe(this.#conversation, { type: 'first-audio', turn: this.#turn, afterMs });
  }

  #abort(reason: AnswerFate): void {
    if (reason === 'interrupted') this.#cutOffAtMs ??= this.#deps.clock.now();
    this.#cancellation.cancel(reason);
  }

  #waitedMs(): number {
    return this.#completeAtMs === undefined ? 0 : this.#deps.clock.now() - this.#completeAtMs;
  }

  async #give(): Promise<void> {
    const conversation = this.#conversation;
    const cancellation = this.#cancellation;
    let outcome: AnswerOutcome;
    try {
      if (this.#waitsFor !== undefined) await this.#waitsFor.done;
      this.#waitsFor = undefined;
      cancellation.throwIfCancelled();
      if (this.#completeAtMs !== undefined) this.#patience.begin();
      outcome = await this.#speak();
      cancellation.throwIfCancelled();
      const closed = this.#reply.close();
      if (closed instanceof Promise) this.#patience.watch();
      const left = closed instanceof Promise ? await closed : closed;
      conversation.failures = 0;
      if (left !== 'goes-on')
        this.#deps.endConversation(conversation, left === 'transferred' ? 'transfer' : 'bot');
    } catch (error) {
      outcome = cancellation.reason ?? 'failed';
      await this.#closeEarly(error);
    }
    cancellation.close();
    this.#patience.close();
    this.#observeEnd(outcome);
    if (conversation.answering === this) conversation.answering = undefined;
    this.#asker.answered(this);
  }

  /** Says what is to be said up to the closing answer. */
  async #speak(): Promise<AnswerOutcome> {
    const { input } = this.#question;
    if (typeof input !== 'function') {
      await this.#ask(input);
      return 'answered';
    }
    this.#patience.waitForPiece();
    const found = await this.#cancellation.wait(input(this.#cancellation));
    if (found.type !== 'resume') {
      await this.#ask(found);
      return 'answered';
    }
    this.#conversation.interrupted = undefined;
    await this.#reply.resume(found.sounds);
    return 'resumed';
  }

  async #ask(input: BotInput): Promise<void> {
    const { clock, observe, traceHeaders } = this.#deps;
    const conversation = this.#conversation;
    const turn = this.#turn;
    const { interrupted } = conversation;
    conversation.interrupted = undefined;
    observe(conversation, { type: 'asked', turn, input: input.type });
    const askedAtMs = clock.now();
    const answers = conversation.agent.bot.answer(
      conversation.call,
      input,
      new AnsweredTurn(this.#cancellation, interrupted, traceHeaders?.(conversation, turn)),
    );
    const ready = answers.atOnce?.();
    const asked = { askedAtMs, pieces: 0 };
    if (ready === undefined) return this.#read(answers[Symbol.asyncIterator](), asked);
    for (const output of ready) {
      const performing = this.#perform(output, asked);
      if (performing !== undefined) await performing;
    }
  }

  /** Performs an answer piece by piece, as it comes. */
  async #read(outputs: AsyncIterator<BotOutput>, asked: Asked): Promise<void> {
    const patience = this.#patience;
    let isDone = false;
    try {
      for (;;) {
        patience.waitForPiece();
        const step = await this.#cancellation.wait(outputs.next());
        if (step.done === true) {
          isDone = true;
          return;
        }
        patience.gotPiece();
        const performing = this.#perform(step.value, asked);
        if (performing !== undefined) await performing;
      }
    } finally {
      // A bot that hangs would hang here as well, so nobody waits for it to wind up.
      if (!isDone) runInBackground(async () => void (await outputs.return?.()), ignore);
    }
  }

  /** Does what the bot asks with one piece of its answer; a promise says when it may go on. */
  #perform(output: BotOutput, asked: Asked): Promise<void> | undefined {
    const { clock, observe } = this.#deps;
    if (asked.pieces === 0) {
      const afterMs = clock.now() - asked.askedAtMs;
      observe(this.#conversation, { type: 'bot-answered', turn: this.#turn, afterMs });
    }
    asked.pieces += 1;
    this.#cancellation.throwIfCancelled();
    const performing = this.#reply.perform(output);
    const isBreath = asked.pieces % PIECES_AT_ONCE === 0;
    if (performing === undefined && !isBreath && aheadMs(this.#conversation.playback, clock) === 0)
      return undefined;
    this.#patience.watch();
    return this.#wait(performing, isBreath);
  }

  async #wait(performing: Promise<void> | undefined, isBreath: boolean): Promise<void> {
    const { clock } = this.#deps;
    await performing;
    if (isBreath) await letOthersRun();
    const ms = aheadMs(this.#conversation.playback, clock);
    if (ms > 0)
      // Nobody waits for it when the answer is called off: it leaves nothing but a timer.
      await this.#cancellation.wait(
        new Promise<void>((resolve) => {
          clock.setTimer(ms, resolve);
        }),
      );
  }

  #observeEnd(outcome: AnswerOutcome): void {
    const { clock, observe } = this.#deps;
    const { type: input } = this.#question;
    const turn = this.#turn;
    const ended = {
      type: 'answer-ended',
      turn,
      input,
      outcome,
      durationMs: this.#waitedMs(),
    } as const;
    observe(
      this.#conversation,
      this.#cutOffAtMs === undefined
        ? ended
        : { ...ended, silencedAfterMs: clock.now() - this.#cutOffAtMs },
    );
  }

  async #closeEarly(error: unknown): Promise<void> {
    const fate = this.#cancellation.reason;
    try {
      await closeEarly(this.#deps, this.#conversation, {
        reply: this.#reply,
        sink: this.#sink,
        turn: this.#turn,
        fate,
        error,
      });
    } catch (fault) {
      this.#sink.fail(fault);
    }
  }
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
