import { EventEmitter, once } from 'node:events';
import { connect, type Socket } from 'node:net';

import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import type { DashboardState } from '../../src/admin/dashboard-state.ts';
import { encodeMulaw } from '../../src/audio/mulaw.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { runServer } from '../../src/main.ts';
import type { CallerAction } from '../../src/simulator/caller-script.ts';
import { vowel } from '../audio/sounds.ts';
import { createCanarySearch } from '../support/canaries.ts';
import { type Browser, type Page, type PageOptions, startChromium } from '../support/chromium.ts';
import { type GatewayRig, ORGANISATION, VOICE, startGatewayRig } from '../support/gateway-rig.ts';

const TOKEN = 'operator-canary-token';
/** Fast enough for a test. */
const SPEED = 20;
/** Slow enough that a browser sees what happens. */
const SLOW = 5;
const ADMIN = { admin: { listen: '127.0.0.1:0', token: TOKEN } };
const AUTHORISED = { authorization: `Bearer ${TOKEN}` };

let browser: Browser;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser.close());

let rig: GatewayRig;
afterEach(async () => {
  await browser.closePages();
  await rig.close();
});

async function start(config: Readonly<Record<string, unknown>> = {}, speed = SPEED): Promise<void> {
  rig = await startGatewayRig({
    speed,
    baseDir: 'test/bots',
    config: {
      ...ADMIN,
      agents: [
        {
          id: 'desk',
          name: 'Desk',
          default: true,
          speech: { completeTimeoutMs: 500 },
          bot: { use: './walkthrough.mjs' },
        },
      ],
      ...config,
    },
  });
}

const address = (path: string): string => `http://127.0.0.1:${rig.gateway.adminPort}${path}`;
const open = (options?: PageOptions): Promise<Page> =>
  browser.open(address('/dashboard/'), options);

async function signIn(page: Page, token = TOKEN): Promise<void> {
  await page.until(`document.activeElement.id === 'token'`);
  await page.type(token);
  await page.press('Enter');
}

async function openSignedIn(options?: PageOptions): Promise<Page> {
  const page = await open(options);
  await page.until(`document.body.dataset.view !== 'loading'`);
  if (await page.evaluate(`document.body.dataset.view === 'sign-in'`)) await signIn(page);
  await page.until(`document.body.dataset.view === 'dashboard'`);
  await page.until(`document.getElementById('connection').textContent === 'live'`);
  return page;
}

const speak = (ms: number): CallerAction => ({ type: 'speak', audio: encodeMulaw(vowel(ms)) });
const place = (script: readonly CallerAction[], more: object = {}) =>
  rig.webex().placeCall({ organisationId: ORGANISATION, speed: SPEED, script, ...more });

/** Sixteen who watch and do not read. */
async function takeEveryPlace(): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  for (let index = 0; index < 16; index += 1) {
    const socket = connect(rig.gateway.adminPort, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      `GET /dashboard/api/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`,
    );
    // Its head has come; then it is not read any more.
    await once(socket, 'data');
    sockets.push(socket.pause());
  }
  return sockets;
}

/** Until the first audio, over the turns that are remembered, on the gateway's clock. */
async function medianWaitMs(): Promise<number> {
  const response = await fetch(address('/dashboard/api/state'), { headers: AUTHORISED });
  const { turns } = (await response.json()) as DashboardState;
  const waits = turns.flatMap(({ firstAudioAfterMs }) => firstAudioAfterMs ?? []);
  expect(waits.length).toBeGreaterThan(20);
  return waits.sort((a, b) => a - b)[Math.floor(waits.length / 2)] ?? 0;
}

