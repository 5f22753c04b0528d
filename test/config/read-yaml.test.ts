import { describe, expect, it } from 'vitest';

import { readYaml } from '../../src/config/read-yaml.ts';

describe('read-yaml', () => {
  it('reads values by YAML 1.2: yes and no are texts', () => {
    expect(readYaml('{ a: yes, b: true, c: 0x10, d: 1.5, e: null, 1: [x] }', {}).value).toEqual({
      a: 'yes',
      b: true,
      c: 16,
      d: 1.5,
      e: null,
      1: ['x'],
    });
  });

  it('finds keys that are there twice, however deep, with both lines known', () => {
    const { problems } = readYaml('a:\n  b: 1\n  c: 2\n  b: 3\na: 4\n', {});
    expect(problems).toEqual([
      { path: ['a', 'b'], message: 'is there twice', line: 4 },
      { path: ['a'], message: 'is there twice', line: 5 },
    ]);
  });

  it('follows aliases', () => {
    expect(readYaml('a: &x { b: 1 }\nc: *x\n', {}).value).toEqual({ a: { b: 1 }, c: { b: 1 } });
  });

  it('refuses aliases that multiply, circles, and nesting without end', () => {
    const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 12; i++)
      bomb.push(`a${i}: &a${i} [${Array.from({ length: 9 }, () => `*a${i - 1}`).join(', ')}]`);
    for (const text of [
      bomb.join('\n'),
      'a: &a [ *a, *a ]',
      `a: ${'['.repeat(60)}${']'.repeat(60)}`,
      `a: ${'['.repeat(20_000)}${']'.repeat(20_000)}`,
      `a: [${'x,'.repeat(60_000)}]`,
    ]) {
      const { value, problems } = readYaml(text, {});
      expect(value).toBeUndefined();
      expect(problems).toHaveLength(1);
    }
  });

  it('refuses nesting that would overflow the parser, whatever it is made of', () => {
    const stairs = Array.from({ length: 600 }, (_, depth) => `${' '.repeat(depth)}a:`);
    for (const text of [
      '['.repeat(5_000),
      '{a: '.repeat(5_000),
      '- '.repeat(5_000),
      '? '.repeat(5_000),
      stairs.join('\n'),
      stairs.join('\r\n'),
    ])
      expect(readYaml(text, {}).problems).toEqual([{ path: [], message: 'is nested too deeply' }]);
  });

  it('does not take brackets and dashes within texts, or many lists, for nesting', () => {
    const text = `a: "${'['.repeat(99)}"\nb: |\n  ${'- '.repeat(99)}\n  ${'{'.repeat(99)}\nc:\n${'  - [1]\n'.repeat(99)}`;
    expect(readYaml(text, {}).problems).toEqual([]);
  });

  it('quotes nothing of the file when it is not YAML', () => {
    for (const text of [
      'a: |canary\n x',
      'a: *canary',
      'a: !canary x',
      '%canary\n---\na: 1',
      '%YAML canary\n---\na: 1',
    ]) {
      const { problems } = readYaml(text, {});
      expect(problems.length, text).toBeGreaterThan(0);
      expect(JSON.stringify(problems), text).not.toContain('canary');
    }
  });

  it('refuses keys that are not text', () => {
    expect(readYaml('? [a]\n: 1\n', {}).problems).toMatchObject([
      { path: [], message: 'has a key that is not text' },
    ]);
  });

  it('knows the line of a setting, and of the nearest one around it', () => {
    const { lineOf } = readYaml('# first\na:\n  - b: 1\n  -\n    c: 2\n', {});
    expect(lineOf(['a'])).toBe(2);
    expect(lineOf(['a', 0, 'b'])).toBe(3);
    expect(lineOf(['a', 1, 'c'])).toBe(5);
    expect(lineOf(['a', 0, 'missing', 'deeper'])).toBe(3);
    expect(lineOf(['elsewhere'])).toBeUndefined();
  });
});
