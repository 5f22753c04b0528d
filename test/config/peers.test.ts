import { describe, expect, it } from 'vitest';

import { redactedConfig } from '../../src/config/redacted-config.ts';
import { MINIMAL_CONFIG, parse, problemsOf } from '../support/config-text.ts';

const REDIS = 'conversation: { redis: { url: "redis://u:canary-1@redis.example/0" } }';
const TOKEN = 'token: canary-2-of-the-peers';
const withPeers = (peers: string, conversation = REDIS): string =>
  `${MINIMAL_CONFIG}${conversation}\npeers: { ${peers} }\n`;

describe('peers', () => {
  it('are reached where they say, with a token or certificates', () => {
    const config = parse(
      withPeers(
        `listen: "0.0.0.0:50052", advertise: "10.0.0.7:50052", ${TOKEN},
         tls: { cert: tls/peer.crt, key: tls/peer.key, ca: tls/ca.crt, serverName: peers.internal }`,
      ),
    );
    expect(config.peers).toEqual({
      listen: { host: '0.0.0.0', port: 50_052 },
      advertise: '10.0.0.7:50052',
      token: 'canary-2-of-the-peers',
      tls: {
        certFile: '/etc/byova/tls/peer.crt',
        keyFile: '/etc/byova/tls/peer.key',
        caFile: '/etc/byova/tls/ca.crt',
        serverName: 'peers.internal',
      },
    });
    expect(config.conversation.redis?.keyPrefix).toBe('byova:');
    expect(parse(MINIMAL_CONFIG).peers).toBeUndefined();
  });

  it('and the Redis they share conversations in keep their secrets to themselves', () => {
    const shown = redactedConfig(parse(withPeers(`listen: "127.0.0.1:0", ${TOKEN}`)));
    expect(JSON.stringify(shown)).not.toContain('canary');
    expect(shown.peers?.token).toBe('[hidden]');
    expect(shown.conversation.redis?.url).toBe('redis://[hidden]@redis.example/0');
  });

  it.each([
    [`${MINIMAL_CONFIG}${REDIS}`, 'conversation.redis: needs peers'],
    [withPeers(`listen: "127.0.0.1:1", ${TOKEN}`, ''), 'peers: needs conversation.redis'],
    [withPeers('listen: "127.0.0.1:1"'), 'peers.token: is needed, or tls'],
    [
      withPeers(`listen: "0.0.0.0:1", ${TOKEN}`),
      'peers.advertise: is needed: listen names no single address',
    ],
    [
      withPeers(`listen: "127.0.0.1:1", advertise: "http://a", ${TOKEN}`),
      'peers.advertise: must be "host:port"',
    ],
    [
      withPeers('listen: "127.0.0.1:1", token: short'),
      'peers.token: must be 16 to 1024 visible ASCII characters',
    ],
    [
      `grpc: { listen: "127.0.0.1:7" }\n${withPeers(`listen: "127.0.0.1:7", ${TOKEN}`)}`,
      'peers.listen: is the same as grpc.listen',
    ],
    [
      `admin: { listen: "127.0.0.1:7" }\n${withPeers(`listen: "127.0.0.1:7", ${TOKEN}`)}`,
      'peers.listen: is the same as admin.listen',
    ],
  ])('are refused when they cannot work (%#)', (text, problem) => {
    const problems = problemsOf(text);
    expect(problems.map((line) => line.replace(/ \(line \d+\)$/u, ''))).toEqual([problem]);
    expect(problems.join('')).not.toContain('canary');
  });
});
