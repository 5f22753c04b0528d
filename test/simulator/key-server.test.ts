import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { type KeyServer, startKeyServer } from '../../src/simulator/key-server.ts';
import { createTokenIssuer } from '../../src/simulator/token-issuer.ts';

let server: KeyServer;

beforeAll(async () => {
  const issuers = [
    await createTokenIssuer({ issuer: 'https://a.example/idb', keyId: 'a' }),
    await createTokenIssuer({ issuer: 'https://b.example/idb', keyId: 'b' }),
  ];
  server = await startKeyServer(issuers, { maxAgeSeconds: 60 });
});
beforeEach(() => server.setFault({ type: 'none' }));
afterAll(() => server.close());

const get = (init: RequestInit = {}): Promise<Response> => fetch(server.jwksUri, init);

test('serves the keys of all issuers, with how long they may be kept', async () => {
  const before = server.requests();
  const response = await get();
  expect(response.headers.get('cache-control')).toBe('max-age=60');
  expect(await response.json()).toMatchObject({ keys: [{ kid: 'a' }, { kid: 'b' }] });
  expect(server.requests()).toBe(before + 1);
  expect(server.jwksUri).toBe(`${server.issuer}/oauth2/v2/keys/verificationjwk`);
});

test('knows no other path and does not count it', async () => {
  const before = server.requests();
  expect((await fetch(`${server.url}/`)).status).toBe(404);
  expect(server.requests()).toBe(before);
});

describe('fails on demand', () => {
  test('with a status and Retry-After', async () => {
    server.setFault({ type: 'status', status: 429, retryAfterSeconds: 7 });
    const response = await get();
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7']);
    server.setFault({ type: 'status', status: 500 });
    expect((await get()).status).toBe(500);
  });

  test('by never answering', async () => {
    server.setFault({ type: 'hang' });
    await expect(get({ signal: AbortSignal.timeout(50) })).rejects.toThrow(/timeout/u);
  });

  test('by dripping', async () => {
    server.setFault({ type: 'slow-drip', everyMs: 1 });
    const reader = (await get()).body?.getReader();
    expect((await reader?.read())?.value?.length).toBeLessThan(10);
    await reader?.cancel();
  });

  test('by breaking off', async () => {
    server.setFault({ type: 'truncated' });
    const response = await get();
    await expect(response.text()).rejects.toThrow(/terminated/u);
  });

  test('with a body of more than 10 MB', async () => {
    server.setFault({ type: 'oversized' });
    expect((await (await get()).arrayBuffer()).byteLength).toBeGreaterThan(10 * 1024 * 1024);
  });

  test('with a redirect or a page', async () => {
    server.setFault({ type: 'redirect', location: 'http://127.0.0.1:1/' });
    expect((await get({ redirect: 'manual' })).status).toBe(302);
    server.setFault({ type: 'wrong-content' });
    expect((await get()).headers.get('content-type')).toBe('text/html');
  });
});

test('closes at once though a request hangs, and may be closed again', async () => {
  const other = await startKeyServer([], { fault: { type: 'hang' } });
  const hanging = fetch(other.jwksUri);
  const failed = expect(hanging).rejects.toThrow();
  await new Promise<void>((resolve) => {
    const look = (): void => (other.requests() === 1 ? resolve() : void setImmediate(look));
    look();
  });
  await other.close();
  await other.close();
  await failed;
});
