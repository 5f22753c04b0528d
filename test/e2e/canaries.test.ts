import { EventEmitter } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Metadata as MetadataType, Client, Metadata, credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { loadConfig } from '../../src/config/load-config.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Gateway } from '../../src/gateway.ts';
import { runServer } from '../../src/main.ts';
import { loadVoiceVirtualAgent } from '../../src/protocols/voice-virtual-agent/wire.ts';
import { type WireRequest, createRequestWriter } from '../../src/simulator/wire-message.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import type { Attack } from '../auth/attacks/attack.ts';
import { CLAIM_ATTACKS } from '../auth/attacks/claim-attacks.ts';
import { ENCODING_ATTACKS } from '../auth/attacks/encoding-attacks.ts';
import { SIGNATURE_ATTACKS } from '../auth/attacks/signature-attacks.ts';
import { createCanarySearch } from '../support/canaries.ts';
import {
  AUDIENCE,
  DATA_SOURCE_URL,
  ISSUER,
  NOW_MS,
  NOW_SECONDS,
  ORGANISATION,
  OTHER_ISSUER,
  SUBJECT,
  TOKEN_ID,
} from '../support/claims.ts';
import { createCliStage } from '../support/cli-rig.ts';
import { VOICE } from '../support/gateway-rig.ts';
import { recordSpans } from '../support/span-recorder.ts';
import { type JwksServer, startJwksServer } from '../support/jwks-server.ts';
import { KEY, OTHER_KEY, mint } from '../support/tokens.ts';

const CORPUS: readonly Attack[] = [...ENCODING_ATTACKS, ...SIGNATURE_ATTACKS, ...CLAIM_ATTACKS];
const CONVERSATION = 'conversation-of-the-canaries';
const DIGITS = '80497361552';
const SENSITIVE_DIGITS = '31870946258';
const SPOKEN = 'waterloo sunset four crowns';
const PARAMETER = 'parameter-canary-of-the-flow';
const VENDOR = 'vendor-canary-of-control-hub';
const SOUND = 'sound-canary-of-the-caller-';
const ADMIN_TOKEN = 'admin-canary-of-the-operators';
const ENVIRONMENT = {
  BYOVA_ADMIN: ADMIN_TOKEN,
  BYOVA_KEY: 'environment-canary-of-the-bot',
  BYOVA_REDIS: 'password-canary-of-the-store',
};
const TOKENS = {
  right: mint(),
  newer: mint({ claims: { iat: NOW_SECONDS - 30, jti: 'nonce-canary-of-the-renewal' } }),
  reused: mint({ claims: { iat: NOW_SECONDS - 20 } }),
  refused: mint({ claims: { aud: 'somebody-else' } }),
  // For the doctor, who keeps the time of the machine.
  fresh: mint({ claims: { iat: Date.now() / 1_000 - 10, exp: Date.now() / 1_000 + 600 } }),
};

/** Whole tokens and their signatures; whatever else a token consists of may stand in a configuration. */
const tokenCanaries = Object.fromEntries(
  [...Object.entries(TOKENS), ...CORPUS.map(([name, , header = '']) => [name, header] as const)]
    .flatMap(([name, header]) => {
      const token = header.trim().split(/\s+/u).at(-1) ?? '';
      return [
        [`token: ${name}`, token],
        [`signature: ${name}`, token.split('.')[2] ?? ''],
      ] as const;
    })
    .filter(([, secret]) => secret.length > 20),
);
const findCanaries = createCanarySearch({
  'token id': TOKEN_ID,
  'token id of the renewal': 'nonce-canary-of-the-renewal',
  digits: DIGITS,
  'sensitive digits': SENSITIVE_DIGITS,
  'caller text': SPOKEN,
  'session parameter': PARAMETER,
  'vendor configuration': VENDOR,
  'caller audio': SOUND,
  ...ENVIRONMENT,
  ...tokenCanaries,
});
/** What the client is not told either: it may be in the operator's log. */
const findClaims = createCanarySearch({
  ISSUER,
  AUDIENCE,
  SUBJECT,
  DATA_SOURCE_URL,
  ORGANISATION,
});

