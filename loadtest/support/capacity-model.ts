import { placesFor } from './erlang.ts';
import type { UnitCosts } from './unit-costs.ts';

/** What is expected of callers. */
export interface Demand {
  /** In the busiest hour. */
  readonly callsPerHour: number;
  readonly meanCallSeconds: number;
  /** The greeting is one. */
  readonly turnsPerCall: number;
  /** Of each answer: µ-law, 8000 Hz. */
  readonly promptBytes: number;
  /** Of sound, from each caller, as long as the call lasts. */
  readonly framesPerSecond: number;
  readonly organisations: number;
  /** A kind of `loadtest:costs`, such as `script`. */
  readonly bot: string;
}

/** What an operator decides. */
export interface Policy {
  /** Of each core, at the peak, 0 to 1. */
  readonly utilisation: number;
  /** Share of the calls that may find no room, at the peak. */
  readonly blocking: number;
  /** Processes that may be missing. */
  readonly spareReplicas: number;
  /** Calls go on at another process when theirs dies. */
  readonly sharesCalls: boolean;
  /** By name, of those that were measured; absent: callers reach the gateway itself. */
  readonly balancer?: string;
  /** Guess: how many calls Webex carries on a connection. */
  readonly callsPerConnection: number;
}

/** What goes over the wire for a frame of sound, for an answer beside its sound, and for a request. */
export interface WireSizes {
  readonly frameBytes: number;
  readonly turnBytes: number;
}

/** What it takes. */
export interface Plan {
  /** On the mean; Little's law. */
  readonly calls: number;
  /** Erlang's formula B. */
  readonly peakCalls: number;
  readonly turnsPerSecond: number;
  readonly framesPerSecond: number;
  readonly callsPerReplica: number;
  /** One process on one core each; with those that may be missing. */
  readonly replicas: number;
  /** What they use together at the peak, in cores. */
  readonly cores: number;
  readonly bytesPerReplica: number;
  readonly connections: number;
  /** Open at once. */
  readonly streams: number;
  /** Sound and messages from callers, and to them, at the peak. */
  readonly inBitsPerSecond: number;
  readonly outBitsPerSecond: number;
  readonly redis?: RedisPlan;
  /** Cores of the balancer at the peak. */
  readonly balancerCores?: number;
}

/** What Redis has to do. */
interface RedisPlan {
  readonly conversationsPerSecond: number;
  readonly heartbeatsPerSecond: number;
  readonly replayChecksPerSecond: number;
  readonly questionsPerSecond: number;
  /** Of a core. */
  readonly cpu: number;
  /** Servers with one core each, at the utilisation of the policy. */
  readonly servers: number;
  readonly bytes: number;
}

/** A process asks again what Redis thinks of a token when its knowledge is half a second old. `src/auth/remember-decisions.ts` */
const REPLAY_RECHECK_SECONDS = 0.5;
/** How long Redis remembers a call after its end: `conversation.idleTimeoutSeconds`, and a minute. */
const ENDED_SECONDS = 660;
const SECONDS_PER_HOUR = 3_600;

/** Share of a core that a process takes for so many calls at once. */
export function cpuOfCalls(
  calls: number,
  demand: Demand,
  policy: Policy,
  costs: UnitCosts,
): number {
  const { meanCallSeconds, turnsPerCall, promptBytes } = demand;
  const perTurn =
    costs.turnMicros(promptBytes) +
    (costs.botMicros[demand.bot] ?? 0) +
    (policy.sharesCalls ? costs.sharedTurnMicros : 0);
  // The first turn is the greeting, which is in the price of the call.
  const turns = ((turnsPerCall - 1) / meanCallSeconds) * perTurn;
  const begins = costs.callMicros / meanCallSeconds;
  return costs.frameCpu(calls * demand.framesPerSecond) + (calls * (turns + begins)) / 1e6;
}

