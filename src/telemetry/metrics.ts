import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

import { registerPlainHistogram } from './plain-histogram.ts';
import { type Readings, addReadings } from './readings.ts';
import { SoundTally } from './sound-tally.ts';
import { TallyCounter } from './tally-counter.ts';

/** Latency buckets in seconds: a phone caller feels 0.2 s, and gives up at 5 s. */
const LATENCY_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30];

/** A packet is 20 ms of sound, and a process that is well handles it within 20 ms; 100 ms late is heard. */
const PACKET_DELAY_SECONDS = [
  0.001, 0.002, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.1, 0.2, 0.5, 1,
];

/**
 * Creates every series of the gateway. Labels are closed sets: no conversation, organisation or token id.
 *
 * @param registry Where they are registered; one a process, or a fresh one in a test.
 */
export function createMetrics(registry: Registry = new Registry()) {
  const registers = [registry];
  const sound = new SoundTally(
    registerPlainHistogram(registry, {
      name: 'byova_caller_packet_delay_seconds',
      help: 'How much later than real time packets of caller audio come, against the earliest of their RPC',
      buckets: PACKET_DELAY_SECONDS,
    }),
  );
  const readings: Readings = {};
  addReadings(registry, readings, sound);
  return {
    registry,
    /** Counted in plain numbers, read when scraped. */
    sound,
    /** Who to ask when scraped; whoever makes a part of the gateway puts its reading here. */
    readings,
    rpcs: new TallyCounter({
      name: 'byova_rpcs_total',
      help: 'RPCs completed, by method and gRPC status',
      labelNames: ['method', 'status'],
      registers,
    }),
    authentications: new TallyCounter({
      name: 'byova_authentications_total',
      help: 'Credentials checked, by result: ok or the error code',
      labelNames: ['result'],
      registers,
    }),
    tokenCacheHits: new TallyCounter({
      name: 'byova_token_cache_hits_total',
      help: 'Credentials answered from the verified-token cache',
      labelNames: [],
      registers,
    }),
    keyFetches: new Counter({
      name: 'byova_key_fetches_total',
      help: 'Fetches of issuer keys, by outcome',
      labelNames: ['outcome'],
      registers,
    }),
    keysStale: new Gauge({
      name: 'byova_keys_stale',
      help: 'Issuers whose keys are served past their time to live',
      aggregator: 'max',
      registers,
    }),
    replayDecisions: new Counter({
      name: 'byova_replay_decisions_total',
      help: 'Decisions of the replay guard, other than that a token is the current one, by policy and decision',
      labelNames: ['policy', 'decision'],
      registers,
    }),
    replayForgotten: new Counter({
      name: 'byova_replay_forgotten_total',
      help: 'Identities and token ids that the replay memory dropped before they expired, for want of room',
      registers,
    }),
    replayStoreFailures: new Counter({
      name: 'byova_replay_store_failures_total',
      help: 'Questions that the shared replay store did not answer',
      registers,
    }),
    replayStoreDegraded: new Gauge({
      name: 'byova_replay_store_degraded',
      help: 'Whether the shared replay store is down: 1, or 0',
      aggregator: 'max',
      registers,
    }),
    conversations: new Gauge({
      name: 'byova_conversations',
      help: 'Conversations held in this process',
      registers,
    }),
    conversationClaims: new Counter({
      name: 'byova_conversation_claims_total',
      help: 'RPCs that asked the conversation store whose their call is, by outcome: ours (new), restored, theirs, ended or failed',
      labelNames: ['outcome'],
      registers,
    }),
    forwardedRpcs: new Counter({
      name: 'byova_forwarded_rpcs_total',
      help: 'RPCs that were sent on to the replica that has their call, by gRPC status there; refused: tried again elsewhere',
      labelNames: ['status'],
      registers,
    }),
    conversationsLost: new Counter({
      name: 'byova_conversations_lost_total',
      help: 'Conversations of this process that another one has taken over meanwhile',
      registers,
    }),
    conversationStoreFailures: new Counter({
      name: 'byova_conversation_store_failures_total',
      help: 'Questions that the conversation store did not answer',
      registers,
    }),
    conversationStoreDegraded: new Gauge({
      name: 'byova_conversation_store_degraded',
      help: 'Whether the conversation store is down: 1, or 0',
      aggregator: 'max',
      registers,
    }),
    turns: new TallyCounter({
      name: 'byova_turns_total',
      help: 'Turns answered, by kind of input and outcome',
      labelNames: ['input', 'outcome'],
      registers,
    }),
    firstAnswerSeconds: new Histogram({
      name: 'byova_first_answer_seconds',
      help: 'From the end of the caller input to the first answer of the bot',
      buckets: LATENCY_SECONDS,
      registers,
    }),
    callsEnded: new TallyCounter({
      name: 'byova_calls_ended_total',
      help: 'Calls ended, by reason',
      labelNames: ['reason'],
      registers,
    }),
    bargeIns: new Counter({
      name: 'byova_barge_ins_total',
      help: 'Prompts that the caller cut short, by speech or digits',
      labelNames: ['by'],
      registers,
    }),
    bargeInStopSeconds: new Histogram({
      name: 'byova_barge_in_stop_seconds',
      help: 'From the caller cutting in to the end of the answer that is cut short',
      buckets: LATENCY_SECONDS,
      registers,
    }),
    fillers: new Counter({
      name: 'byova_fillers_total',
      help: 'Fillers that callers heard because a bot was late',
      registers,
    }),
    fallbacks: new Counter({
      name: 'byova_fallbacks_total',
      help: 'Answers given for a bot that failed, by what followed: listen, transfer or end',
      labelNames: ['action'],
      registers,
    }),
    recognitions: new Counter({
      name: 'byova_recognitions_total',
      help: 'Utterances that a speech recogniser was asked about, by outcome: text, empty or failed',
      labelNames: ['outcome'],
      registers,
    }),
    admissions: new TallyCounter({
      name: 'byova_admissions_total',
      help: 'Decisions on new calls: admitted, or what refused them: process, organisation, agent, share, loop-delay or memory',
      labelNames: ['decision'],
      registers,
    }),
    callOutcomes: new TallyCounter({
      name: 'byova_calls_total',
      help: 'Calls ended, by outcome: completed, transferred, abandoned, timed-out or failed',
      labelNames: ['outcome'],
      registers,
    }),
    overlaps: new Counter({
      name: 'byova_overlaps_total',
      help: 'RPCs that began while another one of the same call was open',
      registers,
    }),
    digits: new Counter({
      name: 'byova_digit_inputs_total',
      help: 'Messages with keypad digits',
      registers,
    }),
    firstAudioSeconds: new Histogram({
      name: 'byova_first_audio_seconds',
      help: 'From the complete input of the caller to the first sound of the answer, by bot',
      labelNames: ['bot'],
      buckets: LATENCY_SECONDS,
      registers,
    }),
    botLatencySeconds: new Histogram({
      name: 'byova_bot_latency_seconds',
      help: 'From asking a bot to the first thing that it gives back, by bot',
      labelNames: ['bot'],
      buckets: LATENCY_SECONDS,
      registers,
    }),
    turnSeconds: new Histogram({
      name: 'byova_turn_seconds',
      help: 'From the complete input of the caller to the end of the answer, by bot',
      labelNames: ['bot'],
      buckets: LATENCY_SECONDS,
      registers,
    }),
    botAnswers: new TallyCounter({
      name: 'byova_bot_answers_total',
      help: 'Answers of bots, by bot and how they ended',
      labelNames: ['bot', 'outcome'],
      registers,
    }),
    botFailures: new Counter({
      name: 'byova_bot_failures_total',
      help: 'Answers that a bot did not give, by kind of failure',
      labelNames: ['kind'],
      registers,
    }),
  };
}

/** What {@link createMetrics} returns; a room takes the part it counts. */
export type Metrics = ReturnType<typeof createMetrics>;

/** Gauges that prom-client names like counters; each is the sum of a series that is there as well. */
const MISNAMED = ['handles', 'requests', 'resources'].map(
  (name) => `byova_nodejs_active_${name}_total`,
);

/** Adds the process's own series: memory, CPU, garbage collection, event-loop delay. */
export function addProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry, prefix: 'byova_' });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
}
