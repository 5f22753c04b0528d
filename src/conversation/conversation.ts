import type { Clock } from '../core/clock.ts';
import type { BotCall, BotHandler, Interruption } from '../handlers/bot-handler.ts';
import type { ListenSettings } from '../handlers/listen-settings.ts';
import type { Agent } from './agent.ts';
import { CallFigures } from './call-figures.ts';
import type { Interrupter } from './barge-in.ts';
import type { Ear } from './ear.ts';
import { type CutOff, type Playback, createPlayback } from './playback.ts';
import type { TurnState } from './turn-state.ts';

/**
 * Why an answer is called off.
 *
 * `interrupted`: the caller spoke over it, the RPC gets its terminator. `cancelled`: the RPC is gone, nothing is
 * written. `ended`: the call is over, the RPC is completed without a prompt. `timed-out`: the bot took too long, the
 * caller hears an apology. `revoked`: the organisation is no longer welcome, the RPC fails. `withdrawn`: what the bot was
 * listening to was no input after all; nothing is written, and the RPC goes on.
 */
export type AnswerFate =
  | 'interrupted'
  | 'cancelled'
  | 'ended'
  | 'timed-out'
  | 'revoked'
  | 'withdrawn';

/** An answer that is being given. */
export interface Answer {
  /** Calls the answer off; only the first fate counts. `interrupted` goes to the answer that this one waits for, if any. */
  abort(fate: AnswerFate): void;
  /** Whether the caller may cut it short now. */
  isInterruptible(by: Interrupter): boolean;
  /** The caller has finished what the bot is listening to, and waits from now on. */
  inputComplete(): void;
  /** Resolves when the RPC was completed or is gone; never rejects. */
  readonly done: Promise<void>;
}

/** An RPC of the conversation that is still open. */
export interface OpenTurn {
  /** What it is doing. */
  readonly state: () => TurnState | 'relayed';
  /** A newer RPC owns the caller's input from now on. */
  superseded(): void;
  /** Completes the RPC unless it answers. */
  release(): void;
  /** The call is over or its owner is no longer welcome: completes or fails the RPC. */
  conversationEnded(fate: AnswerFate): void;
}

/** A {@link BotCall} whose language can still be learned. */
type MutableCall = BotCall & { language: string };

/** Most RPCs of one call that may be open at once; barge-in needs two. */
export const MAX_OPEN_TURNS = 8;

/**
 * One phone call, across its many RPCs. Hot shared state, hence a class: the directory owns it, its turns change it.
 */
export class Conversation {
  readonly key: string;
  readonly agent: Agent;
  /** The call as the bot sees it; its language becomes known with the first audio. */
  readonly call: MutableCall;
  readonly playback: Playback;
  readonly startedAtMs: number;
  /** Whether SESSION_START was answered. */
  hasStarted = false;
  hasEnded = false;
  /** How the next input is listened to. */
  listen: ListenSettings;
  /** What of the answer before was heard, when the caller cut it short; handed to the next answer. */
  interrupted: Interruption | undefined;
  /** Answers in a row that the bot did not give. */
  failures = 0;
  /** The answer that is being given; later ones wait for it. */
  answering: Answer | undefined;
  inputOwner: OpenTurn | undefined;
  readonly openTurns = new Set<OpenTurn>();
  /** RPCs that are on their way here, and wait for it. */
  awaitedBy = 0;
  /** Told when an RPC has ended; set where the conversation is shared with other processes. */
  onTurnLeft: (() => void) | undefined;
  /** Made on the first caller audio. */
  ear: Ear | undefined;
  turns = 0;
  /** Its story so far. */
  readonly figures = new CallFigures();
  /** Webex's correlation id of the RPC that came last. */
  trackingId = '';
  lastSeenMs: number;
  /** Texts for the last response of the call. */
  transcript: string | undefined;
  summary: string | undefined;

  constructor(
    key: string,
    agent: Agent,
    call: MutableCall,
    clock: Clock,
    startedAtMs = clock.now(),
  ) {
    this.key = key;
    this.agent = agent;
    this.call = call;
    this.playback = createPlayback(clock, agent.bargeIn.protectMs);
    this.listen = agent.listen;
    this.startedAtMs = startedAtMs;
    this.lastSeenMs = clock.now();
  }

  get bot(): BotHandler {
    return this.agent.bot;
  }

  /** Whether the next input of the caller is confidential. */
  get isSensitive(): boolean {
    return this.listen.sensitive ?? false;
  }

  /** An RPC has ended. */
  left(turn: OpenTurn): void {
    this.openTurns.delete(turn);
    this.onTurnLeft?.();
  }

  /** Whether speech or digits of the caller must be ignored, because of what plays or is being said. */
  isClosedTo(by: Interrupter): boolean {
    return (
      this.playback.isClosedTo(by) ||
      (this.answering !== undefined && !this.answering.isInterruptible(by))
    );
  }

  /** The caller cut in: stops the answer that is being given and forgets what was not played. */
  interrupt(by: Interrupter): CutOff | undefined {
    if (this.answering?.isInterruptible(by) === true) this.answering.abort('interrupted');
    const cut = this.playback.cut();
    if (cut === undefined) return undefined;
    this.interrupted = { heardMs: cut.heardMs, heardText: cut.heardText };
    return cut;
  }
}
