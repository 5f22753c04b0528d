import { describe, expect, it } from 'vitest';

import {
  createPatternTest,
  findPatternProblem,
} from '../../../src/handlers/script/safe-pattern.ts';

const PATTERNS = [
  '',
  '^$',
  'a',
  '^a',
  'a$',
  '^ab|cd$',
  '^(ab|c)*$',
  '^a?b+$',
  '^a{2}$',
  '^a{1,3}b{0,1}$',
  '^[0-9]{2,}$',
  '^\\d+\\.\\d{2}$',
  '[^a-c]',
  '^(?:a|b(c|d)?)+$',
  '^(a*)*$',
  '^.\\w\\W$',
  '^\\p{L}+$',
];
const TEXTS = [
  '',
  'a',
  'b',
  'ab',
  'abc',
  'aa',
  'aab',
  'cd',
  'xcd',
  '12',
  '1.50',
  'bcbd',
  'é',
  'a b',
  'ab-',
];

describe('a pattern', () => {
  it.each(PATTERNS)('finds what the regular expression %j finds', (pattern) => {
    expect(findPatternProblem(pattern)).toBeUndefined();
    const isFound = createPatternTest(pattern);
    const expected = new RegExp(pattern, 'u');
    expect(TEXTS.filter((text) => isFound(text))).toEqual(
      TEXTS.filter((text) => expected.test(text)),
    );
  });

  it.each(['^(a+)+$', '^(a|a)*$', '^(a?){30}a{30}$', 'a*a*a*a*a*a*b'])(
    'answers %j at once for a text on which going back would take for ever',
    (pattern) => {
      const startedAt = process.cpuUsage().user;
      createPatternTest(pattern)(`${'a'.repeat(499)}!`);
      expect(process.cpuUsage().user - startedAt).toBeLessThan(1_000_000);
    },
  );

  it.each([
    ['(', 'is no regular expression'],
    ['(?!a)', 'a pattern cannot look around or name groups'],
    ['(a)\\1', 'a pattern cannot refer to groups or to word boundaries'],
    ['\\bword', 'a pattern cannot refer to groups or to word boundaries'],
    ['((a{50}){50}){50}', 'a pattern that repeats so much is too large'],
    ['a'.repeat(201), 'a pattern has at most 200 characters'],
  ])('refuses %j', (pattern, problem) => {
    expect(findPatternProblem(pattern)).toBe(problem);
  });
});
