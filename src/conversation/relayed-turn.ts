import type { Timer } from '../core/clock.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { BotInput, EndReason } from '../handlers/bot-handler.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Agent } from './agent.ts';
import type { AnswerOutcome, CallMoment } from './call-observer.ts';
import type { CallerInput, TurnMessage } from './caller-input.ts';
import type { AnswerFate, Conversation, OpenTurn } from './conversation.ts';
import { joinConversation } from './join-conversation.ts';
import { type Principal, assertOrganisation } from './principal.ts';
import { RelayRoom } from './relay-room.ts';
import type { RelayEnd, RelayListener, RelayStream } from './relay.ts';
import type { RelayedAnswer } from './relayed-answer.ts';
import { reportRelayFailure, sayFallback } from './relayed-fallback.ts';
import { acknowledge } from './reply.ts';
import type { TurnDeps } from './turn.ts';
import { NOTHING_MORE } from './turn-output.ts';
import type { TurnSink } from './turn-sink.ts';

/** A sink that also takes messages which are encoded already. */
export interface RelaySink extends TurnSink {
  /** Queues bytes as they are; otherwise as `write`. */
  forward(bytes: Buffer): boolean;
}

/** What relayed turns are made with; one object a process. */
export interface RelayedTurnDeps extends Pick<
  TurnDeps,
  'clock' | 'logger' | 'directory' | 'observe' | 'requireOrganisation'
> {
  readonly metrics: Pick<Metrics, 'botFailures' | 'fallbacks'>;
  /** Looks at an answer; `undefined` when it is no message of the protocol. */
  readonly inspect: (bytes: Buffer) => RelayedAnswer | undefined;
}

/** One RPC that is answered elsewhere. */
export interface RelayedRpc {
  readonly principal: Principal;
  readonly agent: Agent;
  /** Opens it there, on behalf of a call if there is one. */
  readonly open: (listener: RelayListener, conversation: Conversation | undefined) => RelayStream;
}

/** What the other side was asked with, and when. */
interface Asked {
  readonly turn: number;
  readonly input: BotInput['type'];
  readonly atMs: number;
}

/** A bot that never stops ends here: an hour of sound in the smallest chunks, and twice its bytes. */
const MAX_ANSWERS = 300_000;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** How long the other side may take to close what is open of a call that has ended. */
const ENDING_TIMEOUT_MS = 5_000;

/**
 * One `ProcessCallerInput` RPC that another server answers: the caller's messages go there and its answers come back as the
 * bytes they are. What is kept here is the trust, the limits and the story of the call, and the promise that the caller hears
 * something and the RPC ends once, whatever the other side does. One object an RPC and no closure a message.
 */
export class RelayedTurn implements OpenTurn, RelayListener {
  readonly state = (): 'relayed' => 'relayed';
  readonly #deps: RelayedTurnDeps;
  readonly #rpc: RelayedRpc;
  readonly #sink: RelaySink;
  #isDone = false;
  #conversation: Conversation | undefined;
  #conversationId = '';
  #organisationId: string | undefined;
  #upstream: RelayStream | undefined;
  /** Nothing more of the caller is sent. */
  #isSent = false;
  #hasHungUp = false;
  #asked: Asked | undefined;
  /** The other side is to do something: answer, or end the RPC. */
  #isOwed = false;
  #isHeldBack = false;
  #patience: Timer | undefined;
  readonly #room = new RelayRoom();
  #answers = 0;
  #answerBytes = 0;
  #hasSpoken = false;
  #hasClosed = false;
  #ending: EndReason | undefined;

  constructor(deps: RelayedTurnDeps, rpc: RelayedRpc, sink: RelaySink) {
    this.#deps = deps;
    this.#rpc = rpc;
    this.#sink = sink;
  }

