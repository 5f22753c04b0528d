import { describe, expect, it } from 'vitest';

import { createMetrics } from '../../src/telemetry/metrics.ts';
import { ArrivalPace } from '../../src/telemetry/sound-tally.ts';

const linesOf = async (
  { registry }: ReturnType<typeof createMetrics>,
  name: string,
): Promise<string[]> =>
  (await registry.metrics()).split('\n').filter((line) => line.startsWith(name));

describe('metrics that are counted in plain numbers', () => {
  it('show bytes and seconds of both directions, however often they are read', async () => {
    const metrics = createMetrics();
    metrics.sound.callerBytes += 320;
    metrics.sound.callerSeconds += 0.02;
    metrics.sound.promptBytes += 16_000;
    metrics.sound.droppedBytes += 160;
    for (const _ of [1, 2])
      expect(await linesOf(metrics, 'byova_audio_')).toEqual([
        'byova_audio_bytes_total{direction="in"} 320',
        'byova_audio_bytes_total{direction="out"} 16000',
        'byova_audio_seconds_total{direction="in"} 0.02',
        'byova_audio_seconds_total{direction="out"} 2',
        'byova_audio_dropped_bytes_total 160',
      ]);
  });

  it('show delays as a histogram like any other', async () => {
    const metrics = createMetrics();
    for (const seconds of [0, 0.005, 0.03, 7]) metrics.sound.delay.observe(seconds);
    const lines = await linesOf(metrics, 'byova_caller_packet_delay_seconds');
    expect(lines).toContain('byova_caller_packet_delay_seconds_bucket{le="0.005"} 2');
    expect(lines).toContain('byova_caller_packet_delay_seconds_bucket{le="0.04"} 3');
    expect(lines).toContain('byova_caller_packet_delay_seconds_bucket{le="1"} 3');
    expect(lines).toContain('byova_caller_packet_delay_seconds_bucket{le="+Inf"} 4');
    expect(lines).toContain('byova_caller_packet_delay_seconds_count 4');
    expect(lines.at(-2)).toMatch(/_sum 7\.035/u);
  });
});

describe('counters of what happens in every call', () => {
  it('show each set of labels that was counted, however often they are read', async () => {
    const metrics = createMetrics();
    expect(await linesOf(metrics, 'byova_turns_total')).toEqual([]);
    expect(await linesOf(metrics, 'byova_token_cache_hits_total')).toEqual([
      'byova_token_cache_hits_total 0',
    ]);
    metrics.turns.inc({ input: 'speech', outcome: 'answered' });
    metrics.turns.inc({ outcome: 'failed', input: 'speech' });
    metrics.turns.inc({ input: 'speech', outcome: 'answered' }, 2);
    metrics.tokenCacheHits.inc();
    for (const _ of [1, 2]) {
      expect(await linesOf(metrics, 'byova_turns_total')).toEqual([
        'byova_turns_total{input="speech",outcome="answered"} 3',
        'byova_turns_total{input="speech",outcome="failed"} 1',
      ]);
      expect(await linesOf(metrics, 'byova_token_cache_hits_total')).toEqual([
        'byova_token_cache_hits_total 1',
      ]);
    }
  });
});

describe('metrics that are read when they are asked for', () => {
  it('have no samples of what nobody has', async () => {
    const metrics = createMetrics();
    expect(await linesOf(metrics, 'byova_expires_in_seconds')).toEqual([]);
    expect(await linesOf(metrics, 'byova_build_info')).toEqual([]);
  });

  it('show what waits in every queue, and what was thrown away', async () => {
    const metrics = createMetrics();
    expect(await linesOf(metrics, 'byova_connections{')).toEqual([]);
    metrics.sound.waitingBytes = 320;
    Object.assign(metrics.readings, {
      writeQueueBytes: () => 4_096,
      logQueueBytes: () => 77,
      logLinesDropped: () => 5,
      speechQueue: () => 2,
      connections: () => ({ open: 9, maxOpen: 100, unproven: 4, maxUnproven: 10 }),
    } satisfies Partial<typeof metrics.readings>);
    expect(await linesOf(metrics, 'byova_queue_bytes{')).toEqual([
      'byova_queue_bytes{queue="writes"} 4096',
      'byova_queue_bytes{queue="ears"} 320',
      'byova_queue_bytes{queue="log"} 77',
    ]);
    for (const line of ['byova_log_lines_dropped_total 5', 'byova_speech_queue_length 2'])
      expect(await linesOf(metrics, 'byova_')).toContain(line);
    expect(await linesOf(metrics, 'byova_connections{')).toEqual([
      'byova_connections{state="proven"} 5',
      'byova_connections{state="unproven"} 4',
    ]);
  });

  it('show the state at that moment', async () => {
    const metrics = createMetrics();
    let leftMs = 90_000;
    metrics.readings.certificateExpiresInMs = () => leftMs;
    metrics.readings.streams = () => ({ answering: 3 });
    metrics.readings.bots = () => [
      { agent: 'front-desk', breaker: 'open', inFlight: 2, maxConcurrent: 10 },
    ];
    expect(await linesOf(metrics, 'byova_expires_in_seconds')).toEqual([
      'byova_expires_in_seconds{of="certificate"} 90',
    ]);
    leftMs = -1_000;
    expect(await linesOf(metrics, 'byova_expires_in_seconds')).toEqual([
      'byova_expires_in_seconds{of="certificate"} -1',
    ]);
    expect(await linesOf(metrics, 'byova_streams')).toContain('byova_streams{state="answering"} 3');
    expect(await linesOf(metrics, 'byova_bot_breaker{')).toEqual([
      'byova_bot_breaker{agent="front-desk",state="closed"} 0',
      'byova_bot_breaker{agent="front-desk",state="open"} 1',
      'byova_bot_breaker{agent="front-desk",state="half-open"} 0',
    ]);
  });
});

describe('the pace of packets', () => {
  const arrive = (times: readonly number[]): number[] => {
    const pace = new ArrivalPace();
    return times.map((atMs) => Math.round(pace.arrived(atMs, 20)));
  };

  it('is on time when packets come as they were spoken', () => {
    expect(arrive([0, 20, 40, 60])).toEqual([0, 0, 0, 0]);
  });

  it('is late for as long as packets come late, and no longer', () => {
    expect(arrive([0, 120, 121, 122, 123, 124, 125, 140])).toEqual([0, 100, 79, 58, 38, 18, 0, 0]);
  });

  it('measures against the earliest packet, not against the first', () => {
    expect(arrive([50, 40, 60, 90])).toEqual([0, 0, 0, 10]);
  });

  it('expects a packet when its sound has been spoken, whatever its size, and takes several at once', () => {
    const pace = new ArrivalPace();
    const packets = [
      [0, 0.375],
      [20, 20],
      [120, 100],
      [120, 20],
      [120, 20],
      [160, 20],
      [190, 20],
    ] as const;
    expect(packets.map(([atMs, lengthMs]) => Math.round(pace.arrived(atMs, lengthMs)))).toEqual([
      0, 0, 0, 0, 0, 20, 30,
    ]);
  });

  it('begins anew after a pause', () => {
    expect(arrive([0, 5_000, 5_020])).toEqual([0, 0, 0]);
  });

  it('takes a delay that stays for granted after a while', () => {
    const times = Array.from({ length: 300 }, (_, index) => index * 20 + (index > 10 ? 100 : 0));
    const delays = arrive(times);
    expect(delays[11]).toBe(100);
    expect(delays.at(-1)).toBeLessThan(2);
  });
});
