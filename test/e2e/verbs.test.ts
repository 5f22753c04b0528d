import { chmod, copyFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { sine } from '../../src/audio/tones.ts';
import { TELEPHONE_FORMAT } from '../../src/audio/audio-format.ts';
import { decodeWav, encodeWav } from '../../src/audio/wav.ts';
import { DEVELOPMENT_ORGANISATION, startDevelopmentBroker } from '../../src/cli/development.ts';
import { createDevelopmentConfig, toLoopbackConfig } from '../../src/cli/development-config.ts';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { type Gateway, startGateway } from '../../src/gateway.ts';
import { exportIssuerKey, generateIssuerKey } from '../../src/simulator/issuer-key.ts';
import { type CliStage, createCliStage } from '../support/cli-rig.ts';
import { MINIMAL_CONFIG } from '../support/config-text.ts';

const ORG = ['--org', DEVELOPMENT_ORGANISATION] as const;
const KEY_FILE = '.byova/issuer-key.json';
const fast = (reach: readonly string[]) => [...reach, '--issuer-key', KEY_FILE, '--speed', '20'];

describe('a verb that calls a gateway', () => {
  let gateway: Gateway;
  let keyText: string;

  beforeAll(async () => {
    const key = await generateIssuerKey();
    keyText = exportIssuerKey(key, 'jwk');
    const broker = await startDevelopmentBroker({ key });
    const config = createDevelopmentConfig({ use: 'echo', options: {} }, import.meta.dirname);
    gateway = await startGateway(toLoopbackConfig(config, broker, 0), {
      clock: systemClock,
      logger: silentLogger,
      fetch,
    });
    return async () => {
      await gateway.close();
      await broker.close();
    };
  });

  /** A stage whose folder has the key that the gateway trusts. */
  async function stageWithKey(): Promise<CliStage & { readonly reach: readonly string[] }> {
    const stage = await createCliStage();
    await mkdir(join(stage.folder, '.byova'));
    await writeFile(join(stage.folder, KEY_FILE), keyText, { mode: 0o600 });
    return { ...stage, reach: ['--target', `127.0.0.1:${gateway.grpcPort}`, ...ORG] };
  }

  it('mints its own token, lists the agents, and prints no token', async () => {
    const { run, reach } = await stageWithKey();
    const { code, out, err } = await run('agents', ...reach, '--issuer-key', KEY_FILE);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^ID +NAME +DEFAULT +ATTRIBUTES\nfront-desk +Front desk +✓\n$/u);
    expect(out).not.toContain('eyJ');
  });

  it('takes the token that byova token printed, raw or as a bearer', async () => {
    const { run, reach, folder } = await stageWithKey();
    const { out: token } = await run('token', ...ORG, '--minutes', '5');
    await writeFile(join(folder, 'token.txt'), token);
    for (const rest of [['--raw-token'], []]) {
      const { code, out } = await run(
        'agents',
        ...reach,
        '--token-file',
        'token.txt',
        '--json',
        ...rest,
      );
      expect(code).toBe(0);
      expect(JSON.parse(out)).toMatchObject({ agents: [{ id: 'front-desk', isDefault: true }] });
    }
  });

  it('is told in one line why it was refused', async () => {
    const { run, reach } = await stageWithKey();
    const { code, out, err } = await run('call', ...reach, '--token', 'abc');
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^byova: 127\.0\.0\.1:\d+ answered UNAUTHENTICATED: [^\n]+\n$/u);
  });

  it('places a call in the order of its options, traces it, and records both sides', async () => {
    const { run, reach, folder } = await stageWithKey();
    await writeFile(join(folder, 'tone.wav'), encodeWav(sine(440, 600), TELEPHONE_FORMAT));
    const inOrder = ['--dtmf', '7', '--audio', 'tone.wav', '--dtmf', '#'];
    const { code, out, err } = await run(
      'call',
      ...fast(reach),
      '--record',
      'out/call.wav',
      ...inOrder,
    );
    expect([code, err]).toEqual([0, '']);
    const order = ['SESSION_START', 'START_OF_DTMF', '1 digit', 'caller speaks', 'SESSION_END'];
    expect(order.map((word) => out.indexOf(word)).every((at) => at > 0)).toBe(true);
    expect(out.indexOf('1 digit')).toBeLessThan(out.indexOf('caller speaks'));
    expect(out).toContain(
      '✓ the bot ended the call\n✓ every answer kept the contract with Webex\n',
    );
    const wav = decodeWav(await readFile(join(folder, 'out/call.wav')));
    expect(wav).toMatchObject({ channels: 2, format: { encoding: 'linear16' } });
  });

  it('is one of many at once: calls with the same key share a generation of the token', async () => {
    const { reach } = await stageWithKey();
    const stages = await Promise.all(Array.from({ length: 6 }, stageWithKey));
    const runs = await Promise.all(
      stages.map(({ run }) => run('call', ...fast(reach), '--dtmf', '#', '--json')),
    );
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('prints one JSON document for a program', async () => {
    const { run, reach } = await stageWithKey();
    const { code, out } = await run('call', ...fast(reach), '--dtmf', '#', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ outcome: 'ended-by-bot', contract: { kept: true } });
    expect(out).not.toContain('eyJ');
  });

  it.each([
    ['no credential', ['--dtmf', '1'], 2, /exactly one of --token, --token-file and --issuer-key/u],
    ['two credentials', ['--token', 'a', '--issuer-key', KEY_FILE], 2, /exactly one of/u],
    ['bad digits', ['--token', 'a', '--dtmf', '1x'], 2, /It must be 1 to 64 of 0-9 A-D \* #/u],
    ['TLS files without TLS', ['--token', 'a', '--ca', 'ca.pem'], 2, /need --tls/u],
    ['a token of two words', ['--token', 'a b'], 2, /must be one word/u],
    [
      'a missing sound',
      ['--token', 'a', '--audio', 'no.wav'],
      1,
      /cannot read no\.wav: there is no such file/u,
    ],
    ['a sound that is none', ['--token', 'a', '--audio', KEY_FILE], 1, /there is no RIFF header/u],
    ['a missing key', ['--issuer-key', 'no.json'], 1, /cannot read no\.json/u],
  ])('refuses %s in one line', async (_what, rest, exitCode, message) => {
    const { run, reach } = await stageWithKey();
    const { code, out, err } = await run('call', ...reach, ...rest);
    expect([code, out]).toEqual([exitCode, '']);
    expect(err).toMatch(message);
    expect(err).toMatch(/^byova: [^\n]+\n$/u);
  });
});

describe('byova token', () => {
  it('creates its key for the owner alone, and prints nothing but the token', async () => {
    const { run, folder } = await createCliStage();
    const { code, out, err } = await run('token', ...ORG, '--nonce', 'n-1', '--minutes', '10');
    expect(code).toBe(0);
    expect(err).toBe(`created ${KEY_FILE}: whoever has it can call gateways that trust it\n`);
    expect(out).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/u);
    const claims: unknown = JSON.parse(
      Buffer.from(out.split('.')[1] ?? '', 'base64url').toString(),
    );
    expect(claims).toMatchObject({ jti: 'n-1', 'com.cisco.org.uuid': DEVELOPMENT_ORGANISATION });
    const [file, parent] = [join(folder, KEY_FILE), join(folder, '.byova')];
    expect([(await stat(file)).mode & 0o777, (await stat(parent)).mode & 0o777]).toEqual([
      0o600, 0o700,
    ]);
  });

  it('serves the key of the token until it is told to stop', async () => {
    const { run, events, err } = await createCliStage();
    const running = run('token', ...ORG, '--serve', '0', '--json');
    await expect.poll(err).toMatch(/Ctrl-C stops/u);
    const jwksUri = /http:\S+verificationjwk/u.exec(err())?.[0] ?? '';
    const keys: unknown = await (await fetch(jwksUri)).json();
    events.emit('SIGINT');
    const { code, out } = await running;
    expect(code).toBe(0);
    const { keyId, jwksUri: shown } = JSON.parse(out) as Readonly<Record<string, unknown>>;
    expect(shown).toBe(jwksUri);
    expect(keys).toMatchObject({ keys: [{ kid: keyId, kty: 'RSA' }] });
    await expect(fetch(jwksUri)).rejects.toThrow();
  });
});

