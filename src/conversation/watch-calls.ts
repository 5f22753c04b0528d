import type { Clock } from '../core/clock.ts';
import type { BotInput } from '../handlers/bot-handler.ts';
import type { AnswerOutcome, CallMoment, CallObserver } from './call-observer.ts';
import { type Conversation, MAX_OPEN_TURNS } from './conversation.ts';

/** Who is doing something in a call at this moment. */
type CallState = 'listening' | 'caller-speaking' | 'bot-thinking' | 'bot-speaking';

/** Who a call belongs to, and which one it is; nothing of what is said in it. */
interface CallIdentity {
  /** Counts the calls of this process from 1. */
  readonly call: number;
  /** The first characters of the conversation id: enough to find it in the log. */
  readonly conversation: string;
  readonly organisation: string;
  /** Their names in logs and traces, whole, where these are pseudonyms. */
  readonly loggedAs?: { readonly conversation: string; readonly organisation: string };
  readonly agent: string;
  readonly bot: string;
}

/** A call that is under way. */
export interface LiveCall extends CallIdentity {
  readonly state: CallState;
  readonly startedAtMs: number;
  readonly turns: number;
  /** Answers in a row that the bot did not give. */
  readonly failures: number;
}

/** One answer that has ended. Times are in milliseconds from the complete input of the caller; absent: it never came. */
export interface RecentTurn extends CallIdentity {
  readonly turn: number;
  readonly input: BotInput['type'];
  readonly outcome: AnswerOutcome;
  /** Kind of the bot's failure, if it failed. */
  readonly failure?: string;
  readonly endedAtMs: number;
  readonly askedAfterMs?: number;
  /** The first thing that the bot gave back. */
  readonly botAfterMs?: number;
  readonly firstAudioAfterMs?: number;
  /** Everything was sent; it may still be playing. */
  readonly doneAfterMs: number;
}

/** All calls counted, and some of them one by one. */
export interface CallsSeen {
  readonly total: number;
  readonly byState: Readonly<Record<CallState, number>>;
  readonly byOrganisation: ReadonlyMap<string, number>;
  readonly byAgent: ReadonlyMap<string, number>;
  readonly calls: readonly LiveCall[];
}

/** Watches the calls of this process for people who want to see them. */
export interface CallWatch {
  readonly observe: CallObserver;
  /** Counts the calls as they are now, and shows at most `max`: those whose bot fails first, then the newest. */
  look(max: number): CallsSeen;
  /** The latest answers, newest first. */
  turns(): readonly RecentTurn[];
  /** Whose call a number is; `undefined` when it has ended. */
  find(
    call: number,
  ): { readonly organisation: string; readonly conversationId: string } | undefined;
}

/** Bounds of {@link watchCalls}. */
export interface CallWatchOptions {
  /** Most calls watched at once; those beyond are not seen. */
  readonly maxCalls: number;
  /** Answers remembered. Default 60. */
  readonly maxTurns?: number;
  /** How logs and traces name conversations and organisations; absent: as they are called. */
  readonly pseudonymise?: ((identifier: string) => string) | undefined;
}

const DEFAULT_MAX_TURNS = 60;
const SHOWN_ID_LENGTH = 8;

/** When what happened in an answer under way. */
interface Marks {
  readonly turn: number;
  askedAtMs: number | undefined;
  botAtMs: number | undefined;
  firstAudioAtMs: number | undefined;
  failure: string | undefined;
  /** The answer that began after this one. */
  next: Marks | undefined;
}

/** There is one for each call, so an idle one holds as little as can be. */
interface Watched {
  readonly call: number;
  /** Answers under way, oldest first. */
  marks: Marks | undefined;
}

type AnswerEnded = Extract<CallMoment, { readonly type: 'answer-ended' }>;

