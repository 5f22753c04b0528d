import { describe, expect, it } from 'vitest';

import { VOICE_VIRTUAL_AGENT_SCHEMA_ID } from '../../src/protocols/voice-virtual-agent/schema.ts';
import { MINIMAL_CONFIG, parse, problemsOf } from '../support/config-text.ts';

const ORG_A = '0f1ad0f1-0000-4000-8000-00000000000a';
const ORG_B = '0f1ad0f1-0000-4000-8000-00000000000b';

/** {@link MINIMAL_CONFIG} with more sections. */
const minimalWith = (more: string): string => MINIMAL_CONFIG + more;
/** A configuration with these agents. */
const withAgents = (...agents: string[]): string =>
  `dataSources: [ { url: "https://a.example", schema: voice-virtual-agent, audience: A, subject: S } ]\nagents:\n${agents
    .map((agent) => `  - { bot: { use: echo }, ${agent} }\n`)
    .join('')}`;

describe('parse-config', () => {
  it('fills in every default', () => {
    expect(parse(MINIMAL_CONFIG)).toEqual({
      baseDir: '/etc/byova',
      environmentPaths: [],
      grpc: {
        listen: { host: '0.0.0.0', port: 50_051 },
        tls: undefined,
        limits: {
          maxReceiveBytes: 1_048_576,
          maxStreamsPerConnection: 1_000,
          maxSessionMemoryMb: 64,
          keepaliveMs: 60_000,
          firstMessageTimeoutMs: 10_000,
          writeStallTimeoutMs: 20_000,
          drainGraceMs: 30_000,
          drainForceMs: 60_000,
        },
      },
      admin: { listen: { host: '127.0.0.1', port: 9_090 } },
      trust: {
        issuers: ['', '-b-us', '-eu', '-ca'].map((cluster) => ({
          issuer: `https://idbroker${cluster}.webex.com/idb`,
          jwksUri: `https://idbroker${cluster}.webex.com/idb/oauth2/v2/keys/verificationjwk`,
        })),
        clockSkewMs: 30_000,
        requireCustomerOrgId: true,
        replay: { policy: 'rotation', overlapMs: undefined, onStoreFailure: 'local' },
        keys: { snapshotFile: undefined, staleMs: 86_400_000 },
      },
      dataSources: [
        {
          url: 'https://voice.example.com:443',
          schemaId: VOICE_VIRTUAL_AGENT_SCHEMA_ID,
          audience: 'A',
          subject: 'S',
          organisations: 'any',
        },
      ],
      agents: [
        {
          id: 'front-desk',
          name: 'front-desk',
          isDefault: false,
          organisations: 'any',
          attributes: {},
          bot: {
            use: 'echo',
            options: {},
            limits: { maxConcurrent: 10_000, breakerFailures: 10, breakerMs: 10_000 },
            isolate: undefined,
          },
          bargeIn: { by: 'either', protectMs: 0, onsetMs: 0, minSpeechMs: 0 },
          recogniser: undefined,
          playback: 'chunk',
          listen: {
            mode: 'voice-and-digits',
            digits: {},
            speech: { completeTimeoutMs: 900, maxSpeechMs: 30_000 },
          },
          endpointing: {
            onsetMs: 100,
            completeTimeoutMs: 900,
            incompleteTimeoutMs: 900,
            maxSpeechMs: 30_000,
          },
          inBandDigits: false,
          endOfInput: 'at-silence',
          apology: 'I am sorry, something went wrong.',
          answerTimeoutMs: 30_000,
          firstAudioTimeoutMs: 15_000,
          filler: { say: 'One moment, please.', afterMs: 3_000, times: 3 },
          fallback: {
            attempts: 3,
            action: 'transfer',
            say: 'I am sorry, I cannot help you at the moment.',
          },
        },
      ],
      conversation: {
        idleTimeoutMs: 600_000,
        maxConversations: 20_000,
        maxPerOrganisation: 20_000,
        organisationLimits: {},
        unknown: 'create',
        onStoreFailure: 'local',
        shedding: { loopDelayMs: 200, heapShare: 0.92 },
        redis: undefined,
      },
      speech: { voice: 'kal', cacheBytes: 33_554_432, workers: 1 },
      log: { level: 'info', identifiers: 'plain', pseudonymKey: undefined },
    });
  });

  it('accepts the documented sample as it stands', () => {
    const config = parse(`
grpc: { listen: "0.0.0.0:50051", tls: { cert: c.pem, key: k.pem, clientCa: ca.pem } }
admin: { listen: "127.0.0.1:9090" }
trust:
  issuers: [ { issuer: "https://idbroker.webex.com/idb", jwksUri: "https://keys.example/jwks" } ]
  clockSkewSeconds: 30
dataSources:
  - { url: "https://voice.example.com:443", schema: voice-virtual-agent, audience: A, subject: S, organizations: any }
agents:
  - { id: front-desk, name: Front desk, default: true, organizations: any, bot: { use: script, options: { file: front-desk.yaml } } }
`);
    expect(config.grpc.tls).toEqual({
      certFile: '/etc/byova/c.pem',
      keyFile: '/etc/byova/k.pem',
      clientCaFile: '/etc/byova/ca.pem',
      clientNames: [],
    });
    expect(config.trust.issuers[0]?.jwksUri).toBe('https://keys.example/jwks');
    expect(config.agents[0]).toMatchObject({ name: 'Front desk', isDefault: true });
  });

  it('takes certificates of the admin port, which has no list of names', () => {
    const withTls = (tls: string) => `${MINIMAL_CONFIG}\nadmin: { tls: { ${tls} } }\n`;
    expect(parse(withTls('cert: c.pem, key: k.pem, clientCa: ca.pem')).admin.tls).toEqual({
      certFile: '/etc/byova/c.pem',
      keyFile: '/etc/byova/k.pem',
      clientCaFile: '/etc/byova/ca.pem',
    });
    expect(() => parse(withTls('cert: c.pem, key: k.pem, clientNames: [x]'))).toThrow();
  });

  it('takes every key that can be set', () => {
    const config = parse(
      `
grpc:
  listen: "[::1]:0"
  tls: { cert: /c.pem, key: /k.pem, clientCa: /ca.pem, clientNames: ["*.ciscoccservice.com"] }
  limits: { maxReceiveBytes: 65536, maxStreamsPerConnection: 5, maxSessionMemoryMb: 6, keepaliveSeconds: 7, firstMessageTimeoutSeconds: 0.5, writeStallTimeoutSeconds: 8, drainGraceSeconds: 9, drainForceSeconds: 10 }
admin: { token: "\${ADMIN_TOKEN}" }
trust:
  requireCustomerOrgId: false
  organizationsFile: tenants/organisations.txt
  replay: { policy: single-use, overlapSeconds: 11 }
  keys: { snapshotFile: keys.json, staleHours: 1.5 }
dataSources:
  - { url: "http://127.0.0.1:8080/", schema: 523E1B7F-4693-47BC-B84E-A7B7A505FB0B, audience: A, subject: S, organizations: [ ${ORG_A.toUpperCase()}, ${ORG_A} ] }
agents:
  - id: a
    attributes: { team: north }
    bot: { use: ./bot.ts, options: { deep: { list: [1, two, null] } }, isolate: { workers: 2, maxMemoryMb: 99, unresponsiveSeconds: 1 }, limits: { maxConcurrent: 7, breakerFailures: 8, breakerSeconds: 9 } }
    recogniser: { use: vosk, options: { url: x } }
    filler: { say: Hm., afterSeconds: 1, times: 2 }
    fallback: { attempts: 4, action: end, say: Bye. }
    firstAudioTimeoutSeconds: 6
    bargeIn: { by: digits, protectMs: 500, onsetMs: 240, minSpeechMs: 300 }
    playback: wav
    speech: { completeTimeoutMs: 500, incompleteTimeoutMs: 700, onsetMs: 60, maxSpeechMs: 9000, noInputTimeoutMs: 4000, endOfInput: at-first-audio }
    digits: { maxLength: 4, terminator: "#", interDigitTimeoutMs: 2500, inBand: true }
    apology: Oh.
    answerTimeoutSeconds: 12
conversation: { idleTimeoutSeconds: 60, maxConversations: 9, unknown: refuse }
speech: { voice: slt, cacheMegabytes: 1, workers: 2 }
log: { level: debug }
`,
      { ADMIN_TOKEN: 'sixteen-letters!' },
    );
    expect(config).toMatchObject({
      grpc: {
        listen: { host: '::1', port: 0 },
        tls: { certFile: '/c.pem', clientNames: ['*.ciscoccservice.com'] },
        limits: { firstMessageTimeoutMs: 500, drainForceMs: 10_000 },
      },
      admin: { listen: { host: '127.0.0.1', port: 9_090 }, token: 'sixteen-letters!' },
      trust: {
        requireCustomerOrgId: false,
        organisationsFile: '/etc/byova/tenants/organisations.txt',
        replay: { policy: 'single-use', overlapMs: 11_000, onStoreFailure: 'refuse' },
        keys: { snapshotFile: '/etc/byova/keys.json', staleMs: 5_400_000 },
      },
      dataSources: [{ schemaId: '523e1b7f-4693-47bc-b84e-a7b7a505fb0b', organisations: [ORG_A] }],
      agents: [
        {
          attributes: { team: 'north' },
          bot: {
            use: './bot.ts',
            options: { deep: { list: [1, 'two', null] } },
            isolate: { workers: 2, maxMemoryMb: 99, unresponsiveMs: 1_000 },
            limits: { maxConcurrent: 7, breakerFailures: 8, breakerMs: 9_000 },
          },
          recogniser: { use: 'vosk', options: { url: 'x' } },
          filler: { say: 'Hm.', afterMs: 1_000, times: 2 },
          fallback: { attempts: 4, action: 'end', say: 'Bye.' },
          firstAudioTimeoutMs: 6_000,
          inBandDigits: true,
          bargeIn: { by: 'digits', protectMs: 500, onsetMs: 240, minSpeechMs: 300 },
          playback: 'wav',
          listen: {
            digits: { maxLength: 4, terminator: '#', interDigitTimeoutMs: 2_500 },
            speech: { noInputTimeoutMs: 4_000 },
          },
          endpointing: {
            onsetMs: 60,
            completeTimeoutMs: 500,
            incompleteTimeoutMs: 700,
            maxSpeechMs: 9_000,
          },
          endOfInput: 'at-first-audio',
          apology: 'Oh.',
          answerTimeoutMs: 12_000,
        },
      ],
      conversation: { idleTimeoutMs: 60_000, maxConversations: 9, unknown: 'refuse' },
      speech: { voice: 'slt', cacheBytes: 1_048_576, workers: 2 },
      log: { level: 'debug' },
    });
  });

  it('wants a token of operators that a header can carry and nobody guesses, and never shows it', () => {
    const withToken = (token: string) => minimalWith(`admin: { token: "${token}" }`);
    expect(problemsOf(withToken('x'.repeat(16)))).toEqual([]);
    for (const token of ['', 'canary-too-short', 'canary with a space', 'x'.repeat(1_025)])
      expect(
        problemsOf(withToken(token.slice(0, token.startsWith('canary-') ? 15 : 2_000))),
      ).toEqual(['admin.token: must be 16 to 1024 visible ASCII characters (line 6)']);
    // Wrong or not, it does not keep the addresses from being compared.
    expect(
      problemsOf(
        minimalWith(
          'grpc: { listen: "127.0.0.1:80" }\nadmin: { listen: "127.0.0.1:80", token: short }',
        ),
      ),
    ).toHaveLength(2);
  });

  it('is frozen to the bottom, options of bots included', () => {
    const config = parse(
      withAgents('id: a, bot: { use: echo, options: { deep: { list: [1] } } }').replace(
        'bot: { use: echo }, ',
        '',
      ),
    );
    const thawed: string[] = [];
    const walk = (value: unknown, path: string): void => {
      if (typeof value !== 'object' || value === null) return;
      if (!Object.isFrozen(value)) thawed.push(path);
      for (const [key, inner] of Object.entries(value)) walk(inner, `${path}.${key}`);
    };
    walk(config, 'config');
    expect(thawed).toEqual([]);
    expect(config.agents[0]?.bot.options).toEqual({ deep: { list: [1] } });
  });

  it('reports every problem of every kind at once, in the order of the file', () => {
    const text = `grpc:
  listen: nowhere
  tls: { cert: a, clientNames: [x] }
  limits: { drainGraceSeconds: 61, maxReceiveBytes: 1.5, keepaliveSeconds: 0 }
admin:
log: { level: loud }
trust:
  issuers:
    - issuer: "http://evil.example/idb"
    - { issuer: "https://a.example/idb" }
    - { issuer: "https://a.example/idb", jwks: 1 }
  clockSkewSeconds: "30"
dataSources:
  - url: ftp://x
    schema: voice
    subject: \${SUBJECT}
    organizations: [ nope, 3 ]
agents:
  - { id: a, default: true, bot: {} }
  - id: a
    default: true
    organizations: [ ${ORG_A} ]
    bot: { use: x, use: y }
    bargeIn: yes
`;
    expect(problemsOf(text)).toEqual([
      'grpc.listen: must be "host:port" with a port from 0 to 65535, an IPv6 address in brackets (line 2)',
      'grpc.tls.key: is required (line 3)',
      'grpc.tls.clientNames: needs clientCa (line 3)',
      'grpc.limits.maxReceiveBytes: must be a whole number (line 4)',
      'grpc.limits.keepaliveSeconds: must be at least 1 (line 4)',
      'grpc.limits.drainForceSeconds: must be at least drainGraceSeconds (line 4)',
      'admin: must be a mapping, and is empty (line 5)',
      'log.level: must be one of trace, debug, info, warn, error, silent (line 6)',
      'trust.issuers[0].issuer: must be an https URL; http is for the loopback interface only (line 9)',
      'trust.issuers[2].jwks: is an unknown key; did you mean jwksUri? (line 11)',
      'trust.issuers[2].issuer: is the same as in trust.issuers[1] (line 11)',
      'trust.clockSkewSeconds: must be a number (line 12)',
      'dataSources[0].url: must be an https URL; http is for the loopback interface only (line 14)',
      'dataSources[0].audience: is required (line 14)',
      'dataSources[0].schema: must be a UUID or one of voice-virtual-agent, media-forking, media-intelligence (line 15)',
      'dataSources[0].subject: needs the environment variable SUBJECT, which is not set (line 16)',
      'dataSources[0].organizations[0]: must be the UUID of an organisation (line 17)',
      'dataSources[0].organizations[1]: must be text (line 17)',
      'agents[0].bot.use: is required (line 19)',
      'agents[1].id: is the same as in agents[0] (line 20)',
      'agents[1].default: would give an organisation two default agents, this one and agents[0] (line 21)',
      'agents[1].bot.use: is there twice (line 23)',
      'agents[1].bargeIn: must be a mapping (line 24)',
    ]);
    expect(() => parse(text)).toThrow(/^23 problems in byova\.yaml\n/u);
  });

  it('tells only the number of those beyond two hundred', () => {
    const keys = Array.from({ length: 300 }, (_, index) => `k${index}: 1\n`).join('');
    const problems = problemsOf(MINIMAL_CONFIG + keys);
    expect(problems).toHaveLength(201);
    expect(problems.at(-1)).toBe('100 more');
  });

  it('gives the problems as data, too', () => {
    expect(() => parse(minimalWith('log: { level: loud }'))).toThrow(
      expect.objectContaining({
        code: 'ERR_CONFIG_INVALID',
        detail: { problems: [expect.objectContaining({ path: 'log.level', line: 6 })] },
      }),
    );
  });

  it('names the nearest known key of the same section for an unknown one', () => {
    const suggestions = [
      ['grcp: {}', 'grcp', 'grpc'],
      ['datasource: []', 'datasource', 'dataSources'],
      ['trust: { clockSkew: 1 }', 'trust.clockSkew', 'clockSkewSeconds'],
      [
        'grpc: { limits: { maxRecieveBytes: 1 } }',
        'grpc.limits.maxRecieveBytes',
        'maxReceiveBytes',
      ],
      ['conversation: { idleTimeoutMs: 1 }', 'conversation.idleTimeoutMs', 'idleTimeoutSeconds'],
    ] as const;
    for (const [text, path, nearest] of suggestions)
      expect(problemsOf(minimalWith(text))).toEqual([
        `${path}: is an unknown key; did you mean ${nearest}? (line 6)`,
      ]);
    expect(problemsOf(withAgents('id: a, organisations: any'))).toEqual([
      'agents[0].organisations: is an unknown key; did you mean organizations? (line 3)',
    ]);
  });

  it('lists the known keys when none is near, and quotes an odd key', () => {
    expect(problemsOf(minimalWith('log: { "x y": 1 }'))).toEqual([
      'log["x y"]: is an unknown key; known here: level, identifiers, pseudonymKey (line 6)',
    ]);
    expect(problemsOf(minimalWith('__proto__: { a: 1 }'))).toEqual([
      expect.stringMatching(/^__proto__: is an unknown key/u),
    ]);
  });

  it('refuses a file that is empty, no mapping, or not YAML', () => {
    expect(problemsOf('')).toEqual(['dataSources: is required']);
    expect(problemsOf('just text')).toEqual(['byova.yaml: must be a mapping']);
    expect(problemsOf('grpc: [')).toEqual([
      expect.stringMatching(/^byova\.yaml: is not valid YAML: .*\(line 1\)$/u),
    ]);
    expect(problemsOf('['.repeat(100))).toHaveLength(1);
    expect(problemsOf('a: !!js/function x')).toEqual([
      expect.stringMatching(/^byova\.yaml: is not valid YAML/u),
    ]);
  });

  it('accepts addresses with a name, IPv4 or bracketed IPv6, and nothing else', () => {
    const listen = (address: string) => minimalWith(`admin: { listen: "${address}" }`);
    expect(parse(listen('localhost:0')).admin.listen).toEqual({ host: 'localhost', port: 0 });
    expect(parse(listen('[::]:65535')).admin.listen).toEqual({ host: '::', port: 65_535 });
    for (const wrong of ['', ':1', '9090', '::1:80', '[::1]', '[x]:1', 'a:65536', 'a b:1', 'a:-1'])
      expect(problemsOf(listen(wrong)), wrong).toHaveLength(1);
  });

  it('accepts https URLs, and http on loopback only', () => {
    const url = (value: string) =>
      `dataSources: [ { url: "${value}", schema: media-forking, audience: A, subject: S } ]`;
    for (const right of [
      'https://a.example/',
      'http://localhost:1',
      'http://127.9.9.9',
      'http://[::1]:1',
    ])
      expect(parse(url(right)).dataSources[0]?.url).toBe(right);
    for (const wrong of [
      'a.example',
      'http://a.example',
      'http://127.0.0.1.evil.example',
      'http://localhost.evil.example',
      'https://user:secret-canary@a.example',
      'https://a.example/#x',
      ' https://a.example',
      'file:///etc/passwd',
    ]) {
      expect(problemsOf(url(wrong)), wrong).toHaveLength(1);
      expect(problemsOf(url(wrong)).join('')).not.toContain('canary');
    }
  });

  it('wants agents for a voice virtual agent and for no other schema', () => {
    const source = (schema: string) =>
      `dataSources: [ { url: "https://a.example", schema: ${schema}, audience: A, subject: S } ]`;
    expect(problemsOf(source('voice-virtual-agent'))).toEqual([
      'agents: must not be empty: a data source is for voice-virtual-agent',
    ]);
    expect(parse(source('media-intelligence')).agents).toEqual([]);
  });

  it('allows a default agent for each organisation, and one at most', () => {
    const [a, b, any] = [`[ ${ORG_A} ]`, `[ ${ORG_B} ]`, 'any'].map(
      (organizations) => `default: true, organizations: ${organizations}`,
    );
    expect(problemsOf(withAgents(`id: a, ${a}`, `id: b, ${b}`))).toEqual([]);
    expect(problemsOf(withAgents(`id: a, ${a}`, `id: b, ${a}`))).toHaveLength(1);
    expect(problemsOf(withAgents(`id: a, ${a}`, `id: b, ${any}`))).toHaveLength(1);
    expect(problemsOf(withAgents(`id: a, ${any}`, `id: b, ${b}`, `id: c, ${any}`))).toHaveLength(2);
  });

  it('refuses the same data source twice and the same address for both ports', () => {
    const source = '{ url: "https://a.example", schema: media-forking, audience: A, subject: S }';
    expect(problemsOf(`dataSources: [ ${source}, ${source} ]`)).toEqual([
      'dataSources[1].url: is the same as in dataSources[0] (line 1)',
    ]);
    const ports = (port: number) =>
      minimalWith(`grpc: { listen: "127.0.0.1:${port}" }\nadmin: { listen: "127.0.0.1:${port}" }`);
    expect(problemsOf(ports(80))).toEqual(['admin.listen: is the same as grpc.listen (line 7)']);
    expect(problemsOf(ports(0))).toEqual([]);
  });
});
