import { type Aggregator, Counter, Gauge, type Registry } from 'prom-client';

import type { SoundTally } from './sound-tally.ts';

/** What an RPC of a call is doing. */
type StreamState = 'opened' | 'listening' | 'collecting' | 'streaming' | 'answering' | 'relayed';

const STREAM_STATES: readonly StreamState[] = [
  'opened',
  'listening',
  'collecting',
  'streaming',
  'answering',
  'relayed',
];
const BREAKER_STATES = ['closed', 'open', 'half-open'] as const;

/** State that is read when somebody asks for metrics, in this process and without waiting. What is missing has no samples. */
export interface Readings {
  /** Open RPCs of calls, by what they are doing. */
  streams?: () => Readonly<Partial<Record<StreamState, number>>>;
  issuers?: () => readonly {
    readonly issuer: string;
    readonly keys: number;
    readonly ageMs: number | undefined;
  }[];
  /** Verified tokens that are remembered. */
  rememberedTokens?: () => number;
  /** Until something expires, in milliseconds; `undefined`: there is none. */
  certificateExpiresInMs?: () => number | undefined;
  tokenExpiresInMs?: () => number | undefined;
  /** Agents of the configuration whose bots are guarded. */
  bots?: () => readonly {
    readonly agent: string;
    readonly breaker: 'closed' | 'open' | 'half-open';
    readonly inFlight: number;
    readonly maxConcurrent: number;
  }[];
  /** Bytes that wait to be written, of answers to clients and of the log. */
  writeQueueBytes?: () => number;
  logQueueBytes?: () => number;
  logLinesDropped?: () => number;
  /** Texts that wait for a thread which speaks. */
  speechQueue?: () => number;
  connections?: () => {
    readonly open: number;
    readonly maxOpen: number;
    readonly unproven: number;
    readonly maxUnproven: number;
  };
  /** The two signals that refuse new calls. */
  pressure?: () => { readonly loopDelayMs: number; readonly heapShare: number };
  build?: { readonly version: string };
}

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/** Adds the series that are read, not counted. Labels are issuers and agents of the configuration, and closed lists. */
export function addReadings(registry: Registry, readings: Readings, sound: SoundTally): void {
  const registers = [registry];
  const gauge = (
    name: string,
    help: string,
    labelNames: readonly string[],
    read: () => readonly Sample[],
    aggregator: Aggregator = 'sum',
  ): unknown =>
    new Gauge({
      name,
      help,
      labelNames,
      aggregator,
      registers,
      collect() {
        this.reset();
        for (const [labels, value] of read()) this.set(labels, value);
      },
    });
  const counter = (
    name: string,
    help: string,
    labelNames: readonly string[],
    read: () => readonly Sample[],
  ): unknown =>
    new Counter({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const [labels, value] of read()) this.inc(labels, value);
      },
    });

  counter(
    'byova_audio_bytes_total',
    'Bytes of sound, by direction: in from callers, out to them',
    ['direction'],
    () => [
      [{ direction: 'in' }, sound.callerBytes],
      [{ direction: 'out' }, sound.promptBytes],
    ],
  );
  counter(
    'byova_audio_seconds_total',
    'Seconds of sound, by direction: in from callers, out to them; answers of a relay are not counted',
    ['direction'],
    () => [
      [{ direction: 'in' }, sound.callerSeconds],
      [{ direction: 'out' }, sound.promptSeconds],
    ],
  );
  counter(
    'byova_audio_dropped_bytes_total',
    'Bytes of caller sound that a bot or recogniser did not get, for the utterance was too long',
    [],
    () => [[{}, sound.droppedBytes]],
  );
  counter(
    'byova_log_lines_dropped_total',
    'Log lines thrown away because nobody took them',
    [],
    () => [[{}, readings.logLinesDropped?.() ?? 0]],
  );
  gauge(
    'byova_queue_bytes',
    'Bytes that wait, by queue: writes to clients, ears of bots and recognisers, log',
    ['queue'],
    () => [
      [{ queue: 'writes' }, readings.writeQueueBytes?.() ?? 0],
      [{ queue: 'ears' }, sound.waitingBytes],
      [{ queue: 'log' }, readings.logQueueBytes?.() ?? 0],
    ],
  );
  gauge(
    'byova_speech_queue_length',
    'Texts that wait for a thread of the embedded voice',
    [],
    () => [[{}, readings.speechQueue?.() ?? 0]],
  );
  gauge(
    'byova_connections',
    'Open connections, by whether an RPC was admitted on them: proven or unproven',
    ['state'],
    () => {
      const counts = readings.connections?.();
      if (counts === undefined) return [];
      return [
        [{ state: 'proven' }, counts.open - counts.unproven],
        [{ state: 'unproven' }, counts.unproven],
      ];
    },
  );
  gauge('byova_streams', 'Open RPCs of calls, by what they are doing', ['state'], () => {
    const counts = readings.streams?.() ?? {};
    return STREAM_STATES.map((state) => [{ state }, counts[state] ?? 0]);
  });
  gauge(
    'byova_keys',
    'Keys held, by issuer',
    ['issuer'],
    () => (readings.issuers?.() ?? []).map(({ issuer, keys }) => [{ issuer }, keys]),
    'max',
  );
  gauge(
    'byova_keys_age_seconds',
    'Since the keys of an issuer were fetched',
    ['issuer'],
    () =>
      (readings.issuers?.() ?? []).flatMap(({ issuer, ageMs }): readonly Sample[] =>
        ageMs === undefined ? [] : [[{ issuer }, ageMs / 1_000]],
      ),
    'max',
  );
  gauge('byova_token_cache_size', 'Verified tokens that are remembered', [], () => [
    [{}, readings.rememberedTokens?.() ?? 0],
  ]);
  gauge(
    'byova_expires_in_seconds',
    'Until the certificate in service, or the first of the tokens in use, expires',
    ['of'],
    () => [
      ...countdown('certificate', readings.certificateExpiresInMs?.()),
      ...countdown('token', readings.tokenExpiresInMs?.()),
    ],
    'min',
  );
  gauge(
    'byova_bot_breaker',
    'State of the breaker before the bot of an agent: 1 for the one it is in',
    ['agent', 'state'],
    () =>
      (readings.bots?.() ?? []).flatMap(({ agent, breaker }) =>
        BREAKER_STATES.map((state): Sample => [{ agent, state }, state === breaker ? 1 : 0]),
      ),
  );
  gauge('byova_bot_in_flight', 'Answers that the bot of an agent is giving', ['agent'], () =>
    (readings.bots?.() ?? []).map(({ agent, inFlight }) => [{ agent }, inFlight]),
  );
  gauge('byova_bot_max_in_flight', 'Most answers at once of the bot of an agent', ['agent'], () =>
    (readings.bots?.() ?? []).map(({ agent, maxConcurrent }) => [{ agent }, maxConcurrent]),
  );
  gauge(
    'byova_pressure',
    'Signals that refuse new calls: loop-delay in seconds, heap as a share of its limit',
    ['signal'],
    () => {
      const pressure = readings.pressure?.();
      if (pressure === undefined) return [];
      return [
        [{ signal: 'loop-delay' }, pressure.loopDelayMs / 1_000],
        [{ signal: 'heap' }, pressure.heapShare],
      ];
    },
    'max',
  );
  gauge(
    'byova_build_info',
    'Always 1; version of the gateway and of Node.js',
    ['version', 'node'],
    () =>
      readings.build === undefined
        ? []
        : [[{ version: readings.build.version, node: process.versions.node }, 1]],
    'first',
  );
}

function countdown(of: string, leftMs: number | undefined): readonly Sample[] {
  return leftMs === undefined ? [] : [[{ of }, leftMs / 1_000]];
}
