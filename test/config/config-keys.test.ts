import { describe, expect, it } from 'vitest';

import { CONFIG_KEYS, knownKeysAt } from '../../src/config/config-keys.ts';

describe('config-keys', () => {
  it('explains every key', () => {
    for (const { path, type, meaning } of CONFIG_KEYS) {
      expect(meaning, path).not.toBe('');
      expect(type, path).not.toMatch(/undefined|anything/u);
    }
    expect(new Set(CONFIG_KEYS.map(({ path }) => path)).size).toBe(CONFIG_KEYS.length);
  });

  it('names type, default and need as a reader of the file sees them', () => {
    const find = (wanted: string) => CONFIG_KEYS.find(({ path }) => path === wanted);
    expect(find('grpc.listen')).toMatchObject({
      type: 'host:port',
      default: '"0.0.0.0:50051"',
      isRequired: false,
    });
    expect(find('trust.clockSkewSeconds')).toMatchObject({
      type: 'number, 0 to 300',
      default: '30',
    });
    expect(find('agents[].speech.endOfInput')).toMatchObject({
      type: '`at-silence`, `at-first-audio`',
    });
    expect(find('dataSources[].organizations')).toMatchObject({
      type: '`any`, or list of UUID',
      default: '"any"',
    });
    expect(find('agents[].bot.use')).toMatchObject({ isRequired: true, default: '' });
  });

  it('keeps the keys of the published sample', () => {
    const paths = CONFIG_KEYS.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        'grpc.listen',
        'grpc.tls.cert',
        'grpc.tls.key',
        'grpc.tls.clientCa',
        'admin.listen',
        'trust.issuers[].issuer',
        'trust.issuers[].jwksUri',
        'trust.clockSkewSeconds',
        'dataSources[].url',
        'dataSources[].schema',
        'dataSources[].audience',
        'dataSources[].subject',
        'dataSources[].organizations',
        'agents[].id',
        'agents[].name',
        'agents[].default',
        'agents[].organizations',
        'agents[].bot.use',
        'agents[].bot.options',
      ]),
    );
  });

  it('knows the keys of each section', () => {
    expect(knownKeysAt('')).toEqual([
      'grpc',
      'admin',
      'trust',
      'dataSources',
      'agents',
      'conversation',
      'peers',
      'speech',
      'recorder',
      'log',
    ]);
    expect(knownKeysAt('trust.issuers[]')).toEqual(['issuer', 'jwksUri', 'pinnedFile']);
    expect(knownKeysAt('agents[].bot')).toEqual(['use', 'options', 'isolate', 'limits']);
    expect(knownKeysAt('nowhere')).toEqual([]);
  });
});
