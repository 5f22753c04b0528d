import { describe, expect, it } from 'vitest';

import {
  type Demand,
  type Policy,
  callsPerReplica,
  cpuOfCalls,
  planCapacity,
  replayChecks,
} from '../../loadtest/support/capacity-model.ts';
import type { UnitCosts } from '../../loadtest/support/unit-costs.ts';

const demand: Demand = {
  callsPerHour: 3_600,
  meanCallSeconds: 100,
  turnsPerCall: 11,
  promptBytes: 8_000,
  framesPerSecond: 50,
  organisations: 2,
  bot: 'script',
};
const policy: Policy = {
  utilisation: 0.5,
  blocking: 1e-4,
  spareReplicas: 1,
  sharesCalls: true,
  balancer: 'haproxy',
  callsPerConnection: 50,
};
const costs: UnitCosts = {
  turnMicros: (bytes) => 300 + bytes / 100,
  botMicros: { script: 0, http: 600 },
  callMicros: 1_000,
  tokenMicros: 200,
  handshakeMicros: 800,
  tlsFrameMicros: 1,
  sharedTurnMicros: 20,
  frameCpu: (framesPerSecond) => 0.01 + framesPerSecond * 20e-6,
  processBytes: 100e6,
  callBytes: 10_000,
  redisTurnMicros: 40,
  redisQuestionMicros: 10,
  redisBeatMicros: 5,
  redisQuestionsPerTurn: 2,
  redisCallBytes: 2_000,
  redisEndedBytes: 1_000,
  balancers: [{ name: 'haproxy', turnMicros: 100, frameMicros: 10 }],
};
const wire = { frameBytes: 400, turnBytes: 1_500 };

describe('the capacity model', () => {
  it('adds up frames, turns behind the greeting, and begins of calls', () => {
    // 50 frames × 20 µs, a tenth of a turn of 300 + 80 + 20 µs, a hundredth of a call of 1000 µs; and what an idle process takes.
    const each = 50 * 20 + 0.1 * 400 + 0.01 * 1_000;
    expect(cpuOfCalls(100, demand, policy, costs)).toBeCloseTo(0.01 + (100 * each) / 1e6, 10);
  });

  it('charges for another bot, and for sharing only where calls are shared', () => {
    const alone = { ...policy, sharesCalls: false };
    const plain = cpuOfCalls(100, demand, alone, costs);
    expect(cpuOfCalls(100, demand, policy, costs) - plain).toBeCloseTo((100 * 0.1 * 20) / 1e6, 10);
    const http = cpuOfCalls(100, { ...demand, bot: 'http' }, alone, costs);
    expect(http - plain).toBeCloseTo((100 * 0.1 * 600) / 1e6, 10);
  });

  it('gives a process as many calls as keep it under the utilisation, and no more than were heard in time', () => {
    const most = callsPerReplica(demand, policy, costs);
    expect(cpuOfCalls(most, demand, policy, costs)).toBeLessThanOrEqual(0.5);
    expect(cpuOfCalls(most + 1, demand, policy, costs)).toBeGreaterThan(0.5);
    expect(callsPerReplica(demand, policy, { ...costs, mostCalls: 200 })).toBe(200);
  });

  it('follows Little’s law, leaves room for a peak, and keeps a process in reserve', () => {
    const plan = planCapacity(demand, policy, costs, wire);
    expect(plan.calls).toBe(100);
    expect(plan.peakCalls).toBeGreaterThan(130);
    expect(plan.peakCalls).toBeLessThan(150);
    expect(plan.replicas).toBe(2);
    const large = planCapacity({ ...demand, callsPerHour: 360_000 }, policy, costs, wire);
    const most = callsPerReplica(demand, policy, costs);
    expect(large.replicas).toBe(Math.ceil(large.peakCalls / most) + 1);
    expect((large.replicas - 1) * most).toBeGreaterThanOrEqual(large.peakCalls);
  });

  it('counts what Redis is asked: two questions a turn, an end a call, a heartbeat a second, and tokens', () => {
    const { redis, peakCalls, replicas } = planCapacity(demand, policy, costs, wire);
    const ends = peakCalls / 100;
    expect(redis?.conversationsPerSecond).toBeCloseTo(peakCalls * 0.11 * 2 + ends, 6);
    expect(redis?.heartbeatsPerSecond).toBe(replicas);
    expect(redis?.servers).toBe(1);
    expect(redis?.bytes).toBeCloseTo(peakCalls * 2_000 + ends * 660 * 1_000, 0);
    expect(
      planCapacity(demand, { ...policy, sharesCalls: false }, costs, wire).redis,
    ).toBeUndefined();
  });

  it('asks about a token at most twice a second from each process, and at most once an RPC', () => {
    expect(replayChecks(1e6, { pairs: 10 })).toBeCloseTo(20, 2);
    expect(replayChecks(1, { pairs: 1_000 })).toBeCloseTo(1, 2);
  });

  it('gives the balancer its share of frames and turns, and the network its bits', () => {
    const plan = planCapacity(demand, policy, costs, wire);
    expect(plan.balancerCores).toBeCloseTo((plan.peakCalls * (50 * 10 + 0.11 * 100)) / 1e6, 6);
    expect(plan.inBitsPerSecond).toBeCloseTo(plan.peakCalls * (50 * 400 + 0.11 * 1_500) * 8, 3);
    expect(plan.outBitsPerSecond).toBeCloseTo(plan.peakCalls * 0.11 * (8_000 + 1_500) * 8, 3);
    const { balancer: _balancer, ...direct } = policy;
    expect(planCapacity(demand, direct, costs, wire).balancerCores).toBeUndefined();
  });
});
