import { FRAME_MS } from '../../src/audio/audio-format.ts';
import { connectWebex, type Webex } from '../../src/simulator/caller.ts';
import type { CallerAction } from '../../src/simulator/caller-script.ts';
import { createFrameTickers } from '../../src/simulator/frame-ticker.ts';
import { type CallStopwatch, createCallStopwatch } from './call-stopwatch.ts';
import { type GatewayChild, ORGANISATION } from './gateway-child.ts';
import type { Utterance } from './utterances.ts';

const CALLS_PER_CONNECTION = 50;
/** How long a caller listens before cutting in: this, and up to as much again. */
const LISTEN_MS = 1_200;
const MAX_CALL_MS = 90_000;

/** One call that is over. */
export interface TimedCall {
  readonly stopwatch: CallStopwatch;
  readonly utterance: Utterance;
  /** What went wrong, by kind. */
  readonly errors: readonly string[];
}

/** Places calls in real time, all on one ticker. */
export interface CallLoad {
  /** Calls an agent, says the same thing `times` times, cutting in on each answer, and hangs up. */
  call(agentId: string, times: number): Promise<TimedCall>;
  close(): void;
}

/** Creates the load for about `calls` calls at once. */
export function createCallLoad(
  { target, token }: GatewayChild,
  calls: number,
  utterances: readonly Utterance[],
): CallLoad {
  const tickers = createFrameTickers();
  const lines: readonly Webex[] = Array.from(
    { length: Math.ceil(calls / CALLS_PER_CONNECTION) },
    () => connectWebex({ target, token, tickers }),
  );
  let placed = 0;
  return {
    async call(agentId, times) {
      const line = lines[placed % lines.length];
      const utterance = utterances[placed % utterances.length];
      placed += 1;
      if (line === undefined || utterance === undefined) throw new TypeError('nothing to say');
      const stopwatch = createCallStopwatch();
      const { outcome, failure, violations, events } = await line.placeCall({
        organisationId: ORGANISATION,
        agentId,
        record: false,
        maxCallMs: MAX_CALL_MS,
        script: createScript(utterance, times),
        onEvent: stopwatch.note,
      });
      return {
        stopwatch,
        utterance,
        errors: [
          ...stopwatch.faults,
          ...(outcome === 'failed' ? [failure?.reason ?? 'failed'] : []),
          ...violations.map(({ name }) => name),
          ...events.flatMap(({ type }) => (type === 'speech-unheard' ? [type] : [])),
        ],
      };
    },
    close() {
      for (const line of lines) line.close();
    },
  };
}

function createScript({ audio }: Utterance, times: number): readonly CallerAction[] {
  const rounds = Array.from({ length: times }, (): readonly CallerAction[] => [
    {
      type: 'silence',
      ms: Math.round((LISTEN_MS * (1 + Math.random())) / FRAME_MS) * FRAME_MS,
      bargeIn: true,
    },
    { type: 'speak', audio, bargeIn: true },
  ]);
  return [...rounds.flat(), { type: 'hang-up', bargeIn: true }];
}

/** Starts `count` of something, evenly spread over `spreadMs`, and waits for all. */
export function startSpread<T>(
  count: number,
  spreadMs: number,
  start: (index: number) => Promise<T>,
): Promise<T[]> {
  return Promise.all(
    Array.from(
      { length: count },
      (_, index) =>
        new Promise<T>((resolve, reject) => {
          setTimeout(() => void start(index).then(resolve, reject), (index * spreadMs) / count);
        }),
    ),
  );
}

/** How late the gateway's answers are: the time between a frame that decides something and the news of it, in milliseconds. */
export function frameDelays(calls: readonly TimedCall[]): readonly number[] {
  return calls.flatMap(({ stopwatch, utterance }) =>
    stopwatch.utterances.flatMap(({ startMs, endMs }) => [
      startMs - utterance.onsetMs,
      endMs - utterance.endMs,
    ]),
  );
}

/** Counts errors of calls by kind. */
export function countErrors(calls: readonly TimedCall[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const kind of calls.flatMap(({ errors }) => errors)) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