describe('the operator’s page', { timeout: 40_000 }, () => {
  it('shows a call that appears, speaks and ends', async () => {
    await start({}, SLOW);
    const page = await openSignedIn();
    expect(await page.evaluate(`document.querySelector('#calls').hidden`)).toBe(true);
    await page.evaluate(`globalThis.seen = new Set(); new MutationObserver(() => {
      for (const { dataset } of document.querySelectorAll('#calls .state')) seen.add(dataset.state);
    }).observe(document.querySelector('#calls'), { subtree: true, childList: true, attributes: true }); 0`);
    const call = place([speak(4_000), { type: 'silence', ms: 1_000 }], { speed: SLOW });
    await page.until(`document.querySelectorAll('#calls tbody tr').length === 1`);
    await page.until(`seen.has('caller-speaking')`);
    await page.until(`seen.has('bot-speaking')`);
    const { conversationId, outcome } = await call;
    expect(outcome).toBe('hung-up');
    await page.until(`document.querySelectorAll('#calls tbody tr').length === 0`);
    await page.until(`document.querySelectorAll('#turns tbody tr').length >= 2`);
    const shown = await page.evaluate<string>(`document.body.innerText`);
    expect(shown).toContain(conversationId.slice(0, 8));
    expect(shown).toMatch(/caller\s+1\s+1/u);
    expect(page.problems).toEqual([]);
    expect(new Set(page.requests.map((url) => new URL(url).origin))).toEqual(
      new Set([new URL(address('/')).origin]),
    );
  });

  it('refuses a wrong token, and lets in with the right one until somebody signs out', async () => {
    await start();
    const page = await open();
    await signIn(page, 'not-the-operators-token');
    await page.until(`document.getElementById('token-error').textContent !== ''`);
    expect(await page.evaluate(`document.body.dataset.view`)).toBe('sign-in');
    expect(await page.evaluate(`document.cookie`)).toBe('');
    // What was wrong is selected, so that writing replaces it.
    await signIn(page);
    await page.until(`document.body.dataset.view === 'dashboard'`);
    expect(await page.evaluate(`document.cookie`)).toBe('');
    await page.evaluate(`document.getElementById('sign-out').click()`);
    await page.until(`document.body.dataset.view === 'sign-in'`);
    expect(await page.evaluate(`fetch('api/state').then(({ status }) => status)`)).toBe(401);
  });

  it('says how to set a token when there is none', async () => {
    await start({ admin: { listen: '127.0.0.1:0' } });
    const page = await open();
    await page.until(`document.body.dataset.view === 'setup'`);
    expect(await page.evaluate(`document.body.innerText`)).toContain('BYOVA_ADMIN_TOKEN');
  });

  it('shows nothing of what a caller presses, sends or says, and no secret: not on it, not in its API', async () => {
    await start();
    const token = rig.token({ tokenId: 'nonce-canary-77' });
    const find = createCanarySearch({
      digits: '9081726354',
      parameter: 'parameter-canary-1',
      name: 'name-canary-1',
      vendor: 'vendor-canary-1',
      conversation: 'conversation-canary-1',
      nonce: 'nonce-canary-77',
      token,
      operator: TOKEN,
      // What bots say.
      echo: 'two, three',
    });
    const page = await openSignedIn();
    const call = rig.webex({ token }).placeCall({
      organisationId: ORGANISATION,
      speed: SPEED,
      conversationId: 'conversation-canary-1',
      vendorConfig: 'vendor-canary-1',
      sessionParameters: { long: true, name: 'parameter-canary-1' },
      script: [
        { type: 'press', digits: '9081726354' },
        { type: 'custom-event', name: 'name-canary-1', parameters: { a: 'parameter-canary-1' } },
        speak(2_000),
      ],
    });
    await page.until(`document.querySelectorAll('#calls tbody tr').length === 1`);
    const [html, state] = [
      await page.evaluate<string>(`document.documentElement.outerHTML`),
      await (await fetch(address('/dashboard/api/state'), { headers: AUTHORISED })).text(),
    ];
    await call;
    await page.until(`document.querySelectorAll('#calls tbody tr').length === 0`);
    const after = await page.evaluate<string>(`document.documentElement.outerHTML`);
    const { body } = await fetch(address('/dashboard/api/events'), { headers: AUTHORISED });
    let events = '';
    for await (const piece of body ?? []) {
      events += Buffer.from(piece).toString();
      if (events.includes('\n\n')) break;
    }
    expect(events).toContain('custom-event');
    for (const text of [html, state, after, events]) {
      expect(text).toContain('conversa');
      expect(find(text)).toEqual([]);
    }
  });

  it('names calls as the log does, where that holds pseudonyms', async () => {
    await start({ log: { identifiers: 'pseudonyms' } });
    const page = await openSignedIn();
    const call = place([{ type: 'silence', ms: 20_000 }]);
    await page.until(`document.querySelectorAll('#calls tbody tr').length === 1`);
    await page.until(`document.querySelectorAll('#turns tbody tr').length === 1`);
    const started = rig.log.lines.find(({ fields }) => fields['event'] === 'call.started');
    const { conversation, organisation } = started?.fields ?? {};
    for (const name of [conversation, organisation]) expect(name).toMatch(/^~[\w-]{20}$/u);
    const calls = await page.evaluate<string>(`document.getElementById('calls').innerText`);
    expect(calls).toContain(conversation);
    expect(calls).toContain(organisation);
    expect(await page.evaluate(`document.getElementById('turns').innerText`)).toContain(
      conversation,
    );
    await call;
  });

  it('shows limits, and what became of those who asked to be let in', async () => {
    await start({ conversation: { maxConversations: 1, shedding: { loopDelayMs: 7_000 } } });
    const page = await openSignedIn();
    const call = place([{ type: 'silence', ms: 60_000 }]);
    await page.until(`document.querySelectorAll('#calls tbody tr').length === 1`);
    await place([]);
    await page.until(`document.querySelectorAll('#admissions tbody tr').length === 2`);
    expect(await page.evaluate(`document.getElementById('admissions').innerText`)).toMatch(
      /admitted\s+1\s+1[\s\S]*process\s+1\s+1|process\s+1\s+1[\s\S]*admitted\s+1\s+1/u,
    );
    const limits = await page.evaluate<string>(`document.getElementById('limits').innerText`);
    for (const limit of [
      /conversations\s+1 \/ 1\n/u,
      /connections\s+\d+ \/ 10,000/u,
      /connections without admission\s+\d+ \/ 1,000/u,
      /loop delay\s+\d+ ms \/ 7\.00 s/u,
      /heap\s+\d+ MB/u,
    ])
      expect(limits).toMatch(limit);
    await call;
  });

  it('can be used with the keyboard alone', async () => {
    await start();
    const page = await openSignedIn();
    await page.evaluate(`document.activeElement.blur()`);
    const reached: string[] = [];
    for (let step = 0; step < 8; step += 1) {
      await page.press('Tab');
      reached.push(
        await page.evaluate(`(({ activeElement: now }) => {
          if (now === document.body) return '';
          const { outlineStyle } = getComputedStyle(now);
          const name = now.id || now.getAttribute('aria-labelledby') || now.className;
          return name + ' ' + outlineStyle;
        })(document)`),
      );
    }
    for (const name of ['drain', 'sign-out', 'calls-title', 'turns-title'])
      expect(reached).toContain(`${name} solid`);
    const nameless = `[...document.querySelectorAll('button, a, input, select, [tabindex="0"]')]
      .filter((one) => one.getClientRects().length > 0 && !one.innerText.trim() && !one.labels?.length && !one.hasAttribute('aria-labelledby') && !one.hasAttribute('aria-label') && !one.hasAttribute('aria-hidden')).length`;
    expect(await page.evaluate(nameless)).toBe(0);

    await page.evaluate(`document.getElementById('drain').focus()`);
    await page.press('Enter');
    await page.until(`document.getElementById('drain-dialog').open`);
    expect(await page.evaluate(`document.activeElement.value`)).toBe('cancel');
    await page.press('Escape');
    await page.until(`!document.getElementById('drain-dialog').open`);
    expect(await page.evaluate(`document.activeElement.id`)).toBe('drain');
    expect(rig.gateway.readiness().state).toBe('ready');
  });

  it('changes the log level of a call that is seen, and takes that back', async () => {
    await start();
    const page = await openSignedIn();
    const call = place([{ type: 'silence', ms: 60_000 }]);
    await page.until(`document.querySelector('#calls button') !== null`);
    await page.evaluate(`document.querySelector('#calls button').focus()`);
    await page.press('Enter');
    await page.until(`document.getElementById('level-dialog').open`);
    await page.evaluate(`document.querySelector('#level-dialog .primary').focus()`);
    await page.press('Enter');
    await page.until(`document.querySelectorAll('#levels tbody tr').length === 1`);
    expect(await page.evaluate(`document.getElementById('levels').innerText`)).toMatch(
      /conversation\s+debug\s+1[45]:\d\d left/u,
    );
    await page.evaluate(`document.querySelector('#levels button').focus()`);
    await page.press('Enter');
    await page.until(`document.querySelectorAll('#levels tbody tr').length === 0`);
    expect(rig.log.events().filter((event) => event === 'admin.log-level')).toHaveLength(2);
    await call;
  });

  it('drains when that is confirmed', async () => {
    await start();
    const page = await openSignedIn();
    await page.evaluate(`document.getElementById('drain').focus()`);
    await page.press('Enter');
    await page.until(`document.getElementById('drain-dialog').open`);
    await page.press('Tab');
    await page.press('Enter');
    await rig.gateway.stopAsked;
    await rig.gateway.drain();
    expect(rig.gateway.readiness().state).toBe('stopped');
    expect(rig.log.events()).toEqual(expect.arrayContaining(['admin.drain', 'gateway.stopped']));
    await page.until(`document.getElementById('connection').textContent.startsWith('lost')`);
  });

  it.each([
    ['in the dark on a phone', { width: 360, height: 740, isPhone: true, isDark: true }],
    ['in the light on a phone', { width: 390, height: 844, isPhone: true }],
    ['on a large screen in the dark', { width: 1_920, height: 1_080, isDark: true }],
  ])('fits %s', async (_title, options: PageOptions) => {
    await start();
    const page = await openSignedIn(options);
    const call = place([{ type: 'silence', ms: 20_000 }]);
    await page.until(`document.querySelectorAll('#calls tbody tr').length === 1`);
    await page.until(`document.querySelectorAll('#turns tbody tr').length === 1`);
    const [width, wide, ground, text] = await page.evaluate<[number, number, string, string]>(
      `[document.documentElement.scrollWidth, Math.max(...[...document.querySelectorAll('.card')].map((card) => card.getBoundingClientRect().right)), getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]`,
    );
    expect(width).toBe(options.width);
    expect(wide).toBeLessThanOrEqual(options.width ?? 0);
    const light = (colour: string): number => Number(/\d+/u.exec(colour)?.[0]);
    expect(light(ground) < light(text)).toBe(options.isDark === true);
    await call;
  });

  it('frees every place that is held by somebody who does not read', async () => {
    await start({}, 200);
    const sockets = await takeEveryPlace();
    const watch = async (): Promise<number> => {
      const { status, body } = await fetch(address('/dashboard/api/events'), {
        headers: AUTHORISED,
      });
      await body?.cancel();
      return status;
    };
    expect(await watch()).toBe(503);
    await vi.waitFor(async () => expect(await watch()).toBe(200), { timeout: 10_000 });
    for (const socket of sockets) socket.destroy();
  });

  it('slows no call while every place is taken by somebody who does not read', async () => {
    await start();
    const placeTen = () =>
      Promise.all(
        Array.from({ length: 10 }, () => place([speak(1_000), { type: 'press', digits: '12' }])),
      );
    await placeTen();
    const calmMs = await medianWaitMs();
    const sockets = await takeEveryPlace();
    const more = await fetch(address('/dashboard/api/events'), { headers: AUTHORISED });
    expect([more.status, await more.json()]).toEqual([503, { error: 'as many watch as may' }]);
    const results = await placeTen();
    const stalledMs = await medianWaitMs();
    expect(stalledMs).toBeLessThan(2 * calmMs + 50 * SPEED);
    for (const socket of sockets) socket.destroy();
    expect(results.map(({ outcome, violations }) => [outcome, violations])).toEqual(
      results.map(() => ['hung-up', []]),
    );
  });
});

