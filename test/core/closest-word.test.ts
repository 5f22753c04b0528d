import { describe, expect, it } from 'vitest';

import { closestWord } from '../../src/core/closest-word.ts';

const KNOWN = ['listen', 'limits', 'tls', 'id', 'organizations', 'idleTimeoutSeconds'];

describe('the closest word', () => {
  it('finds the name that a slip of the hand was meant to be', () => {
    const slips = [
      ['lissten', 'listen'],
      ['LISTEN', 'listen'],
      ['limit', 'limits'],
      ['tsl', 'tls'],
      ['Id', 'id'],
      ['organisations', 'organizations'],
      ['idleTimeoutMs', 'idleTimeoutSeconds'],
      ['listenAddress', 'listen'],
      ['idleTime', 'idleTimeoutSeconds'],
    ] as const;
    for (const [slip, meant] of slips) expect(closestWord(slip, KNOWN), slip).toBe(meant);
  });

  it('finds none where none is near', () => {
    for (const name of ['', 'x', 'bots', 'somethingElse', 'l'.repeat(10_000)])
      expect(closestWord(name, KNOWN), name.slice(0, 20)).toBeUndefined();
    expect(closestWord('listen', [])).toBeUndefined();
  });
});
