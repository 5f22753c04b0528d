import type { Timer } from '../core/clock.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { BotInput } from '../handlers/bot-handler.ts';
import { type AnswerDeps, type Asker, type Question, giveAnswer } from './answer.ts';
import type { CallerInput, TurnMessage } from './caller-input.ts';
import type { Answer, AnswerFate, Conversation, OpenTurn } from './conversation.ts';
import type { ConversationDirectory } from './directory.ts';
import { type Ear, type EarListener, type Utterance, isWithoutNews } from './ear.ts';
import { type DigitCollector, createDigitCollector } from './input-timers.ts';
import { interrupt } from './interrupt.ts';
import { joinConversation } from './join-conversation.ts';
import { endpointingOf } from './listening.ts';
import type { CutOff } from './playback.ts';
import { type Principal, assertOrganisation } from './principal.ts';
import { type Recognition, type RecognitionDeps, startRecognition } from './recognition.ts';
import { acknowledge } from './reply.ts';
import { askOf } from './spoken-question.ts';
import { END_OF_INPUT, NOTHING_MORE, START_OF_INPUT } from './turn-output.ts';
import { type TurnState, assertMove } from './turn-state.ts';
import { type PrecededSink, type TurnSink, beginWith } from './turn-sink.ts';

/** How long an RPC may listen on after a newer one took over. */
const SUPERSEDED_TIMEOUT_MS = 5_000;

/** What turns are played with; one object a process. */
export interface TurnDeps extends AnswerDeps, RecognitionDeps {
  readonly metrics: AnswerDeps['metrics'] & RecognitionDeps['metrics'];
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
export class Turn implements OpenTurn, EarListener, Asker {
  readonly #deps: TurnDeps;
  readonly #principal: Principal;
  readonly #sink: TurnSink;
  #state: TurnState = 'opened';
  readonly state = (): TurnState => this.#state;
  #conversation: Conversation | undefined;
  #organisationId: string | undefined;
  #digits: DigitCollector | undefined;
  #answer: Answer | undefined;
  #allowPartial = false;
  /** What the caller cut off by speaking. */
  #cut: CutOff | undefined;
  #recognition: Recognition | undefined;
  /** Where a bot speaks to that hears the caller meanwhile. */
  #streamed: PrecededSink | undefined;
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
      if (this.#conversation === undefined) return this.#dismiss();
    } else if (message.conversationId !== this.#conversation.call.conversationId)
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
    else this.#endStream();
    this.release();
  }

  /** The RPC is gone: whatever is under way for it stops. The call goes on. */
  cancelled(): void {
    this.#answer?.abort('cancelled');
    this.#leave();
  }

