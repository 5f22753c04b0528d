import { describe, expect, it } from 'vitest';

import { redactedConfig } from '../../src/config/redacted-config.ts';
import { MINIMAL_CONFIG, parse } from '../support/config-text.ts';

const TEXT = MINIMAL_CONFIG.replace(
  'use: echo',
  `use: echo, options: {
    greeting: Hello,
    model: "\${MODEL}",
    apiKey: canary-1,
    nested: { password: canary-2, headers: [ { authorization: canary-3 } ], tokens: [ canary-4 ] },
    store: "redis://user:canary-5@redis.example/1",
    list: [ plain, "x \${SECRET}" ] }`,
);

describe('redacted-config', () => {
  const config = parse(TEXT, { MODEL: 'canary-6', SECRET: 'canary-7' });

  it('shows the effective configuration without secrets', () => {
    const redacted = redactedConfig(config);
    expect(redacted.agents[0]?.bot.options).toEqual({
      greeting: 'Hello',
      model: '[hidden]',
      apiKey: '[hidden]',
      nested: {
        password: '[hidden]',
        headers: [{ authorization: '[hidden]' }],
        tokens: '[hidden]',
      },
      store: 'redis://[hidden]@redis.example/1',
      list: ['plain', '[hidden]'],
    });
    expect(JSON.stringify(redacted)).not.toContain('canary');
    expect({ ...redacted, agents: [] }).toEqual({ ...config, agents: [] });
  });

  it('hides the token of operators, wherever it came from', () => {
    const { admin } = parse(`${MINIMAL_CONFIG}admin: { token: canary-of-operators }\n`);
    expect(admin.token).toBe('canary-of-operators');
    expect(redactedConfig({ ...config, admin }).admin).toEqual({ ...admin, token: '[hidden]' });
    expect(redactedConfig(config).admin.token).toBeUndefined();
  });

  it('leaves the configuration itself as it is', () => {
    redactedConfig(config);
    expect(config.agents[0]?.bot.options).toMatchObject({ apiKey: 'canary-1', model: 'canary-6' });
  });
});
