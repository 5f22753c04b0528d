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

interface Marks {
  readonly turn: number;
  askedAtMs?: number;
  botAtMs?: number;
  firstAudioAtMs?: number;
  failure?: string;
}

interface Watched {
  readonly call: number;
  /** Answers under way, oldest first. */
  marks: Marks[];
}

/** Creates a watch that sees nothing yet. It costs a look-up a moment, and nothing a frame. */
export function watchCalls(options: CallWatchOptions, clock: Pick<Clock, 'now'>): CallWatch {
  const { maxTurns = DEFAULT_MAX_TURNS, pseudonymise } = options;
  const watched = new Map<Conversation, Watched>();
  const turns: RecentTurn[] = [];
  let calls = 0;

  const marksOf = (held: Watched, turn: number): Marks => {
    const known = held.marks.find((marks) => marks.turn === turn);
    if (known !== undefined) return known;
    const marks: Marks = { turn };
    held.marks.push(marks);
    if (held.marks.length > MAX_OPEN_TURNS) held.marks.shift();
    return marks;
  };
  const remember = (
    conversation: Conversation,
    held: Watched,
    moment: Extract<CallMoment, { readonly type: 'answer-ended' }>,
  ): void => {
    const marks = marksOf(held, moment.turn);
    held.marks = held.marks.filter((one) => one !== marks);
    // What the bot was listening to was no input after all.
    if (moment.outcome === 'withdrawn') return;
    turns.push(toTurn(identify(conversation, held, pseudonymise), marks, moment, clock.now()));
    if (turns.length > maxTurns) turns.shift();
  };

  return {
    observe(conversation, moment) {
      if (moment.type === 'call-started' || moment.type === 'call-returned') {
        if (watched.size < options.maxCalls)
          watched.set(conversation, { call: ++calls, marks: [] });
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
    turns: () => turns.toReversed(),
    find(number) {
      for (const [{ call }, held] of watched)
        if (held.call === number)
          return { organisation: call.organisationId, conversationId: call.conversationId };
      return undefined;
    },
  };
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** The conversation knows best; answers under way tell of bots whose sound does not pass through here. */
function stateOf({ ear, playback, answering }: Conversation, { marks }: Watched): CallState {
  if (ear?.isSpeaking === true) return 'caller-speaking';
  if (playback.isPlaying()) return 'bot-speaking';
  const current = marks[0];
  if (current === undefined && answering === undefined) return 'listening';
  return current?.firstAudioAtMs === undefined ? 'bot-thinking' : 'bot-speaking';
}

function identify(
  { call, agent }: Conversation,
  held: Watched,
  pseudonymise: CallWatchOptions['pseudonymise'],
): CallIdentity {
  const { conversationId, organisationId } = call;
  return {
    call: held.call,
    conversation: conversationId.slice(0, SHOWN_ID_LENGTH),
    organisation: organisationId,
    ...(pseudonymise && {
      loggedAs: {
        conversation: pseudonymise(conversationId),
        organisation: pseudonymise(organisationId),
      },
    }),
    agent: agent.id,
    bot: agent.bot.name,
  };
}

function toLiveCall(
  conversation: Conversation,
  held: Watched,
  pseudonymise: CallWatchOptions['pseudonymise'],
): LiveCall {
  const { startedAtMs, turns, failures } = conversation;
  const state = stateOf(conversation, held);
  return { ...identify(conversation, held, pseudonymise), state, startedAtMs, turns, failures };
}

function toTurn(
  identity: CallIdentity,
  { askedAtMs, botAtMs, firstAudioAtMs, failure }: Marks,
  { turn, input, outcome, durationMs }: Extract<CallMoment, { readonly type: 'answer-ended' }>,
  endedAtMs: number,
): RecentTurn {
  // A bot that hears the caller as he speaks is asked, and may answer, before the input is complete.
  const after = (atMs: number): number => Math.max(0, Math.round(atMs - endedAtMs + durationMs));
  return {
    ...identity,
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