/** Repeats what it was told in every way in which a bot can go wrong. */
const BOT = `
const quote = (call, input) => JSON.stringify([input, call.parameters, call.vendorConfig]);
export const bot = {
  name: 'parrot',
  create: ({ greeting }, { logger }) => ({
    name: 'parrot',
    async *answer(call, input) {
      const text = quote(call, input) + greeting;
      if (input.type === 'start')
        yield { type: 'listen', settings: { mode: 'voice-and-digits', digits: { maxLength: 11 }, sensitive: input.name === 'sensitive' } };
      if (input.type === 'digits') {
        logger.error({ err: new Error(text), digits: input.digits, input, text }, 'bot');
        throw Object.assign(new Error(text + '\\n    at ' + input.digits, { cause: new Error(text) }), { code: input.digits, name: text });
      }
      switch (input.name) {
        case 'throw': throw new TypeError(text);
        case 'reject-text': throw text;
        case 'hang': await new Promise(() => undefined);
        case 'output': yield { type: text };
        case 'listen': yield { type: 'listen', settings: { mode: text } };
        case 'audio': yield { type: 'audio', audio: text };
        case 'say': yield { type: 'say', text: input.parameters.text };
      }
    },
    end(call) { throw new RangeError(quote(call)); },
  }),
};
`;

interface Rpc {
  readonly token?: string | undefined;
  readonly messages?: readonly WireRequest[];
}

/** What leaves the gateway, by where it goes. */
const seen = { log: '', client: '', admin: '', console: '', traces: '' };
const codes = new Set<string>();

const service = loadVoiceVirtualAgent();
const writer = createRequestWriter({
  conversationId: CONVERSATION,
  organisationId: ORGANISATION,
  vendorConfig: VENDOR,
});
const start = (name = ''): WireRequest =>
  writer.event('SESSION_START', name, { card: PARAMETER, spoken: SPOKEN });
const custom = (name: string): WireRequest =>
  writer.event('CUSTOM_EVENT', name, { text: SPOKEN, digits: DIGITS });

let folder: string;
let keyServer: JwksServer;
let aheadMs = 0;
const clock = {
  ...systemClock,
  now: () => NOW_MS + aheadMs,
};

/** Makes one RPC and keeps its status with everything that trails it. */
async function call(client: Client, { token, messages = [] }: Rpc): Promise<void> {
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('authorization', token);
  const method = service.ProcessCallerInput;
  const stream = client.makeBidiStreamRequest(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
    metadata,
  );
  const headers: MetadataType[] = [];
  stream.on('metadata', (sent) => headers.push(sent));
  stream.on('data', () => undefined).on('error', () => undefined);
  const ended = new Promise<void>((resolve) =>
    stream.on('status', (status) => {
      codes.add(status.details.split(':')[0] ?? '');
      seen.client += `${JSON.stringify([status.code, status.details, status.metadata, headers])}\n`;
      resolve();
    }),
  );
  for (const message of messages) stream.write(message);
  stream.end();
  await ended;
}

async function attack(client: Client): Promise<void> {
  const isEarly = ([, code]: Attack): boolean => code === 'ERR_AUTH_NOT_YET_VALID';
  // Those first that time would make right.
  for (const one of [...CORPUS].sort((a, b) => Number(isEarly(b)) - Number(isEarly(a)))) {
    const [, , header] = one;
    // As much later as it takes to be allowed another failure.
    if (!isEarly(one)) aheadMs += 3_000;
    try {
      await call(client, { token: header });
    } catch {
      // Not even a client sends that.
    }
  }
  for (let failures = 0; failures < 40; failures += 1)
    await call(client, { token: TOKENS.refused });
}

async function converse(client: Client): Promise<void> {
  const { right: token } = TOKENS;
  const rpc = (...messages: WireRequest[]): Promise<void> => call(client, { token, messages });
  for (const [name, digits] of [
    ['', DIGITS],
    ['sensitive', SENSITIVE_DIGITS],
  ] as const) {
    await rpc(start(name));
    await rpc(writer.digits(digits));
    for (const event of ['throw', 'reject-text', 'hang', 'output', 'listen', 'audio', 'say'])
      await rpc(custom(event));
    await rpc(writer.audio(Buffer.from(SOUND.repeat(20))));
    await rpc(writer.event('SESSION_END', SPOKEN));
  }
  await rpc();
  await rpc({ ...start(), customer_org_id: DIGITS });
  await rpc({ ...start(), virtual_agent_id: SPOKEN });
  await rpc({ ...custom('say'), conversation_id: '' });
}

