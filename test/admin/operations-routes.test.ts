import { hash } from 'node:crypto';

import { Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';

import { type Admin, startAdmin } from '../../src/admin/start-admin.ts';
import { createDataSources } from '../../src/auth/data-sources.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { createLogRecorder } from '../support/log-recorder.ts';

const TOKEN = 'operator-canary-token';
const ORGANISATION = 'abcdefab-2222-4333-8444-555555555555';
const NONCE = 'nonce-canary';
const NONCE_HASH = hash('sha256', NONCE, 'base64url').slice(0, 12);
const BODY_ERROR = 'the body must be {"organizationId": UUID} or {"nonce": text}';

let admin: Admin;
afterEach(() => admin.close());

async function start(token: string | undefined = TOKEN) {
  const log = createLogRecorder();
  const sources = createDataSources([]);
  admin = await startAdmin(
    { host: '127.0.0.1', port: 0 },
    {
      clock: createFakeClock(),
      readiness: () => ({ state: 'ready', reasons: [], notices: [] }),
      registry: new Registry(),
      logger: log.logger,
      operations: token === '' ? undefined : { token, revocations: withEffect(sources) },
    },
  );
  const call = async (
    method: string,
    body?: unknown,
    authorization: string | undefined = `Bearer ${TOKEN}`,
  ) => {
    const response = await fetch(`http://127.0.0.1:${admin.port}/revocations`, {
      method,
      headers: {
        ...(authorization === '' ? {} : { authorization }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return {
      status: response.status,
      json: JSON.parse(await response.text()) as unknown,
      challenge: response.headers.get('www-authenticate'),
    };
  };
  return { call, log, sources };
}

function withEffect(sources: ReturnType<typeof createDataSources>) {
  return {
    revoke(what: Parameters<typeof sources.revoke>[0]) {
      sources.revoke(what);
      return { conversations: 2, streams: 3 };
    },
    restore: sources.restore,
    revoked: sources.revoked,
  };
}

describe('revocations on the admin port', () => {
  it('are not there without a token in the configuration', async () => {
    const { call } = await start('');
    for (const method of ['GET', 'POST', 'DELETE'])
      expect(await call(method)).toMatchObject({ status: 404, json: { error: 'not found' } });
  });

  it('ask for a bearer token before they read anything', async () => {
    const { call, log } = await start();
    for (const authorization of ['', 'Bearer', `Basic ${TOKEN}`, TOKEN])
      expect(await call('POST', { wrong: true }, authorization)).toEqual({
        status: 401,
        json: { error: 'a bearer token is needed' },
        challenge: 'Bearer',
      });
    for (const token of [`${TOKEN}x`, TOKEN.slice(1), TOKEN.toUpperCase()])
      expect(await call('GET', undefined, `Bearer ${token}`)).toEqual({
        status: 403,
        json: { error: 'wrong token' },
        challenge: null,
      });
    expect(log.events()).toEqual(Array.from({ length: 7 }, () => 'admin.refused'));
    expect(log.lines[4]?.fields).toMatchObject({ method: 'GET', peer: '127.0.0.1', status: 403 });
    expect(JSON.stringify(log.lines)).not.toContain('canary');
    expect((await call('GET', undefined, `bearer ${TOKEN}`)).status).toBe(200);
  });

  it('refuse an organisation and take it back', async () => {
    const { call, log } = await start();
    const body = { organizationId: ORGANISATION.toUpperCase() };
    const ended = { conversations: 2, streams: 3 };
    expect(await call('POST', body)).toMatchObject({
      status: 200,
      json: { scope: 'process', ended },
    });
    expect((await call('POST', body)).status).toBe(200);
    expect((await call('GET')).json).toEqual({
      scope: 'process',
      organizations: { count: 1, ids: [ORGANISATION] },
      nonces: { count: 0, hashes: [] },
    });
    expect(await call('DELETE', body)).toMatchObject({ status: 200, json: { scope: 'process' } });
    expect(await call('DELETE', body)).toMatchObject({
      status: 404,
      json: { error: 'was not revoked' },
    });
    expect(log.lines.map(({ fields }) => fields)).toEqual([
      { event: 'admin.revoked', organisation: ORGANISATION, ...ended },
      { event: 'admin.revoked', organisation: ORGANISATION, ...ended },
      { event: 'admin.restored', organisation: ORGANISATION },
    ]);
  });

  it('refuse a nonce, and show and log it as the beginning of its hash', async () => {
    const { call, log, sources } = await start();
    const answers = [
      await call('POST', { nonce: NONCE }),
      await call('GET'),
      await call('DELETE', { nonce: `${NONCE}x` }),
    ];
    expect(sources.revoked().tokenIds).toEqual([NONCE]);
    expect(answers[1]?.json).toMatchObject({ nonces: { count: 1, hashes: [NONCE_HASH] } });
    expect((await call('DELETE', { nonce: NONCE })).status).toBe(200);
    expect(sources.revoked().tokenIds).toEqual([]);
    expect(log.lines.map(({ fields }) => fields['nonceHash'])).toEqual([NONCE_HASH, NONCE_HASH]);
    expect(JSON.stringify([answers, log.lines])).not.toContain('canary');
  });

  it('take nothing but one of the two', async () => {
    const { call, sources } = await start();
    for (const body of [
      undefined,
      null,
      [],
      ['nonce'],
      'nonce',
      {},
      { organizationId: 'all' },
      { organizationId: `${ORGANISATION}0` },
      { organizationId: [ORGANISATION] },
      { nonce: '' },
      { nonce: 7 },
      { nonce: 'x'.repeat(2_049) },
      { nonce: NONCE, organizationId: ORGANISATION },
      { tokenId: NONCE },
    ])
      for (const method of ['POST', 'DELETE'])
        expect(await call(method, body)).toMatchObject({
          status: 400,
          json: { error: BODY_ERROR },
        });
    expect(sources.revoked()).toEqual({ organisations: [], tokenIds: [] });
  });

  it('say so when no more are held', async () => {
    const { call, sources } = await start();
    for (let i = 0; i < 10_000; i += 1) sources.revoke({ tokenId: `nonce-${i}` });
    expect(await call('POST', { nonce: NONCE })).toMatchObject({
      status: 409,
      json: { error: 'too many revocations' },
    });
    expect((await call('POST', { nonce: 'nonce-7' })).status).toBe(200);
  });
});