describe('byova serve --check', () => {
  it('prints the effective configuration without its secrets', async () => {
    const { run, folder } = await createCliStage({ BANK_KEY: 'hunter2' });
    const text = MINIMAL_CONFIG.replace(
      'use: echo',
      'use: echo, options: { greeting: "${BANK_KEY}" }',
    );
    await writeFile(join(folder, 'byova.yaml'), text);
    const yaml = await run('serve', '--config', 'byova.yaml', '--check');
    expect([yaml.code, yaml.err]).toEqual([0, '']);
    expect(yaml.out).toContain('audience: A');
    expect(yaml.out).not.toContain('hunter2');
    const json = await run('serve', '--config', 'byova.yaml', '--check', '--json');
    expect(JSON.parse(json.out)).toMatchObject({ agents: [{ id: 'front-desk' }] });
  });

  it('reports every problem of the file at once, and exits with 78', async () => {
    const { run, folder } = await createCliStage();
    await writeFile(join(folder, 'byova.yaml'), 'grpc: { listen: nowhere }\nadmn: {}\n');
    const { code, out, err } = await run('serve', '--config', 'byova.yaml', '--check');
    expect([code, out]).toEqual([78, '']);
    expect(err).toMatch(/^byova: 3 problems in byova\.yaml\n/u);
    expect(err).toMatch(/admn: is an unknown key; did you mean admin\?/u);
    expect(err).not.toMatch(/\n\s+at /u);
  });

  it('reports bots and certificates that are not there', async () => {
    const { run, folder } = await createCliStage();
    const text = MINIMAL_CONFIG.replace('use: echo', 'use: ./bot.mjs');
    await writeFile(
      join(folder, 'byova.yaml'),
      `grpc: { tls: { cert: cert.pem, key: key.pem } }\n${text}`,
    );
    await writeFile(join(folder, 'bot.mjs'), 'throw new Error("no database");');
    const { code, err } = await run('serve', '--config', 'byova.yaml', '--check');
    expect(code).toBe(78);
    expect(err).toMatch(/agents\[0\]\.bot: .*\(Error: no database\)/u);
    expect(err).toMatch(/grpc\.tls\.cert: .*cert\.pem cannot be read/u);
    expect(err).toMatch(/grpc\.tls\.key: /u);
  });
});

describe('byova dev', () => {
  it('says how to call it, reloads a bot that changes, and keeps the old one when the new is broken', async () => {
    const stage = await createCliStage();
    const bot = join(stage.folder, 'menu.yaml');
    await copyFile(new URL('../../examples/front-desk/front-desk.yaml', import.meta.url), bot);
    await chmod(bot, 0o644);
    const running = stage.run('dev', '--bot', 'menu.yaml', '--port', '0');
    await expect.poll(stage.out, { timeout: 8000 }).toContain('Ctrl-C stops.');
    expect(stage.out()).toMatch(
      /byova call --target 127\.0\.0\.1:\d+ --issuer-key \.byova\/issuer-key\.json \\\n +--org [0-9a-f-]{36} /u,
    );
    await writeFile(bot, 'start: nowhere\nnodes: {}\n');
    await expect
      .poll(stage.err, { timeout: 5000 })
      .toMatch(/not reloaded, the old bot stays: .*"nowhere"/u);
    await writeFile(bot, 'start: a\nnodes: { a: { say: Bye., hangUp: true } }\n');
    await expect.poll(stage.out, { timeout: 5000 }).toContain('bots reloaded');
    stage.events.emit('SIGINT');
    expect((await running).code).toBe(0);
  });
});