async function administer(gateway: Gateway, client: Client): Promise<void> {
  const ask = async (path: string, method = 'GET', token = ADMIN_TOKEN, body?: string) => {
    const response = await fetch(`http://127.0.0.1:${gateway.adminPort}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body }),
    });
    seen.admin += `${response.status} ${JSON.stringify([...response.headers])} ${await response.text()}\n`;
  };
  const nonce = JSON.stringify({ nonce: TOKEN_ID });
  await ask('/revocations', 'POST', TOKENS.right, nonce);
  await ask('/revocations', 'POST', ADMIN_TOKEN, `{"nonce": "${TOKEN_ID}" ${SPOKEN}`);
  await ask('/revocations', 'POST', ADMIN_TOKEN, nonce);
  await ask('/revocations');
  await call(client, { token: TOKENS.right, messages: [start()] });
  await ask('/revocations', 'DELETE', ADMIN_TOKEN, nonce);
  for (const path of ['/metrics', '/readyz', '/startupz', '/livez', `/${SPOKEN}`]) await ask(path);
  for (const path of ['/dashboard/', '/dashboard/api/state']) await ask(path);
}

async function rotate(client: Client): Promise<void> {
  // Decisions that are remembered are made anew, and failures are allowed again.
  aheadMs += 120_000;
  for (const token of [TOKENS.newer, TOKENS.right, TOKENS.reused])
    await call(client, { token, messages: [start()] });
}

function shake(events: EventEmitter): void {
  const fault = new Error(`${SPOKEN}\n    at ${DIGITS} (${ENVIRONMENT.BYOVA_KEY}:1:1)`);
  events.emit('uncaughtException', fault);
  events.emit('unhandledRejection', new AggregateError([fault], TOKENS.right));
  events.emit('unhandledRejection', SPOKEN);
}

/** Everything that the verbs print of a configuration and of tokens. */
async function useTerminal(config: string): Promise<string> {
  let printed = '';
  const stage = await createCliStage(ENVIRONMENT);
  const write = (name: string, text: string): Promise<void> =>
    writeFile(join(stage.folder, name), text);
  await write('byova.yaml', config);
  await write('bot.mjs', BOT);
  await write(
    'broken.mjs',
    `export const bot = { name: 'b', create: (o) => { throw new Error(o.greeting) } }`,
  );
  await write('broken.yaml', config.replace('bot.mjs', 'broken.mjs'));
  await write('wrong.yaml', `${config}log: { level: "\${BYOVA_KEY}" }\n`);
  const runs = [
    ...['byova.yaml', 'broken.yaml', 'wrong.yaml'].flatMap((file) => [
      ['serve', '--check', '-c', file],
      ['serve', '--check', '--json', '-c', file],
    ]),
    ['serve', '-c', 'broken.yaml'],
    ['doctor', '-c', 'wrong.yaml'],
    ...Object.values(TOKENS).flatMap((token) => [
      ['doctor', '-c', 'byova.yaml', '--token', token],
      ['doctor', '-c', 'byova.yaml', '--json', '--token', token],
    ]),
  ];
  for (const args of runs) {
    const { code, out, err } = await stage.run(...args);
    printed += `${args.slice(0, 2).join(' ')} ${code}\n${out}\n${err}\n`;
  }
  return printed;
}

function configWith(jwksUri: string): string {
  return `
grpc: { listen: "127.0.0.1:0" }
admin: { listen: "127.0.0.1:0", token: "\${BYOVA_ADMIN}" }
trust:
  issuers:
    - { issuer: "${ISSUER}", jwksUri: "${jwksUri}" }
    - { issuer: "${OTHER_ISSUER}", jwksUri: "${jwksUri}" }
  replay: { overlapSeconds: 0, redis: { url: "redis://user:\${BYOVA_REDIS}@127.0.0.1:1/0" } }
dataSources:
  - { url: "${DATA_SOURCE_URL}", schema: voice-virtual-agent, audience: "${AUDIENCE}", subject: "${SUBJECT}", organizations: ["${ORGANISATION}"] }
agents:
  - id: parrot
    default: true
    answerTimeoutSeconds: 0.1
    fallback: { attempts: 100 }
    bot: { use: ./bot.mjs, options: { greeting: "\${BYOVA_KEY}", apiKey: "${ENVIRONMENT.BYOVA_KEY}", database: "https://me:${ENVIRONMENT.BYOVA_REDIS}@db.example.com/" } }
`;
}

describe('what is confidential', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'byova-canaries-'));
    const note = (...parts: readonly unknown[]): void => void (seen.console += parts.join(' '));
    const spies = (['log', 'info', 'warn', 'error', 'debug'] as const).map((method) =>
      vi.spyOn(console, method).mockImplementation(note),
    );
    keyServer = await startJwksServer();
    keyServer.publish([KEY.jwk, OTHER_KEY.jwk]);
    const text = configWith(keyServer.url);
    const spans = recordSpans();
    await writeFile(join(folder, 'byova.yaml'), text);
    await writeFile(join(folder, 'bot.mjs'), BOT);
    const config = await loadConfig(join(folder, 'byova.yaml'), ENVIRONMENT);
    const events = new EventEmitter();
    const logger = createLogger('trace', { write: (line) => void (seen.log += line) });
    await runServer(
      config,
      { clock, logger, fetch, synthesiser: VOICE, events },
      async (gateway) => {
        const client = new Client(`127.0.0.1:${gateway.grpcPort}`, credentials.createInsecure());
        await converse(client);
        await administer(gateway, client);
        await attack(client);
        await rotate(client);
        shake(events);
        client.close();
        events.emit('SIGTERM');
      },
    );
    for (const spy of spies) spy.mockRestore();
    seen.traces = JSON.stringify(spans.recorded);
    spans.stop();
  }, 60_000);
  afterAll(async () => {
    await keyServer.close();
    await rm(folder, { recursive: true });
  });

  it.each(['log', 'client', 'admin', 'console', 'traces'] as const)(
    '[check 42] [check 43] [check 96] is not in the %s: no token, secret, digits, sound or words of the caller',
    (place) => {
      expect(findCanaries(seen[place])).toEqual([]);
    },
  );

  it('[check 42] is not in what `serve` and `doctor` print, of right settings and of wrong ones', async () => {
    const printed = await useTerminal(configWith(keyServer.url));
    expect(findCanaries(printed)).toEqual([]);
    for (const text of ['[hidden]', 'serve --check 0', 'serve --check 78', 'doctor -c 0', 'aud'])
      expect(printed).toContain(text);
  });

  it('[check 43] is not told to the client: no value of a claim, expected or sent', () => {
    expect(findClaims(seen.client)).toEqual([]);
  });

  it('was really there: every kind of event, refusal and output came about', () => {
    for (const event of [
      'gateway.ready',
      'gateway.stopped',
      'auth.keys.fetched',
      'auth.replay.degraded',
      'auth.refused',
      'auth.limited',
      'rpc.refused',
      'call.started',
      'call.ended',
      'bot.failed',
      'admin.refused',
      'admin.revoked',
      'admin.restored',
      'process.fault',
    ])
      expect(seen.log).toContain(`"event":"${event}"`);
    for (const kind of ['ERR_HANDLER_TIMEOUT', 'ERR_HANDLER_OUTPUT', 'ERR_HANDLER_FAILED'])
      expect(seen.log).toContain(`"kind":"${kind}"`);
    expect(seen.log.split('"digits":"[redacted]"')).toHaveLength(5);
    for (const text of [CONVERSATION, ORGANISATION, '[redacted]']) expect(seen.log).toContain(text);
    const refusals = new Set<string>(CORPUS.map(([, code]) => code));
    for (const code of [
      ...refusals,
      'ERR_AUTH_SUPERSEDED',
      'ERR_AUTH_TOKEN_ID_REUSED',
      'ERR_AUTH_REVOKED',
      'ERR_AUTH_RATE_LIMITED',
      'ERR_CONVERSATION_ORGANISATION',
      'ERR_CONVERSATION_AGENT_UNKNOWN',
      'ERR_CONVERSATION_ID_MISSING',
    ])
      expect(codes).toContain(code);
    expect(seen.admin).toContain('byova_bot_failures_total{kind="ERR_HANDLER_FAILED"}');
    for (const series of ['byova_digit_inputs_total 2', 'byova_bot_answers_total{bot="parrot"'])
      expect(seen.admin).toContain(series);
    for (const told of ['bot-failed', CONVERSATION]) expect(seen.traces).toContain(told);
  });
});

describe('the search for canaries', () => {
  const secret = 'fleet-of-8-canaries';
  const encode = (before: string, encoding: 'base64' | 'base64url' | 'hex'): string =>
    Buffer.from(`${before}${secret}?!`).toString(encoding);

  it.each([
    ['plain', `"${secret}"`],
    ['hexadecimal', encode('a', 'hex').toUpperCase()],
    ['base64', encode('', 'base64')],
    ['base64', encode('a', 'base64')],
    ['base64', encode('ab', 'base64')],
    ['base64url', encode('abcd', 'base64url')],
    ['listed as JSON', JSON.stringify(Array.from(secret))],
  ])('finds one that is %s, and does not repeat it', (form, text) => {
    const search = createCanarySearch({ one: secret, other: 'not-in-here' });
    const found = search(`before ${text} after`);
    expect(found).toContain(`one (${form})`);
    expect(found.join()).not.toMatch(/other|fleet/u);
  });
});
