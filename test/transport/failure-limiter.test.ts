import { Metadata, status as Status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';

import { GatewayError } from '../../src/core/gateway-error.ts';
import { type FailureLimits, createFailureLimiter } from '../../src/transport/failure-limiter.ts';
import { networkOf } from '../../src/transport/peer-network.ts';
import { PRINCIPAL } from '../support/call-rig.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { startGrpcRig } from '../support/grpc-rig.ts';
import { createLogRecorder } from '../support/log-recorder.ts';

function create(limits: FailureLimits = {}) {
  const clock = createFakeClock();
  const log = createLogRecorder();
  const limiter = createFailureLimiter(limits, { clock, logger: log.logger });
  const takeMany = (peer: string, count: number): number =>
    Array.from({ length: count }, () => limiter.take(peer)).filter(Boolean).length;
  return { clock, log, limiter, takeMany };
}

let close: () => Promise<void> = async () => undefined;
afterEach(() => close());

describe('failed credentials', () => {
  it('are answered one by one up to a burst, and again as time passes', () => {
    const { clock, takeMany } = create({ burst: 5, refillMs: 1_000 });
    expect(takeMany('192.0.2.1:1', 10)).toBe(5);
    clock.advance(2_000);
    expect(takeMany('192.0.2.1:2', 10)).toBe(2);
    clock.advance(3_600_000);
    expect(takeMany('192.0.2.1:3', 10)).toBe(5);
  });

  it('of one network leave the others alone', () => {
    const { takeMany } = create({ burst: 5 });
    takeMany('192.0.2.1:1', 100_000);
    expect(takeMany('192.0.2.2:1', 10)).toBe(5);
  });

  it('of many networks are limited together', () => {
    const { takeMany } = create({ burst: 5, totalBurst: 12 });
    const taken = [1, 2, 3, 4].map((host) => takeMany(`192.0.2.${host}:1`, 5));
    expect(taken).toEqual([5, 5, 2, 0]);
  });

  it('are summed up in one event a window', () => {
    const { clock, log, takeMany } = create({ burst: 5, windowMs: 60_000 });
    takeMany('192.0.2.1:1', 5);
    expect(clock.pending()).toBe(0);
    takeMany('192.0.2.1:1', 20);
    clock.advance(59_999);
    expect(log.lines).toEqual([]);
    clock.advance(1);
    expect(log.lines.map(({ fields }) => fields)).toEqual([
      { event: 'auth.limited', failures: 20, latestNetwork: '192.0.2.1' },
    ]);
    expect(clock.pending()).toBe(0);
  });

  it('are summed up at the end', () => {
    const { clock, log, limiter, takeMany } = create({ burst: 1 });
    takeMany('192.0.2.1:1', 3);
    limiter.close();
    limiter.close();
    expect(log.lines.map(({ fields }) => fields['failures'])).toEqual([2]);
    expect(clock.pending()).toBe(0);
  });

  it('never lock out a valid credential from the same address', async () => {
    const { limiter, log, clock } = create({ burst: 3 });
    const rig = await startGrpcRig({
      layers: { failures: limiter },
      // Once at once, as from the cache, and once as after a verification.
      authenticate: (header) => {
        if (header === 'Bearer cached') return PRINCIPAL;
        if (header === 'Bearer good') return Promise.resolve(PRINCIPAL);
        const refusal = new GatewayError('ERR_AUTH_SIGNATURE', 'signature does not match');
        if (header === 'Bearer forged') return Promise.reject(refusal);
        if (header === 'Bearer foreign')
          throw new GatewayError('ERR_AUTH_ORGANISATION', 'organisation is not served');
        if (header === 'Bearer early')
          throw new GatewayError('ERR_AUTH_KEYS_UNAVAILABLE', 'no keys yet');
        throw refusal;
      },
    });
    close = rig.close;
    const call = async (token: string) => {
      const metadata = new Metadata();
      metadata.set('authorization', `Bearer ${token}`);
      const { stream, status } = rig.openStream(metadata);
      stream.end();
      return (await status).code;
    };
    const failed = [];
    for (let round = 0; round < 4; round += 1)
      failed.push(await call('forged'), await call('malformed'));
    expect(failed).toEqual([
      ...Array(3).fill(Status.UNAUTHENTICATED),
      ...Array(5).fill(Status.RESOURCE_EXHAUSTED),
    ]);
    expect(await call('cached')).toBe(Status.OK);
    expect(await call('good')).toBe(Status.OK);
    // Neither a known organisation that is not served, nor our own trouble, is a failed proof.
    expect(await call('foreign')).toBe(Status.PERMISSION_DENIED);
    expect(await call('early')).toBe(Status.UNAVAILABLE);
    expect(rig.log.events()).toEqual(Array(5).fill('auth.refused'));
    clock.advance(60_000);
    expect(log.lines[0]?.fields).toMatchObject({ event: 'auth.limited', failures: 5 });
  });
});

describe('the network of a peer', () => {
  it('is an IPv4 address, or the first 64 bits of an IPv6 address', () => {
    const cases: Readonly<Record<string, string>> = {
      '192.0.2.1:4711': '192.0.2.1',
      '192.0.2.1': '192.0.2.1',
      '::ffff:192.0.2.1:4711': '192.0.2.1',
      '2001:db8:1:2:3:4:5:6:4711': '2001:db8:1:2::/64',
      '2001:db8:1:2:ffff:4:5:6:99': '2001:db8:1:2::/64',
      '2001:db8::1:4711': '2001:db8:0:0::/64',
      '::1:4711': '0:0:0:0::/64',
      unknown: 'unknown',
    };
    for (const [peer, network] of Object.entries(cases)) expect(networkOf(peer)).toBe(network);
  });
});