  superseded(): void {
    this.#endStream();
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
    const conversation = this.#conversation;
    if (this.#state !== 'listening' || conversation?.ear === undefined) return;
    this.#deps.observe(conversation, { type: 'speech-started' });
    this.#cut = interrupt(conversation, 'speech', this.#deps.observe);
    this.#sink.write(START_OF_INPUT);
    if (conversation.agent.bot.hears === 'streams')
      this.#stream(conversation, conversation.ear.stream());
    else this.#recognition = startRecognition(this.#deps, conversation);
  }

  speechEnded(): void {
    const conversation = this.#conversation;
    if (conversation?.ear === undefined) return;
    if (this.#state !== 'listening' && this.#state !== 'streaming') return;
    const utterance = conversation.ear.takeUtterance();
    this.#deps.observe(conversation, { type: 'speech-ended', speechMs: utterance.speechMs });
    if (this.#state === 'streaming') return this.#streamEnded(conversation, utterance);
    const sink = beginWith(END_OF_INPUT, this.#sink);
    if (conversation.agent.endOfInput === 'at-silence') sink.begin();
    const ask = askOf(conversation, utterance, this.#cut, this.#recognition);
    this.#recognition = undefined;
    return this.#ask(conversation, { type: 'speech', input: ask }, sink);
  }

  answered(answer: Answer): void {
    if (this.#answer === answer) this.#leave();
  }

  keyPressed(key: string): void {
    if (this.#conversation !== undefined) this.#collect(this.#conversation, key);
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
    const conversation = joinConversation(this.#deps.directory, this.#principal, message, this);
    if (conversation === undefined) return;
    this.#conversation = conversation;
    this.#allowPartial = message.allowPartialResponses;
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
        if (this.#answer === undefined) this.#dismiss();
        return this.#deps.directory.end(conversation, 'caller');
      case 'start-of-digits':
        this.#withdraw();
        if (!conversation.isClosedTo('digits'))
          interrupt(conversation, 'digits', this.#deps.observe);
        // An RPC that answers, or holds digits, has its own end.
        return this.#isListening ? this.#finish() : undefined;
      case 'no-input':
        return this.#askNow(conversation, { type: 'no-input' });
      case 'custom-event':
        return this.#askNow(conversation, input);
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
    return this.#askNow(conversation, { ...input, type: 'start' });
  }

  #hear(conversation: Conversation, input: Extract<CallerInput, { readonly type: 'audio' }>): void {
    if (this.#state === 'opened') this.#move('listening');
    if (conversation.inputOwner !== this) return;
    const isStreaming = this.#state === 'streaming';
    const isCollecting = this.#state === 'collecting' && conversation.agent.inBandDigits;
    if (!isStreaming && !isCollecting && this.#state !== 'listening') return;
    if (input.languageCode !== '') conversation.call.language = input.languageCode;
    // Voice is not asked for, or what plays must be heard to its end: the caller's sound is dropped.
    if (
      !isStreaming &&
      (conversation.listen.mode === 'digits' || conversation.isClosedTo('speech'))
    )
      return;
    // An ear is some kilobytes: an RPC that is open and silent needs none yet.
    if (conversation.ear === undefined && isWithoutNews(input)) return;
    const { agent, playback, listen } = conversation;
    const ear = (conversation.ear ??= this.#deps.openEar(conversation));
    ear.tune(endpointingOf(agent.endpointing, listen));
    ear.hear(input, this, !isStreaming && playback.isPlaying() ? agent.bargeIn.onsetMs : 0);
  }

  /** The bot hears the caller from the beginning of the utterance on; when it speaks, the caller has finished. */
  #stream(conversation: Conversation, audio: AsyncIterable<Uint8Array>): void {
    this.#move('streaming');
    this.#streamed = beginWith(END_OF_INPUT, this.#sink, () => this.#endStream());
    const input: BotInput = {
      type: 'speech-stream',
      audio,
      sensitive: conversation.isSensitive,
    };
    this.#give(conversation, { type: 'speech-stream', input }, this.#streamed, true);
  }

  #streamEnded(conversation: Conversation, { speechMs }: Utterance): void {
    const { bargeIn, endOfInput } = conversation.agent;
    const unheard = this.#cut?.unheard ?? [];
    const isAnswer = unheard.length === 0 || speechMs >= bargeIn.minSpeechMs;
    if (isAnswer) this.#endStream();
    else this.#withdraw();
    if (endOfInput === 'at-silence') this.#streamed?.begin();
    if (isAnswer) return undefined;
    const input = async () => ({ type: 'resume', sounds: unheard }) as const;
    return this.#ask(conversation, { type: 'speech', input }, this.#streamed);
  }

  /** What the bot hears is complete. */
  #endStream(): void {
    if (this.#state !== 'streaming') return;
    this.#move('answering');
    if (this.#conversation?.inputOwner === this) this.#conversation.ear?.restart();
    this.#answer?.inputComplete();
  }

  /** What the bot is hearing is no input after all. */
  #withdraw(): void {
    if (this.#state !== 'streaming') return;
    const answer = this.#answer;
    this.#answer = undefined;
    this.#move('listening');
    answer?.abort('withdrawn');
  }

  #collect(conversation: Conversation, digits: string): void {
    this.#withdraw();
    if (this.#isListening) {
      this.#move('collecting');
      if (!conversation.isClosedTo('digits')) interrupt(conversation, 'digits', this.#deps.observe);
      this.#digits = createDigitCollector(
        conversation.listen.digits ?? {},
        this.#deps.clock,
        (collected) =>
          this.#askNow(
            conversation,
            collected === ''
              ? { type: 'no-input' }
              : { type: 'digits', digits: collected, sensitive: conversation.isSensitive },
          ),
      );
    }
    if (this.#state === 'collecting') this.#digits?.add(digits);
  }

  #askNow(conversation: Conversation, input: BotInput): void {
    this.#ask(conversation, { type: input.type, input });
  }

  #ask(
    conversation: Conversation,
    question: Pick<Question, 'type' | 'input'>,
    sink: TurnSink = this.#sink,
  ): void {
    if (this.#state === 'answering' || this.#state === 'done') return;
    this.#withdraw();
    this.#move('answering');
    this.#digits?.close();
    this.#give(conversation, question, sink, false);
  }

  #give(
    conversation: Conversation,
    question: Pick<Question, 'type' | 'input'>,
    sink: TurnSink,
    isOpen: boolean,
  ): void {
    conversation.hasStarted = true;
    this.#answer = giveAnswer(
      this.#deps,
      conversation,
      { type: question.type, input: question.input, isOpen, allowPartial: this.#allowPartial },
      sink,
      this,
    );
  }

  #acknowledge(): void {
    if (this.#conversation === undefined) return;
    acknowledge(this.#conversation, this.#sink);
    this.#leave();
  }

  #dismiss(): void {
    this.#sink.write(NOTHING_MORE);
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
    this.#recognition?.cancel();
    const conversation = this.#conversation;
    if (conversation === undefined) return;
    if (conversation.inputOwner === this) conversation.inputOwner = undefined;
    conversation.lastSeenMs = this.#deps.clock.now();
    conversation.left(this);
  }

  #move(next: TurnState): void {
    assertMove(this.#state, next);
    this.#state = next;
  }
}
