import { Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';

import type { DashboardSource, DashboardView } from '../../src/admin/dashboard-source.ts';
import type { ActiveLogLevel, LogLevels } from '../../src/admin/log-levels-contract.ts';
import { type Admin, startAdmin } from '../../src/admin/start-admin.ts';
import { createDataSources } from '../../src/auth/data-sources.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { createLogRecorder } from '../support/log-recorder.ts';

const TOKEN = 'operator-canary-token';
const ORGANISATION = 'abcdefab-2222-4333-8444-555555555555';
const CONVERSATION = 'c0ffee00-0000-4000-8000-00000canary0';
const API = '/dashboard/api';
const STATE = `${API}/state`;

const running: Admin[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(async (admin) => admin.close()));
});

function createLevels() {
  const held = new Map<string, ActiveLogLevel>();
  const levels: LogLevels = {
    list: () => [...held.values()],
    set({ scope, level, forSeconds }) {
      if (held.size >= 3) throw new RangeError('full');
      const active = { id: `level-${held.size}`, scope, level, untilMs: forSeconds * 1_000 };
      held.set(active.id, active);
      return active;
    },
    clear: (id) => held.delete(id),
  };
  return levels;
}

async function start(options: { token?: string; source?: Partial<DashboardSource> } = {}) {
  const { token = TOKEN } = options;
  const clock = createFakeClock();
  const log = createLogRecorder();
  let drains = 0;
  const view: DashboardView = {
    calls: {
      total: 1,
      byState: { listening: 1, 'caller-speaking': 0, 'bot-thinking': 0, 'bot-speaking': 0 },
      shown: [],
    },
    turns: [],
    bots: [],
    keys: {
      issuers: [{ issuer: 'https://issuer.test', keys: 2, isStale: false, ageMs: 5 }],
      replayPolicy: 'rotation',
      generations: [],
    },
    limits: [{ name: 'conversations', used: 1, max: 10, unit: 'count' }],
    organisations: [{ organisation: ORGANISATION, used: 1, max: 5 }],
  };
  const totals = { admissions: {}, authentications: {} as Record<string, number> };
  const source: DashboardSource = {
    view: () => view,
    totals: async () => ({
      ...totals,
      authentications: { ...totals.authentications },
      callsEnded: {},
      botFailures: {},
    }),
    find: (call) =>
      call === 7 ? { organisation: ORGANISATION, conversationId: CONVERSATION } : undefined,
    drain: () => void (drains += 1),
    ...options.source,
  };
  const sources = createDataSources([]);
  const admin = await startAdmin(
    { host: '127.0.0.1', port: 0 },
    {
      clock,
      readiness: () => ({ state: 'ready', reasons: [], notices: [] }),
      registry: new Registry(),
      logger: log.logger,
      dashboard: source,
      operations:
        token === ''
          ? undefined
          : {
              token,
              revocations: { ...sources, revoke: () => ({ conversations: 0, streams: 0 }) },
            },
    },
  );
  running.push(admin);
  const base = `http://127.0.0.1:${admin.port}`;
  const ask = async (
    path: string,
    { method = 'GET', body, ...headers }: Record<string, unknown> = {},
  ) => {
    const response = await fetch(base + path, {
      method: String(method),
      redirect: 'manual',
      headers: {
        ...(headers as Record<string, string>),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: isJson ? (JSON.parse(text) as Record<string, unknown>) : undefined,
    };
  };
  const own = { 'sec-fetch-site': 'same-origin' };
  const signIn = async (): Promise<string> => {
    const { headers } = await ask(`${API}/session`, {
      method: 'POST',
      body: { token: TOKEN },
      ...own,
    });
    return headers.get('set-cookie')?.split(';')[0] ?? '';
  };
  return {
    ask,
    own,
    signIn,
    clock,
    log,
    counted: totals.authentications,
    base,
    drains: () => drains,
  };
}

const BEARER = { authorization: `Bearer ${TOKEN}` };

describe('the files of the page', () => {
  it('are served to everybody, under a policy that lets nothing in from elsewhere', async () => {
    const { ask } = await start();
    expect((await ask('/')).headers.get('location')).toBe('/dashboard/');
    expect((await ask('/dashboard')).headers.get('location')).toBe('/dashboard/');
    for (const [name, type] of [
      ['', 'text/html; charset=utf-8'],
      ['app.js', 'text/javascript; charset=utf-8'],
      ['style.css', 'text/css; charset=utf-8'],
      ['icon.svg', 'image/svg+xml'],
    ]) {
      const { status, headers, text } = await ask(`/dashboard/${name}`);
      expect([status, headers.get('content-type')]).toEqual([200, type]);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|https?:|\*/u);
      expect(text).not.toMatch(/(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?\/\//u);
    }
    for (const path of ['/dashboard/app.ts', '/dashboard/..%2fstart-admin.ts'])
      expect((await ask(path)).status).toBe(404);
  });

  it('say how to set a token where there is none, and there is no API then', async () => {
    const { ask } = await start({ token: '' });
    expect((await ask('/dashboard/')).status).toBe(200);
    expect((await ask(`${API}/session`)).json).toEqual({ session: 'impossible' });
    for (const path of ['state', 'events', 'drain', 'log-levels'])
      expect((await ask(`${API}/${path}`, BEARER)).status).toBe(404);
  });
});

describe('access to the page’s API', () => {
  it('takes the bearer token, and refuses any other and none without a word of it', async () => {
    const { ask, log } = await start();
    for (const path of [STATE, `${API}/events`]) {
      const none = await ask(path);
      expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
      expect((await ask(path, { authorization: `Bearer ${TOKEN}x` })).status).toBe(403);
      expect((await ask(path, { authorization: `Basic ${TOKEN}` })).status).toBe(401);
    }
    expect((await ask(STATE, BEARER)).status).toBe(200);
    expect(log.events()).toEqual(Array(6).fill('admin.refused'));
    expect(JSON.stringify(log.lines)).not.toContain('canary');
  });

  it('gives a cookie for the token that scripts and other sites cannot have', async () => {
    const { ask, own, log } = await start();
    const { status, headers } = await ask(`${API}/session`, {
      method: 'POST',
      body: { token: TOKEN },
      ...own,
    });
    expect(status).toBe(204);
    const cookie = headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(
      /^byova_session=[\w-]{43}; Path=\/dashboard; HttpOnly; SameSite=Strict; Max-Age=43200$/u,
    );
    expect((await ask(STATE, { cookie: cookie.split(';')[0] })).status).toBe(200);
    expect((await ask(STATE, { cookie: 'byova_session=' + 'x'.repeat(43) })).status).toBe(401);
    expect(log.events()).toContain('admin.signed-in');
    expect(JSON.stringify(log.lines)).not.toContain(cookie.slice(14, 57));
  });

  it('refuses a wrong token at the door, and what is none', async () => {
    const { ask, own } = await start();
    const post = (body: unknown) => ask(`${API}/session`, { method: 'POST', body, ...own });
    const wrong = await post({ token: 'wrong' });
    expect([wrong.status, wrong.headers.get('set-cookie')]).toEqual([403, null]);
    for (const body of [null, [], {}, { token: 7 }, { token: TOKEN, more: 1 }])
      expect((await post(body)).status).toBe(400);
  });

  it('is over when somebody signs out, or after twelve hours', async () => {
    const { ask, own, signIn, clock } = await start();
    const [first, second] = [await signIn(), await signIn()];
    await ask(`${API}/session`, { method: 'DELETE', cookie: first, ...own });
    expect((await ask(STATE, { cookie: first })).status).toBe(401);
    expect((await ask(`${API}/session`, { cookie: second })).json).toEqual({ session: 'open' });
    clock.advance(12 * 3_600_000);
    expect((await ask(STATE, { cookie: second })).status).toBe(401);
    expect((await ask(`${API}/session`, { cookie: second })).json).toEqual({ session: 'none' });
  });

  it('is held by 64 browsers, of which the first gives way', async () => {
    const { ask, signIn } = await start();
    const cookies: string[] = [];
    for (let index = 0; index < 65; index += 1) cookies.push(await signIn());
    expect((await ask(STATE, { cookie: cookies[0] })).status).toBe(401);
    expect((await ask(STATE, { cookie: cookies[1] })).status).toBe(200);
  });

  it('is not lent to other sites: not to read, not to change, not to sign in', async () => {
    const { ask, signIn, drains, base } = await start();
    const cookie = await signIn();
    const drain = { method: 'POST', body: { confirm: 'drain' }, cookie };
    for (const site of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none' },
      { origin: 'https://evil.test' },
      { origin: 'null' },
      {},
    ])
      expect((await ask(`${API}/drain`, { ...drain, ...site })).status).toBe(403);
    for (const site of ['cross-site', 'same-site'])
      expect((await ask(STATE, { cookie, 'sec-fetch-site': site })).status).toBe(403);
    const login = { method: 'POST', body: { token: TOKEN }, 'sec-fetch-site': 'cross-site' };
    expect((await ask(`${API}/session`, login)).status).toBe(403);
    expect(drains()).toBe(0);
    expect((await ask(`${API}/drain`, { ...drain, origin: base })).status).toBe(202);
    expect(drains()).toBe(1);
  });
});

describe('the state', () => {
  it('tells of what is seen, and says what cannot be changed', async () => {
    const { ask } = await start();
    const { json, headers } = await ask(STATE, BEARER);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(json).toMatchObject({
      service: 'byova-gateway',
      readiness: { isReady: true, state: 'ready' },
      calls: { total: 1, shown: [] },
      keys: { issuers: [{ keys: 2 }], replayPolicy: 'rotation' },
      limits: [{ name: 'conversations', used: 1, max: 10 }],
      organisations: [{ organisation: ORGANISATION, used: 1, max: 5 }],
    });
    expect(json).not.toHaveProperty('logLevels');
  });

  it('counts refusals of the last five minutes apart from all', async () => {
    const { ask, counted, clock } = await start();
    const counts = async () => {
      const { json } = await ask(STATE, BEARER);
      return (json?.['counts'] as { authentications: unknown } | undefined)?.authentications;
    };
    Object.assign(counted, { ERR_AUTH_EXPIRED: 4, ok: 2 });
    expect(await counts()).toEqual([
      { name: 'ERR_AUTH_EXPIRED', total: 4, recent: 4 },
      { name: 'ok', total: 2, recent: 2 },
    ]);
    for (let sample = 0; sample < 20; sample += 1) {
      clock.advance(15_000);
      await new Promise(setImmediate);
    }
    Object.assign(counted, { ok: 3 });
    expect(await counts()).toEqual([
      { name: 'ok', total: 3, recent: 1 },
      { name: 'ERR_AUTH_EXPIRED', total: 4, recent: 0 },
    ]);
  });

  it('comes as events as well, the first at once', async () => {
    const { base } = await start();
    const response = await fetch(`${base}${API}/events`, { headers: BEARER });
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-store');
    let text = '';
    for await (const piece of response.body ?? []) {
      text += Buffer.from(piece).toString();
      if (/data: .*\n\n/u.test(text)) break;
    }
    expect(JSON.parse(/data: (.*)\n\n/u.exec(text)?.[1] ?? '')).toMatchObject({
      calls: { total: 1 },
    });
  });
});

describe('draining from the page', () => {
  it('wants to be confirmed, and is logged', async () => {
    const { ask, drains, log } = await start();
    for (const body of [undefined, {}, { confirm: true }, { confirm: 'drain', more: 1 }])
      expect((await ask(`${API}/drain`, { method: 'POST', body, ...BEARER })).status).toBe(400);
    expect((await ask(`${API}/drain`, { method: 'GET', ...BEARER })).status).toBe(404);
    expect(drains()).toBe(0);
    const done = await ask(`${API}/drain`, {
      method: 'POST',
      body: { confirm: 'drain' },
      ...BEARER,
    });
    expect([done.status, drains()]).toEqual([202, 1]);
    expect(log.events()).toContain('admin.drain');
  });
});

describe('log levels on the page', () => {
  const LEVELS = `${API}/log-levels`;
  const change = { level: 'debug', forSeconds: 60 };

  it('are not there while nobody can change them', async () => {
    const { ask } = await start();
    expect((await ask(LEVELS, BEARER)).status).toBe(404);
  });

  it('change for an organisation, or a call that is seen, whose whole id is not shown', async () => {
    const { ask, log } = await start({ source: { logLevels: createLevels() } });
    const post = (body: object) => ask(LEVELS, { method: 'POST', body, ...BEARER });
    expect((await post({ ...change, organization: ORGANISATION.toUpperCase() })).json).toEqual({
      id: 'level-0',
      level: 'debug',
      untilMs: 60_000,
      scope: { type: 'organisation', id: ORGANISATION },
    });
    expect((await post({ ...change, call: 7 })).json).toMatchObject({
      scope: { type: 'conversation', id: 'c0ffee00' },
    });
    const whole = { ...change, organization: ORGANISATION, conversation: CONVERSATION };
    expect((await post(whole)).status).toBe(201);
    expect((await post({ ...change, call: 7 })).status).toBe(409);
    const answers = [await ask(LEVELS, BEARER), await ask(STATE, BEARER)];
    expect(answers[1]?.json?.['logLevels']).toHaveLength(3);
    expect(JSON.stringify(answers)).not.toContain('canary');
    expect((await ask(`${LEVELS}/level-1`, { method: 'DELETE', ...BEARER })).status).toBe(204);
    expect((await ask(`${LEVELS}/level-1`, { method: 'DELETE', ...BEARER })).status).toBe(404);
    expect(log.events().filter((event) => event === 'admin.log-level')).toHaveLength(4);
  });

  it('take nothing else, and nothing for longer than an hour', async () => {
    const levels = createLevels();
    const { ask } = await start({ source: { logLevels: levels } });
    const organization = ORGANISATION;
    for (const body of [
      null,
      [],
      change,
      { ...change, organization: 'all' },
      { ...change, call: 7, organization },
      { ...change, call: '7' },
      { ...change, call: 8 },
      { ...change, organization, conversation: '' },
      { ...change, organization, conversation: 'x'.repeat(257) },
      { ...change, organization, other: 1 },
      { ...change, organization, level: 'loud' },
      { ...change, organization, forSeconds: 0 },
      { ...change, organization, forSeconds: 1.5 },
      { ...change, organization, forSeconds: 3_601 },
    ])
      expect((await ask(LEVELS, { method: 'POST', body, ...BEARER })).status).toBe(400);
    expect(levels.list()).toEqual([]);
  });
});