  /**
   * Takes one message of the caller.
   *
   * @param bytes The same message as it goes to the other side.
   * @returns A promise when the other side has no room: wait for it before the next message.
   * @throws {GatewayError} When the message breaks the contract; the RPC is then to be failed with it.
   */
  message(message: TurnMessage, bytes: Buffer): void | Promise<void> {
    if (this.#isDone) return undefined;
    this.#assertOrganisation(message.organisationId);
    if (this.#upstream === undefined) {
      if (!this.#enter(message)) return this.#complete(NOTHING_MORE);
      this.#upstream = this.#rpc.open(this, this.#conversation);
    } else if (message.conversationId !== this.#conversationId)
      throw new GatewayError(
        'ERR_CONVERSATION_ID_CHANGED',
        'conversation_id changed in the stream',
      );
    if (this.#isSent) return undefined;
    if (this.#conversation !== undefined) this.#conversation.lastSeenMs = this.#deps.clock.now();
    const hasRoom = this.#upstream.send(bytes);
    this.#note(message.input);
    return hasRoom ? undefined : this.#untilRoom();
  }

  /** The caller's side of the RPC is closed. */
  halfClose(): void {
    if (this.#isDone) return;
    if (this.#upstream === undefined)
      throw new GatewayError('ERR_PROTOCOL_INPUT_MISSING', 'the stream brought no message');
    this.#finishSending();
  }

  /** The RPC is gone: so is the one at the other side, at once. The call goes on. */
  cancelled(): void {
    if (this.#isDone) return;
    this.#upstream?.cancel();
    this.#leave('cancelled');
  }

  superseded(): void {
    // The other side sees both RPCs and knows what to do.
  }

  release(): void {
    if (!this.#isDone && !this.#isOwed) this.#finishSending();
  }

  conversationEnded(fate: AnswerFate): void {
    if (this.#isDone) return;
    if (fate === 'revoked') {
      this.#upstream?.cancel();
      this.#leave('revoked');
      return this.#sink.fail(new GatewayError('ERR_AUTH_REVOKED', 'the credential was revoked'));
    }
    this.#hasHungUp = true;
    return this.#finishSending();
  }

  relayed(bytes: Buffer): void {
    if (this.#isDone) return;
    this.#answers += 1;
    this.#answerBytes += bytes.length;
    const answer = this.#deps.inspect(bytes);
    if (answer === undefined) return this.#fail(outputError('the answer is no message'));
    if (this.#answers > MAX_ANSWERS || this.#answerBytes > MAX_ANSWER_BYTES)
      return this.#fail(outputError('the answer is too long'));
    this.#hear(answer);
    if (!this.#sink.forward(bytes)) this.#holdBack();
    return this.#wait();
  }

  relayDrained(): void {
    this.#room.open();
    if (!this.#isDone) this.#wait();
  }

  relayEnded({ status, hasBegun }: RelayEnd): void {
    if (this.#isDone) return;
    if (status !== 'OK' && !this.#hasClosed)
      return this.#fail(
        new GatewayError('ERR_HANDLER_FAILED', 'the upstream failed', {
          detail: { status, hasBegun },
        }),
      );
    // Without its end, sound in pieces is never played.
    const isUnfinished = this.#hasSpoken && !this.#hasClosed && !this.#hasHungUp;
    this.#leave('answered');
    if (isUnfinished && this.#conversation !== undefined)
      return acknowledge(this.#conversation, this.#sink);
    this.#sink.complete();
    return this.#endConversation();
  }

  #assertOrganisation(organisationId: string): void {
    if (organisationId === this.#organisationId) return;
    const { principal } = this.#rpc;
    assertOrganisation(principal, organisationId, this.#deps.requireOrganisation);
    this.#organisationId = organisationId;
  }

  #enter(message: TurnMessage): boolean {
    const { directory } = this.#deps;
    this.#conversation = joinConversation(directory, this.#rpc.principal, message, this);
    this.#conversationId = message.conversationId;
    // The other side may hold a call that this process does not know, and must hear that it is over.
    return this.#conversation !== undefined || message.input.type === 'session-end';
  }

  #note(input: CallerInput): void {
    switch (input.type) {
      case 'audio':
      case 'start-of-digits':
      case 'ignored':
        return undefined;
      case 'session-start':
        if (this.#conversation !== undefined) this.#conversation.hasStarted = true;
        return this.#ask('start');
      case 'session-end':
        this.#hasHungUp = true;
        if (this.#conversation !== undefined)
          this.#deps.directory.end(this.#conversation, 'caller');
        return this.#finishSending();
      case 'digits':
      case 'no-input':
      case 'custom-event':
        return this.#ask(input.type);
      default:
        return input satisfies never;
    }
  }

  #ask(input: BotInput['type']): void {
    const conversation = this.#conversation;
    if (this.#asked === undefined && conversation !== undefined) {
      conversation.turns += 1;
      const turn = conversation.turns;
      this.#asked = { turn, input, atMs: this.#deps.clock.now() };
      this.#deps.observe(conversation, { type: 'asked', turn, input });
      this.#deps.observe(conversation, { type: 'input-complete', turn });
    }
    this.#isOwed = true;
    this.#wait();
  }

  #hear({ kind, event, hasPrompts }: RelayedAnswer): void {
    const nowMs = this.#deps.clock.now();
    if (this.#conversation !== undefined) this.#conversation.lastSeenMs = nowMs;
    // Whoever answers without a word before has taken the input for complete just now.
    if (event === 'end-of-input' || (hasPrompts && this.#asked === undefined)) this.#ask('speech');
    if (hasPrompts && !this.#hasSpoken) {
      this.#hasSpoken = true;
      this.#tell(({ turn, atMs }) => ({ type: 'first-audio', turn, afterMs: nowMs - atMs }));
    }
    if (kind === 'closing') this.#hasClosed = true;
    if (event === 'session-end') this.#ending = 'bot';
    if (event === 'transfer-to-agent') this.#ending = 'transfer';
    if (kind !== 'event-only') this.#isOwed = true;
  }

  #finishSending(): void {
    if (!this.#isSent) this.#upstream?.halfClose();
    this.#isSent = true;
    this.#isOwed = true;
    this.#wait();
  }

  #untilRoom(): Promise<void> {
    const room = this.#room.wait();
    this.#wait();
    return room;
  }

  /** The caller's side is full; how long that may last is the writer's business. */
  #holdBack(): void {
    this.#isHeldBack = true;
    this.#upstream?.pause();
    void this.#letGo();
  }

  async #letGo(): Promise<void> {
    await this.#sink.ready();
    this.#isHeldBack = false;
    if (this.#isDone) return;
    this.#upstream?.resume();
    this.#wait();
  }

  /** Begins anew to wait for the next thing that the other side has to do, if there is any. */
  #wait(): void {
    this.#patience?.cancel();
    this.#patience = undefined;
    if (this.#isDone || this.#isHeldBack || !(this.#isOwed || this.#room.isAwaited)) return;
    const { answerTimeoutMs, firstAudioTimeoutMs } = this.#rpc.agent.patience;
    const isSilent = this.#asked !== undefined && !this.#hasSpoken;
    const timeoutMs = isSilent ? Math.min(answerTimeoutMs, firstAudioTimeoutMs) : answerTimeoutMs;
    this.#patience = this.#deps.clock.setTimer(
      this.#hasHungUp ? Math.min(ENDING_TIMEOUT_MS, timeoutMs) : timeoutMs,
      () =>
        this.#fail(new GatewayError('ERR_HANDLER_TIMEOUT', 'the upstream did not answer in time')),
    );
  }

  #fail(error: GatewayError): void {
    this.#upstream?.cancel();
    const kind = error.code;
    reportRelayFailure(this.#deps, this.#rpc, this.#conversationId, error);
    this.#tell(({ turn }) => ({ type: 'bot-failed', turn, kind }));
    const conversation = this.#conversation;
    this.#leave(kind === 'ERR_HANDLER_TIMEOUT' ? 'timed-out' : 'failed');
    if (this.#hasClosed) this.#sink.complete();
    else if (this.#hasHungUp || conversation === undefined) this.#say(NOTHING_MORE);
    else this.#ending = sayFallback(conversation, this.#sink, this.#deps.metrics);
    this.#endConversation();
  }

  #complete(output: typeof NOTHING_MORE): void {
    this.#leave('answered');
    this.#say(output);
  }

  #say(output: typeof NOTHING_MORE): void {
    this.#sink.write(output);
    this.#sink.complete();
  }

  /** What the other side said of the call's end comes true once the caller's RPC has ended. */
  #endConversation(): void {
    if (this.#ending !== undefined && this.#conversation !== undefined)
      this.#deps.directory.end(this.#conversation, this.#ending);
  }

  /** Before the RPC is completed, for that calls back. */
  #leave(outcome: AnswerOutcome): void {
    this.#isDone = true;
    this.#patience?.cancel();
    this.#room.open();
    const nowMs = this.#deps.clock.now();
    this.#tell(({ turn, input, atMs }) => ({
      type: 'answer-ended',
      turn,
      input,
      outcome,
      durationMs: nowMs - atMs,
    }));
    if (this.#conversation === undefined) return;
    if (this.#asked !== undefined && outcome === 'answered') this.#conversation.failures = 0;
    this.#conversation.lastSeenMs = nowMs;
    this.#conversation.left(this);
  }

  #tell(toMoment: (asked: Asked) => CallMoment): void {
    if (this.#asked !== undefined && this.#conversation !== undefined)
      this.#deps.observe(this.#conversation, toMoment(this.#asked));
  }
}

function outputError(message: string): GatewayError {
  return new GatewayError('ERR_HANDLER_OUTPUT', message);
}