/** An answer that has ended, as it is remembered; what is shown of it is worked out when somebody looks. */
interface EndedTurn extends Omit<Marks, 'next'> {
  readonly call: number;
  readonly conversationId: string;
  readonly organisationId: string;
  readonly agent: string;
  readonly bot: string;
  readonly input: AnswerEnded['input'];
  readonly outcome: AnswerOutcome;
  readonly durationMs: number;
  readonly endedAtMs: number;
}

/** Creates a watch that sees nothing yet. It costs a look-up a moment, and nothing a frame. */
export function watchCalls(options: CallWatchOptions, clock: Pick<Clock, 'now'>): CallWatch {
  const { maxTurns = DEFAULT_MAX_TURNS, pseudonymise } = options;
  const watched = new Map<Conversation, Watched>();
  /** A ring; the oldest is overwritten. */
  const turns: EndedTurn[] = [];
  let oldest = 0;
  let calls = 0;

  const remember = (conversation: Conversation, held: Watched, moment: AnswerEnded): void => {
    const marks = takeMarks(held, moment.turn);
    // What the bot was listening to was no input after all.
    if (moment.outcome === 'withdrawn') return;
    const { call, agent } = conversation;
    turns[oldest] = {
      call: held.call,
      conversationId: call.conversationId,
      organisationId: call.organisationId,
      agent: agent.id,
      bot: agent.bot.name,
      turn: moment.turn,
      input: moment.input,
      outcome: moment.outcome,
      durationMs: moment.durationMs,
      endedAtMs: clock.now(),
      askedAtMs: marks?.askedAtMs,
      botAtMs: marks?.botAtMs,
      firstAudioAtMs: marks?.firstAudioAtMs,
      failure: marks?.failure,
    };
    oldest = (oldest + 1) % maxTurns;
  };

  return {
    observe(conversation, moment) {
      if (moment.type === 'call-started' || moment.type === 'call-returned') {
        if (watched.size < options.maxCalls)
          watched.set(conversation, { call: ++calls, marks: undefined });
        return;
      }
      const held = watched.get(conversation);
      if (held === undefined) return;
      switch (moment.type) {
        case 'call-ended':
        case 'call-left':
          watched.delete(conversation);
          return;
        case 'asked':
          marksOf(held, moment.turn).askedAtMs = clock.now();
          return;
        case 'bot-answered':
          marksOf(held, moment.turn).botAtMs = clock.now();
          return;
        case 'first-audio':
          marksOf(held, moment.turn).firstAudioAtMs = clock.now();
          return;
        case 'bot-failed':
          marksOf(held, moment.turn).failure = moment.kind;
          return;
        case 'answer-ended':
          remember(conversation, held, moment);
          return;
        case 'speech-started':
        case 'speech-ended':
        case 'recognised':
        case 'interrupted':
        case 'input-complete':
        case 'filler':
          return;
        default:
          moment satisfies never;
      }
    },
    look(max) {
      const byState = { listening: 0, 'caller-speaking': 0, 'bot-thinking': 0, 'bot-speaking': 0 };
      const byOrganisation = new Map<string, number>();
      const byAgent = new Map<string, number>();
      for (const [conversation, held] of watched) {
        byState[stateOf(conversation, held)] += 1;
        count(byOrganisation, conversation.call.organisationId);
        count(byAgent, conversation.agent.id);
      }
      const newestFirst = [...watched].toReversed();
      const failing = newestFirst.filter(([{ failures }]) => failures > 0).slice(0, max);
      const others = newestFirst
        .filter(([{ failures }]) => failures === 0)
        .slice(0, max - failing.length);
      const shown = [...failing, ...others].map(([conversation, held]) =>
        toLiveCall(conversation, held, pseudonymise),
      );
      return { total: watched.size, byState, byOrganisation, byAgent, calls: shown };
    },
    turns: () =>
      [...turns.slice(oldest), ...turns.slice(0, oldest)]
        .toReversed()
        .map((turn) => toTurn(turn, pseudonymise)),
    find(number) {
      for (const [{ call }, held] of watched)
        if (held.call === number)
          return { organisation: call.organisationId, conversationId: call.conversationId };
      return undefined;
    },
  };
}

