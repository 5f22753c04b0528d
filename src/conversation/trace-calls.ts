import type { Clock } from '../core/clock.ts';
import type { Pseudonymise } from '../telemetry/pseudonyms.ts';
import type { TraceHeaders, TraceSpan, Tracing } from '../telemetry/tracing.ts';
import type { CallMoment, CallObserver } from './call-observer.ts';
import { type Conversation, MAX_OPEN_TURNS } from './conversation.ts';

/** Tells of calls as traces: a span a call, and within it a span a turn. */
export interface CallTracer {
  readonly observe: CallObserver;
  /** What a service that is asked on behalf of a turn, or of the call, is to be told; `undefined`: nobody traces. */
  headersOf(conversation: Conversation, turn?: number): TraceHeaders | undefined;
}

/** What a tracer works with. */
export interface CallTracerDeps {
  readonly tracing: Tracing;
  readonly clock: Pick<Clock, 'now'>;
  /** Absent: identifiers are told as they are. */
  readonly pseudonymise?: Pseudonymise | undefined;
}

interface TracedCall {
  readonly span: TraceSpan;
  readonly turns: Map<number, TraceSpan>;
  /** The caller's speech that the next turn answers. */
  speech: { readonly type: string; readonly atMs: number }[];
}

/** Speech that was taken back many times is told once. */
const MAX_SPEECH = 8;

/** Creates the tracer. Without an SDK it costs a question a call; with one a look-up a moment, and never anything a frame. */
export function traceCalls({ tracing, clock, pseudonymise }: CallTracerDeps): CallTracer {
  const calls = new WeakMap<Conversation, TracedCall>();
  let hasTraced = false;
  const nameOf = (identifier: string): string => pseudonymise?.(identifier) ?? identifier;

  const begin = (conversation: Conversation): void => {
    const { call, agent, trackingId } = conversation;
    const span = tracing.start('call', clock.now(), {
      'byova.conversation': nameOf(call.conversationId),
      'byova.organisation': nameOf(call.organisationId),
      'byova.agent': agent.id,
      'byova.bot': agent.bot.name,
      'byova.tracking_id': trackingId,
    });
    if (span === undefined) return;
    hasTraced = true;
    calls.set(conversation, { span, turns: new Map(), speech: [] });
  };

  /** The turn's span, which begins with the speech that it answers. */
  const turnOf = (held: TracedCall, turn: number): TraceSpan => {
    const known = held.turns.get(turn);
    if (known !== undefined) return known;
    const { speech } = held;
    held.speech = [];
    const startedAtMs = speech[0]?.atMs ?? clock.now();
    const span = held.span.start('turn', startedAtMs, { 'byova.turn': turn });
    for (const { type, atMs } of speech) span.event(type, atMs);
    if (held.turns.size >= MAX_OPEN_TURNS) held.turns.delete(turn - MAX_OPEN_TURNS);
    held.turns.set(turn, span);
    return span;
  };

  const tell = (held: TracedCall, conversation: Conversation, moment: CallMoment): void => {
    const atMs = clock.now();
    switch (moment.type) {
      case 'call-started':
      case 'call-returned':
        return;
      case 'call-left':
        return held.span.end(atMs, { 'byova.reason': 'left' });
      case 'speech-started':
      case 'speech-ended':
      case 'recognised':
        if (held.speech.length < MAX_SPEECH) held.speech.push({ type: moment.type, atMs });
        return;
      case 'interrupted':
        return held.span.event(moment.type, atMs, { by: moment.by });
      case 'asked':
        return turnOf(held, moment.turn).event(moment.type, atMs, { input: moment.input });
      case 'bot-failed':
        return turnOf(held, moment.turn).event(moment.type, atMs, { kind: moment.kind });
      case 'input-complete':
      case 'bot-answered':
      case 'first-audio':
      case 'filler':
        return turnOf(held, moment.turn).event(moment.type, atMs);
      case 'answer-ended': {
        const { turn, input, outcome } = moment;
        const isFailed = outcome === 'failed' || outcome === 'timed-out';
        turnOf(held, turn).end(
          atMs,
          { 'byova.input': input, 'byova.outcome': outcome },
          isFailed ? outcome : undefined,
        );
        held.turns.delete(turn);
        return;
      }
      case 'call-ended': {
        const outcome = conversation.figures.outcomeOf(moment.reason);
        return held.span.end(
          atMs,
          { 'byova.reason': moment.reason, 'byova.outcome': outcome },
          outcome === 'failed' ? moment.reason : undefined,
        );
      }
      default:
        moment satisfies never;
    }
  };

  return {
    observe(conversation, moment) {
      if (moment.type === 'call-started' || moment.type === 'call-returned') {
        if (tracing.isSetUp()) begin(conversation);
        return;
      }
      if (!hasTraced) return;
      const held = calls.get(conversation);
      if (held !== undefined) tell(held, conversation, moment);
    },
    headersOf(conversation, turn) {
      const held = calls.get(conversation);
      if (held === undefined) return undefined;
      return (turn === undefined ? held.span : turnOf(held, turn)).headers();
    },
  };
}
