import type { Clock, Timer } from '../core/clock.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { BotInput } from '../handlers/bot-handler.ts';
import { type AnswerDeps, giveAnswer } from './answer.ts';
import type { CallerInput, TurnMessage } from './caller-input.ts';
import {
  type Answer,
  type AnswerFate,
  type Conversation,
  MAX_OPEN_TURNS,
  type OpenTurn,
} from './conversation.ts';
import type { ConversationDirectory } from './directory.ts';
import type { Ear, EarListener } from './ear.ts';
import { type DigitCollector, createDigitCollector } from './input-timers.ts';
import { type Principal, assertOrganisation } from './principal.ts';
import { acknowledge } from './reply.ts';
import { END_OF_INPUT, NOTHING_MORE, START_OF_INPUT } from './turn-output.ts';
import { type TurnSink, beginWith } from './turn-sink.ts';

/**
 * Where one RPC stands.
 *
 * `opened`: nothing has come that needs an answer. `listening`: caller audio is heard. `collecting`: digits are.
 * `answering`: the input is complete and the bot speaks; more of the caller's audio is dropped. `done`: the RPC was
 * completed, failed, or cancelled.
 */
export type TurnState = 'opened' | 'listening' | 'collecting' | 'answering' | 'done';

/** The legal moves; `done` is reached from everywhere and never left. */
const NEXT_STATES: Readonly<Record<TurnState, readonly TurnState[]>> = {
  opened: ['listening', 'collecting', 'answering', 'done'],
  listening: ['collecting', 'answering', 'done'],
  collecting: ['answering', 'done'],
  answering: ['done'],
  done: [],
};

/** A UUID in real calls. Ids outlive their calls in a memory that counts them, so each must be small. */
const MAX_ID_LENGTH = 256;
/** How long an RPC may listen on after a newer one took over. */
const SUPERSEDED_TIMEOUT_MS = 5_000;

/** What turns are played with; one object a process. */
export interface TurnDeps extends AnswerDeps {
  readonly clock: Clock;
  readonly directory: ConversationDirectory;
  /** Opens the ear of a call. */
  readonly openEar: (conversation: Conversation) => Ear;
  /** Refuse messages that leave `customer_org_id` empty. */
  readonly requireOrganisation: boolean;
}

/**
 * One `ProcessCallerInput` RPC: takes the caller's messages in, speaks the contract out. One object an RPC and no
 * closure a message, since caller audio comes fifty times a second.
 */
export class Turn implements OpenTurn, EarListener {
  readonly #deps: TurnDeps;
  readonly #principal: Principal;
  readonly #sink: TurnSink;
  #state: TurnState = 'opened';
  #conversation: Conversation | undefined;
  #conversationId = '';
  #organisationId: string | undefined;
  #digits: DigitCollector | undefined;
  #answer: Answer | undefined;
  #release: Timer | undefined;

  constructor(deps: TurnDeps, principal: Principal, sink: TurnSink) {
    this.#deps = deps;
    this.#principal = principal;
    this.#sink = sink;
  }