/** Those of an answer, which begins with them if it is not known yet. */
function marksOf(held: Watched, turn: number): Marks {
  let last: Marks | undefined;
  let others = 0;
  for (let marks = held.marks; marks !== undefined; marks = marks.next) {
    if (marks.turn === turn) return marks;
    last = marks;
    others += 1;
  }
  const marks: Marks = {
    turn,
    askedAtMs: undefined,
    botAtMs: undefined,
    firstAudioAtMs: undefined,
    failure: undefined,
    next: undefined,
  };
  if (last === undefined) held.marks = marks;
  else last.next = marks;
  if (others >= MAX_OPEN_TURNS) held.marks = held.marks?.next;
  return marks;
}

/** Those of an answer that has ended, which is under way no more. */
function takeMarks(held: Watched, turn: number): Marks | undefined {
  let before: Marks | undefined;
  for (let marks = held.marks; marks !== undefined; marks = marks.next) {
    if (marks.turn === turn) {
      if (before === undefined) held.marks = marks.next;
      else before.next = marks.next;
      return marks;
    }
    before = marks;
  }
  return undefined;
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** The conversation knows best; answers under way tell of bots whose sound does not pass through here. */
function stateOf({ ear, playback, answering }: Conversation, { marks }: Watched): CallState {
  if (ear?.isSpeaking === true) return 'caller-speaking';
  if (playback.isPlaying()) return 'bot-speaking';
  if (marks === undefined && answering === undefined) return 'listening';
  return marks?.firstAudioAtMs === undefined ? 'bot-thinking' : 'bot-speaking';
}

function identify(
  held: Pick<EndedTurn, 'call' | 'conversationId' | 'organisationId' | 'agent' | 'bot'>,
  pseudonymise: CallWatchOptions['pseudonymise'],
): CallIdentity {
  const { call, conversationId, organisationId, agent, bot } = held;
  return {
    call,
    conversation: conversationId.slice(0, SHOWN_ID_LENGTH),
    organisation: organisationId,
    ...(pseudonymise && {
      loggedAs: {
        conversation: pseudonymise(conversationId),
        organisation: pseudonymise(organisationId),
      },
    }),
    agent,
    bot,
  };
}

function toLiveCall(
  conversation: Conversation,
  held: Watched,
  pseudonymise: CallWatchOptions['pseudonymise'],
): LiveCall {
  const { call, agent, startedAtMs, turns, failures } = conversation;
  const { conversationId, organisationId } = call;
  const identity = identify(
    { call: held.call, conversationId, organisationId, agent: agent.id, bot: agent.bot.name },
    pseudonymise,
  );
  return { ...identity, state: stateOf(conversation, held), startedAtMs, turns, failures };
}

function toTurn(ended: EndedTurn, pseudonymise: CallWatchOptions['pseudonymise']): RecentTurn {
  const { turn, input, outcome, failure, durationMs, endedAtMs } = ended;
  const { askedAtMs, botAtMs, firstAudioAtMs } = ended;
  // A bot that hears the caller as he speaks is asked, and may answer, before the input is complete.
  const after = (atMs: number): number => Math.max(0, Math.round(atMs - endedAtMs + durationMs));
  return {
    ...identify(ended, pseudonymise),
    turn,
    input,
    outcome,
    endedAtMs,
    doneAfterMs: Math.round(durationMs),
    ...(askedAtMs === undefined ? {} : { askedAfterMs: after(askedAtMs) }),
    ...(botAtMs === undefined ? {} : { botAfterMs: after(botAtMs) }),
    ...(firstAudioAtMs === undefined ? {} : { firstAudioAfterMs: after(firstAudioAtMs) }),
    ...(failure === undefined ? {} : { failure }),
  };
}