/** The most calls with which a process stays within the utilisation, and its frames in time. */
export function callsPerReplica(demand: Demand, policy: Policy, costs: UnitCosts): number {
  let low = 0;
  let high = 100_000;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (cpuOfCalls(middle, demand, policy, costs) <= policy.utilisation) low = middle;
    else high = middle;
  }
  return Math.min(low, costs.mostCalls ?? Infinity);
}

/** Calculates what a demand takes. */
export function planCapacity(
  demand: Demand,
  policy: Policy,
  costs: UnitCosts,
  wire: WireSizes,
): Plan {
  const arrivalsPerSecond = demand.callsPerHour / SECONDS_PER_HOUR;
  const calls = arrivalsPerSecond * demand.meanCallSeconds;
  const peakCalls = placesFor(calls, policy.blocking);
  const most = callsPerReplica(demand, policy, costs);
  const needed = Math.max(1, Math.ceil(peakCalls / most));
  const replicas = needed + policy.spareReplicas;
  const turnsPerSecond = (peakCalls * demand.turnsPerCall) / demand.meanCallSeconds;
  const framesPerSecond = peakCalls * demand.framesPerSecond;
  const balancer = costs.balancers.find(({ name }) => name === policy.balancer);
  return {
    calls,
    peakCalls,
    turnsPerSecond,
    framesPerSecond,
    callsPerReplica: most,
    replicas,
    cores: cpuOfCalls(peakCalls / replicas, demand, policy, costs) * replicas,
    bytesPerReplica: costs.processBytes + Math.ceil(peakCalls / needed) * costs.callBytes,
    connections: Math.ceil(peakCalls / policy.callsPerConnection),
    streams: peakCalls,
    inBitsPerSecond: (framesPerSecond * wire.frameBytes + turnsPerSecond * wire.turnBytes) * 8,
    outBitsPerSecond: turnsPerSecond * (demand.promptBytes + wire.turnBytes) * 8,
    ...(policy.sharesCalls
      ? { redis: planRedis({ calls: peakCalls, turnsPerSecond, replicas }, demand, policy, costs) }
      : {}),
    ...(balancer === undefined
      ? {}
      : {
          balancerCores:
            (framesPerSecond * balancer.frameMicros + turnsPerSecond * balancer.turnMicros) / 1e6,
        }),
  };
}

/** A claim and a release a turn, an end a call, a heartbeat a second from each process, and what it asks of each token that it sees. */
function planRedis(
  load: { readonly calls: number; readonly turnsPerSecond: number; readonly replicas: number },
  demand: Demand,
  policy: Policy,
  costs: UnitCosts,
): RedisPlan {
  const { calls, turnsPerSecond, replicas } = load;
  const endsPerSecond = calls / demand.meanCallSeconds;
  const conversationsPerSecond = turnsPerSecond * costs.redisQuestionsPerTurn + endsPerSecond;
  const replayChecksPerSecond = replayChecks(turnsPerSecond + endsPerSecond, {
    pairs: replicas * demand.organisations,
  });
  const cpu =
    (turnsPerSecond * costs.redisTurnMicros +
      (endsPerSecond + replayChecksPerSecond) * costs.redisQuestionMicros +
      replicas * costs.redisBeatMicros) /
    1e6;
  return {
    conversationsPerSecond,
    heartbeatsPerSecond: replicas,
    replayChecksPerSecond,
    questionsPerSecond: conversationsPerSecond + replicas + replayChecksPerSecond,
    cpu,
    servers: Math.max(1, Math.ceil(cpu / policy.utilisation)),
    bytes: calls * costs.redisCallBytes + endsPerSecond * ENDED_SECONDS * costs.redisEndedBytes,
  };
}

/** RPCs come at random to each pair of a process and an organisation, which asks at the first one after its time. */
export function replayChecks(rpcsPerSecond: number, { pairs }: { readonly pairs: number }): number {
  const each = rpcsPerSecond / pairs;
  return (pairs * each) / (1 + each * REPLAY_RECHECK_SECONDS);
}
