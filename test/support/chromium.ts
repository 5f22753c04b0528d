import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { WebSocket } from 'ws';

import { findTool } from './tools.ts';

/** How a page is looked at. */
export interface PageOptions {
  readonly width?: number;
  readonly height?: number;
  readonly isDark?: boolean;
  readonly isPhone?: boolean;
}

/** One page in the browser. */
export interface Page {
  /** The value of an expression in the page; it may be a promise. */
  evaluate<T>(expression: string): Promise<T>;
  /** Waits until an expression is truthy, asked anew for each frame. */
  until(expression: string): Promise<void>;
  /** Presses a key, such as `Tab`, `Enter`, `Escape` or `Space`. */
  press(key: string, options?: { readonly shift?: boolean }): Promise<void>;
  /** Writes into what has the focus. */
  type(text: string): Promise<void>;
  /** A PNG of what is seen, or of the whole page. */
  screenshot(options?: { readonly isWhole?: boolean }): Promise<Buffer>;
  /** Addresses that were asked for. */
  readonly requests: readonly string[];
  /** Errors of scripts, of the console and of the content security policy. */
  readonly problems: readonly string[];
}

/** A headless browser of its own, with an empty profile. */
export interface Browser {
  open(url: string, options?: PageOptions): Promise<Page>;
  /** Closes every page, so that none goes on asking. */
  closePages(): Promise<void>;
  close(): Promise<void>;
}

const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-extensions',
  '--no-first-run',
  '--no-default-browser-check',
  '--hide-scrollbars',
  '--remote-debugging-port=0',
];
const UNTIL_TIMEOUT_MS = 10_000;
const KEY_CODES: Readonly<Record<string, readonly [code: number, text?: string]>> = {
  Tab: [9],
  Enter: [13, '\r'],
  Escape: [27],
  Space: [32, ' '],
};

type Json = Readonly<Record<string, unknown>>;
interface Message extends Json {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Json;
  readonly result?: Json;
  readonly error?: { readonly message: string };
  readonly sessionId?: string;
}

/** Starts Debian's Chromium and speaks its DevTools protocol. */
export async function startChromium(): Promise<Browser> {
  const path = findTool('chromium');
  if (path === undefined) throw new Error('chromium is not installed');
  const profile = await mkdtemp(join(tmpdir(), 'byova-chromium-'));
  const child = spawn(path, [...FLAGS, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, HOME: profile },
  });
  const exited = once(child, 'exit');
  const address = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      const found = /^DevTools listening on (\S+)/u.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.on('exit', () => reject(new Error('chromium ended before it listened')));
    child.on('error', reject);
  });
  const socket = new WebSocket(await address, { maxPayload: 64 * 1024 * 1024 });
  await once(socket, 'open');
  const { send, listen } = speak(socket);
  const pages: unknown[] = [];
  return {
    async open(url, options = {}) {
      const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
      pages.push(targetId);
      const attached = await send('Target.attachToTarget', { targetId, flatten: true });
      const session = String(attached['sessionId']);
      const ask: Ask = (method, params) => send(method, params, session);
      return openPage({ ask, listen: (on) => listen(session, on) }, url, options);
    },
    async closePages() {
      for (const targetId of pages.splice(0)) await send('Target.closeTarget', { targetId });
    },
    async close() {
      socket.close();
      child.kill('SIGKILL');
      await exited;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

type Ask = (method: string, params?: Json) => Promise<Json>;
type Listener = (method: string, params: Json) => void;

function speak(socket: WebSocket) {
  const waiting = new Map<number, (message: Message) => void>();
  const listeners = new Map<string, Listener>();
  let lastId = 0;
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as Message;
    const { id, method, params = {}, sessionId = '' } = message;
    if (id !== undefined) waiting.get(id)?.(message);
    else if (method !== undefined) listeners.get(sessionId)?.(method, params);
  });
  return {
    listen: (session: string, listener: Listener) => void listeners.set(session, listener),
    send: (method: string, params: Json = {}, sessionId?: string): Promise<Json> =>
      new Promise((resolve, reject) => {
        const id = ++lastId;
        waiting.set(id, ({ result = {}, error }) => {
          waiting.delete(id);
          if (error === undefined) resolve(result);
          else reject(new Error(`${method}: ${error.message}`));
        });
        socket.send(JSON.stringify({ id, method, params, sessionId }));
      }),
  };
}

async function openPage(
  { ask, listen }: { readonly ask: Ask; readonly listen: (on: Listener) => void },
  url: string,
  { width = 1_280, height = 900, isDark = false, isPhone = false }: PageOptions,
): Promise<Page> {
  const requests: string[] = [];
  const problems: string[] = [];
  let loaded = (): void => undefined;
  const isLoaded = new Promise<void>((resolve) => {
    loaded = resolve;
  });
  listen((method, params) => {
    if (method === 'Network.requestWillBeSent')
      requests.push((params['request'] as { readonly url: string }).url);
    if (method === 'Runtime.exceptionThrown' || method === 'Log.entryAdded')
      problems.push(JSON.stringify(params));
    if (method === 'Page.loadEventFired') loaded();
  });
  for (const domain of ['Page', 'Runtime', 'Network', 'Log']) await ask(`${domain}.enable`);
  await ask('Emulation.setDeviceMetricsOverride', {
    width,
    height,
    deviceScaleFactor: 1,
    mobile: isPhone,
  });
  await ask('Emulation.setEmulatedMedia', {
    features: [
      { name: 'prefers-color-scheme', value: isDark ? 'dark' : 'light' },
      { name: 'prefers-reduced-motion', value: 'reduce' },
    ],
  });
  await ask('Page.navigate', { url });
  await isLoaded;

  const evaluate = async <T>(expression: string): Promise<T> => {
    const answer = await ask('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (answer['exceptionDetails'] !== undefined)
      throw new Error(`in the page: ${JSON.stringify(answer['exceptionDetails'])}`);
    return (answer['result'] as { readonly value: T }).value;
  };
  return {
    requests,
    problems,
    evaluate,
    async until(expression) {
      const isSo = await evaluate<boolean>(`new Promise((resolve) => {
        const timer = setTimeout(() => resolve(false), ${UNTIL_TIMEOUT_MS});
        const look = () => {
          if (!(${expression})) return requestAnimationFrame(look);
          clearTimeout(timer);
          resolve(true);
        };
        look();
      })`);
      if (!isSo) throw new Error(`never became true in the page: ${expression}`);
    },
    async press(key, { shift = false } = {}) {
      const [code, text] = KEY_CODES[key] ?? [0];
      const common = {
        key: key === 'Space' ? ' ' : key,
        code: key,
        windowsVirtualKeyCode: code,
        modifiers: shift ? 8 : 0,
      };
      await ask('Input.dispatchKeyEvent', {
        type: text === undefined ? 'rawKeyDown' : 'keyDown',
        ...common,
        ...(text === undefined ? {} : { text }),
      });
      await ask('Input.dispatchKeyEvent', { type: 'keyUp', ...common });
    },
    type: async (text) => void (await ask('Input.insertText', { text })),
    async screenshot({ isWhole = false } = {}) {
      const { data } = await ask('Page.captureScreenshot', {
        format: 'png',
        captureBeyondViewport: isWhole,
      });
      return Buffer.from(String(data), 'base64');
    },
  };
}