  /**
   * Takes one message of the caller.
   *
   * @throws {GatewayError} When the message breaks the contract; the RPC is then to be failed with it.
   */
  message(message: TurnMessage): void {
    if (this.#state === 'done') return;
    this.#assertOrganisation(message.organisationId);
    if (this.#conversation === undefined) {
      this.#enter(message);
      if (this.#conversation === undefined) return this.#complete(NOTHING_MORE);
    } else if (message.conversationId !== this.#conversationId)
      throw new GatewayError(
        'ERR_CONVERSATION_ID_CHANGED',
        'conversation_id changed in the stream',
      );
    else this.#conversation.lastSeenMs = this.#deps.clock.now();
    return this.#take(this.#conversation, message.input);
  }

  /** The caller's side of the RPC is closed. */
  halfClose(): void {
    const conversation = this.#conversation;
    if (conversation === undefined) {
      if (this.#state === 'opened')
        throw new GatewayError('ERR_PROTOCOL_INPUT_MISSING', 'the stream brought no message');
      return;
    }
    if (this.#state === 'collecting') this.#digits?.finish();
    // The ear may be hearing for a newer RPC, whose utterance it is then.
    else if (conversation.inputOwner === this && conversation.ear?.isSpeaking === true)
      this.speechEnded();
    this.release();
  }

  /** The RPC is gone: whatever is under way for it stops. The call goes on. */
  cancelled(): void {
    this.#answer?.abort('cancelled');
    this.#leave();
  }

  superseded(): void {
    // Messages of two streams overtake each other: what ends this one may be on its way.
    this.#release ??= this.#deps.clock.setTimer(SUPERSEDED_TIMEOUT_MS, () => this.release());
  }

  release(): void {
    if (this.#isListening) this.#acknowledge();
  }

  conversationEnded(fate: AnswerFate): void {
    if (this.#answer !== undefined) return this.#answer.abort(fate);
    if (fate !== 'revoked') return this.#acknowledge();
    this.#sink.fail(new GatewayError('ERR_AUTH_REVOKED', 'the credential was revoked'));
    return this.#leave();
  }

  speechStarted(): void {
    if (this.#state !== 'listening' || this.#conversation === undefined) return;
    this.#conversation.interrupt();
    this.#sink.write(START_OF_INPUT);
  }

  speechEnded(): void {
    const conversation = this.#conversation;
    if (this.#state !== 'listening' || conversation?.ear === undefined) return;
    const isAtSilence = conversation.agent.endOfInput === 'at-silence';
    if (isAtSilence) this.#sink.write(END_OF_INPUT);
    const { audio, durationMs } = conversation.ear.takeUtterance();
    const sensitive = conversation.listen.sensitive ?? false;
    const sink = isAtSilence ? this.#sink : beginWith(END_OF_INPUT, this.#sink);
    this.#ask(
      conversation,
      { type: 'speech', audio, durationMs, text: undefined, sensitive },
      sink,
    );
  }

  /** Whether the RPC waits for input, of which nothing is complete or half collected. */
  get #isListening(): boolean {
    return this.#state === 'opened' || this.#state === 'listening';
  }

  #assertOrganisation(organisationId: string): void {
    if (organisationId === this.#organisationId) return;
    assertOrganisation(this.#principal, organisationId, this.#deps.requireOrganisation);
    this.#organisationId = organisationId;
  }

  #enter(message: TurnMessage): void {
    const { length } = message.conversationId;
    if (length === 0 || length > MAX_ID_LENGTH)
      throw new GatewayError(
        'ERR_CONVERSATION_ID_MISSING',
        length === 0 ? 'conversation_id is empty' : 'conversation_id is too long',
      );
    const conversation = this.#deps.directory.enter(this.#principal, message);
    if (conversation === undefined) return;
    // A caller who hangs up needs no room.
    if (conversation.openTurns.size >= MAX_OPEN_TURNS && message.input.type !== 'session-end')
      throw new GatewayError('ERR_CONVERSATION_CAPACITY', 'too many open streams for one call');
    this.#conversation = conversation;
    this.#conversationId = message.conversationId;
    conversation.openTurns.add(this);
    conversation.inputOwner?.superseded();
    conversation.inputOwner = this;
    // Of the RPC before, which may have been left in the middle of a word.
    conversation.ear?.restart();
  }

  #take(conversation: Conversation, input: CallerInput): void {
    switch (input.type) {
      case 'audio':
        return this.#hear(conversation, input);
      case 'digits':
        return this.#collect(conversation, input.digits);
      case 'session-start':
        return this.#start(conversation, input);
      case 'session-end':
        if (this.#answer === undefined) this.#complete(NOTHING_MORE);
        return this.#deps.directory.end(conversation, 'caller');
      case 'start-of-digits':
        if (!conversation.isDeaf) conversation.interrupt();
        // An RPC that answers, or holds digits, has its own end.
        return this.#isListening ? this.#finish() : undefined;
      case 'no-input':
        return this.#ask(conversation, { type: 'no-input' });
      case 'custom-event':
        return this.#ask(conversation, input);
      case 'ignored':
        return undefined;
      default:
        return input satisfies never;
    }
  }

  #start(
    conversation: Conversation,
    input: Extract<CallerInput, { readonly type: 'session-start' }>,
  ): void {
    if (conversation.hasStarted) return this.release();
    conversation.hasStarted = true;
    return this.#ask(conversation, { ...input, type: 'start' });
  }

  #hear(conversation: Conversation, input: Extract<CallerInput, { readonly type: 'audio' }>): void {
    if (this.#state === 'opened') this.#move('listening');
    if (this.#state !== 'listening' || conversation.inputOwner !== this) return;
    if (input.languageCode !== '') conversation.call.language = input.languageCode;
    // Voice is not asked for, or what plays must be heard to its end: the caller's sound is dropped.
    if (conversation.listen.mode === 'digits' || conversation.isDeaf) return;
    conversation.ear ??= this.#deps.openEar(conversation);
    conversation.ear.hear(input, this);
  }

  #collect(conversation: Conversation, digits: string): void {
    if (this.#isListening) {
      this.#move('collecting');
      if (!conversation.isDeaf) conversation.interrupt();
      const sensitive = conversation.listen.sensitive ?? false;
      this.#digits = createDigitCollector(
        conversation.listen.digits ?? {},
        this.#deps.clock,
        (collected) =>
          this.#ask(
            conversation,
            collected === ''
              ? { type: 'no-input' }
              : { type: 'digits', digits: collected, sensitive },
          ),
      );
    }
    if (this.#state === 'collecting') this.#digits?.add(digits);
  }

  #ask(conversation: Conversation, input: BotInput, sink = this.#sink): void {
    if (this.#state === 'answering' || this.#state === 'done') return;
    this.#move('answering');
    this.#digits?.close();
    conversation.hasStarted = true;
    this.#answer = giveAnswer(this.#deps, conversation, input, sink);
    void this.#answer.done.then(() => this.#leave());
  }

  #acknowledge(): void {
    if (this.#conversation === undefined) return;
    acknowledge(this.#conversation, this.#sink);
    this.#leave();
  }

  #complete(output: typeof NOTHING_MORE): void {
    this.#sink.write(output);
    this.#finish();
  }

  #finish(): void {
    this.#sink.complete();
    this.#leave();
  }

  #leave(): void {
    if (this.#state !== 'done') this.#move('done');
    this.#digits?.close();
    this.#release?.cancel();
    const conversation = this.#conversation;
    if (conversation === undefined) return;
    conversation.openTurns.delete(this);
    if (conversation.inputOwner === this) conversation.inputOwner = undefined;
    conversation.lastSeenMs = this.#deps.clock.now();
  }

  #move(next: TurnState): void {
    if (!NEXT_STATES[this.#state].includes(next))
      throw new TypeError(`a turn cannot move from ${this.#state} to ${next}`);
    this.#state = next;
  }
}