describe('a process that is drained from the page', () => {
  it('ends well, as if it had been told by a signal', async () => {
    await start();
    const config = parseConfig(
      JSON.stringify({
        grpc: { listen: '127.0.0.1:0' },
        ...ADMIN,
        trust: { issuers: [{ issuer: rig.issuer.issuer, jwksUri: rig.keyServer.jwksUri }] },
        dataSources: [
          {
            url: 'https://voice.example.com:443',
            schema: 'voice-virtual-agent',
            audience: 'a',
            subject: 'b',
            organizations: [ORGANISATION],
          },
        ],
        agents: [{ id: 'echo', name: 'Echo', default: true, bot: { use: 'echo' } }],
      }),
      { env: {}, baseDir: import.meta.dirname, fileName: 'test.yaml' },
    );
    const events = new EventEmitter();
    const deps = { clock: systemClock, logger: silentLogger, fetch, events, synthesiser: VOICE };
    const code = await runServer(config, deps, async ({ adminPort }) => {
      const response = await fetch(`http://127.0.0.1:${adminPort}/dashboard/api/drain`, {
        method: 'POST',
        headers: { ...AUTHORISED, 'content-type': 'application/json' },
        body: JSON.stringify({ confirm: 'drain' }),
      });
      expect(response.status).toBe(202);
    });
    expect(code).toBe(0);
  });
});
