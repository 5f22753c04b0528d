import { request } from 'node:http';

import { Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';

import type { ReadinessReport } from '../../src/admin/readiness.ts';
import { type Admin, type AdminDeps, startAdmin } from '../../src/admin/start-admin.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const READY: ReadinessReport = { state: 'ready', reasons: [], notices: [] };

const running: Admin[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(async (admin) => admin.close()));
});

async function start(deps: Partial<AdminDeps> = {}) {
  const admin = await startAdmin(
    { host: '127.0.0.1', port: 0 },
    {
      clock: createFakeClock(Date.UTC(2026, 10, 1)),
      readiness: () => READY,
      serviceName: 'voice-virtual-agent',
      registry: new Registry(),
      logger: silentLogger,
      ...deps,
    },
  );
  running.push(admin);
  return async (path: string, init?: RequestInit) => {
    const response = await fetch(`http://127.0.0.1:${admin.port}${path}`, init);
    const text = await response.text();
    return { status: response.status, headers: response.headers, text };
  };
}

describe('admin port', () => {
  it('says alive in every state', async () => {
    for (const state of ['starting', 'ready', 'draining', 'stopped'] as const) {
      const get = await start({ readiness: () => ({ ...READY, state }) });
      expect(await get('/livez')).toMatchObject({ status: 200, text: '{"status":"alive"}' });
    }
  });

  it('has started once the state is no longer starting', async () => {
    let state: ReadinessReport['state'] = 'starting';
    const get = await start({ readiness: () => ({ ...READY, state }) });
    expect((await get('/startupz')).status).toBe(503);
    state = 'draining';
    expect(await get('/startupz')).toMatchObject({ status: 200, text: '{"status":"draining"}' });
  });

  it('is ready only in state ready and without a reason against it', async () => {
    let report: ReadinessReport = { ...READY, notices: ['replay-off'] };
    const get = await start({ readiness: () => report });
    const ready = await get('/readyz');
    expect(ready.status).toBe(200);
    expect(JSON.parse(ready.text)).toEqual({
      status: 'ready',
      reasons: [],
      notices: ['replay-off'],
    });

    report = { ...READY, reasons: ['keys-missing'] };
    const missing = await get('/readyz');
    expect(missing.status).toBe(503);
    expect(JSON.parse(missing.text)).toMatchObject({
      status: 'not-ready',
      reasons: ['keys-missing'],
    });

    report = { ...READY, state: 'draining', reasons: ['saturated'] };
    const draining = await get('/readyz');
    expect(draining.status).toBe(503);
    expect(JSON.parse(draining.text)).toMatchObject({ reasons: ['draining', 'saturated'] });
  });

  it('[check 103] answers the ping of any service path with state online', async () => {
    const get = await start();
    for (const path of ['/voiceva/v1/ping', '/dialog-connector/v1/ping']) {
      const ping = await get(path);
      expect(ping.status).toBe(200);
      expect(ping.headers.get('content-type')).toContain('application/json');
      expect(JSON.parse(ping.text)).toEqual({
        serviceName: 'voice-virtual-agent',
        serviceType: 'REQUIRED',
        serviceState: 'online',
        message: 'ready for calls',
        lastUpdated: '2026-11-01T00:00:00.000Z',
      });
    }
  });

  it('[check 103] does not answer the ping with online while draining', async () => {
    const get = await start({ readiness: () => ({ ...READY, state: 'draining' }) });
    const ping = await get('/voiceva/v1/ping');
    expect(ping.status).toBe(503);
    expect(JSON.parse(ping.text)).toMatchObject({
      serviceState: 'offline',
      message: 'not ready: draining',
    });
  });

  it('shows the metrics of the registry in the text format', async () => {
    const registry = new Registry();
    createMetrics(registry).conversations.set(7);
    const get = await start({ registry });
    const metrics = await get('/metrics');
    expect(metrics.status).toBe(200);
    expect(metrics.headers.get('content-type')).toContain('text/plain');
    expect(metrics.text).toContain('byova_conversations 7');
  });

  it('refuses unknown routes and methods with JSON that repeats nothing of the request', async () => {
    const get = await start();
    for (const [path, init] of [
      ['/secret-canary', {}],
      ['/livez', { method: 'POST' }],
      ['/a/b/v1/ping', {}],
    ] as const)
      expect(await get(path, init)).toMatchObject({ status: 404, text: '{"error":"not found"}' });
    expect(await get('/%zz')).toMatchObject({ status: 400, text: '{"error":"bad request"}' });
  });

  it('refuses a body beyond its bound', async () => {
    const get = await start();
    const body = JSON.stringify('x'.repeat(20_000));
    const headers = { 'content-type': 'application/json' };
    expect(await get('/livez', { method: 'POST', body, headers })).toMatchObject({
      status: 413,
      text: '{"error":"too large"}',
    });
  });

  it('logs what fails inside and tells the peer nothing of it', async () => {
    const lines: unknown[] = [];
    const get = await start({
      readiness: () => {
        throw new Error('secret-canary');
      },
      logger: { ...silentLogger, error: (fields) => void lines.push(fields) },
    });
    expect(await get('/readyz')).toMatchObject({ status: 500, text: '{"error":"failed"}' });
    expect(lines).toMatchObject([{ event: 'admin.failed', error: 'Error' }]);
    expect(JSON.stringify(lines)).not.toContain('secret-canary');
    expect((await get('/livez')).status).toBe(200);
  });

  it('forbids caches to keep an answer', async () => {
    const get = await start();
    expect((await get('/readyz')).headers.get('cache-control')).toBe('no-store');
  });

  it('closes at once although a peer holds its connection open, and may be closed again', async () => {
    await start();
    const admin = running.splice(0)[0];
    if (admin === undefined) throw new Error('not started');
    const gone = new Promise<void>((resolve, reject) => {
      const held = request({ port: admin.port, host: '127.0.0.1', path: '/livez', method: 'POST' });
      held.setHeader('content-length', 100);
      held.on('error', () => resolve());
      held.on('response', () => reject(new Error('answered too early')));
      held.on('socket', (socket) =>
        socket.on('connect', () => {
          held.flushHeaders();
          admin.close().catch(reject);
        }),
      );
    });
    await gone;
    await admin.close();
    await expect(fetch(`http://127.0.0.1:${admin.port}/livez`)).rejects.toThrow();
  });

  it('fails with the reason of the system when the address is taken', async () => {
    await start();
    const [first] = running;
    const options = { host: '127.0.0.1', port: first?.port ?? 0 };
    const deps = {
      clock: createFakeClock(),
      readiness: () => READY,
      serviceName: 'x',
      registry: new Registry(),
      logger: silentLogger,
    };
    await expect(startAdmin(options, deps)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
