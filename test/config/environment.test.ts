import { describe, expect, it } from 'vitest';

import { substituteEnvironment } from '../../src/config/substitute-environment.ts';
import { MINIMAL_CONFIG, parse, problemsOf } from '../support/config-text.ts';

const withOption = (value: string): string =>
  MINIMAL_CONFIG.replace('use: echo', `use: echo, options: { apiKey: ${value} }`);

describe('variables of the environment', () => {
  it('stand inside texts, several in one', () => {
    const config = parse(withOption('"Bearer ${USER}:${KEY}"'), { USER: 'u', KEY: 'k' });
    expect(config.agents[0]?.bot.options).toEqual({ apiKey: 'Bearer u:k' });
    expect(config.environmentPaths).toEqual(['agents[0].bot.options.apiKey']);
  });

  it('fall back to a default when they are not set or empty', () => {
    expect(substituteEnvironment('${A:-b c}', {}).text).toBe('b c');
    expect(substituteEnvironment('${A:-}', {}).text).toBe('');
    expect(substituteEnvironment('${A:-b}', { A: '' }).text).toBe('b');
    expect(substituteEnvironment('${A:-b}', { A: 'a' }).text).toBe('a');
  });

  it('that are missing are a problem that names the variable and the place', () => {
    expect(problemsOf(withOption('"${API_KEY}"'))).toEqual([
      'agents[0].bot.options.apiKey: needs the environment variable API_KEY, which is not set (line 5)',
    ]);
  });

  it('may be empty without being missing', () => {
    expect(substituteEnvironment('${A}', { A: '' })).toEqual({
      text: '',
      isSubstituted: true,
      problems: [],
    });
  });

  it('are replaced once: what they hold is not looked at again', () => {
    expect(substituteEnvironment('${A}', { A: '${B} $${B}', B: 'b' }).text).toBe('${B} $${B}');
    expect(parse(withOption('"${A}"'), { A: 'x: [ *y ]\n' }).agents[0]?.bot.options).toEqual({
      apiKey: 'x: [ *y ]\n',
    });
  });

  it('leave an escaped reference and a lonely dollar alone', () => {
    expect(substituteEnvironment('$${A} costs $5 or $A', {})).toEqual({
      text: '${A} costs $5 or $A',
      isSubstituted: false,
      problems: [],
    });
  });

  it('are not read from a reference that is misspelt', () => {
    for (const text of ['${', '${A', '${}', '${A B}', '${1A}', '${A:=b}'])
      expect(substituteEnvironment(text, { A: 'a' }).problems, text).toHaveLength(1);
  });

  it('never show in a problem, whatever is wrong with them', () => {
    const env = { SECRET: 'canary-secret' };
    const text = `
grpc: { listen: "\${SECRET}", tls: { cert: "\${SECRET}", key: 1 } }
log: { level: "\${SECRET}" }
trust: { clockSkewSeconds: "\${SECRET}", issuers: [ { issuer: "\${SECRET}" } ] }
dataSources: [ { url: "\${SECRET}", schema: "\${SECRET}", organizations: [ "\${SECRET}" ] } ]
agents: [ { id: "\${SECRET}/" , organizations: "\${SECRET}", digits: { terminator: "\${SECRET}" } } ]
speech: { voice: "\${SECRET}" }
`;
    const problems = problemsOf(text, env);
    expect(problems.length).toBeGreaterThan(12);
    expect(problems.join('\n')).not.toContain('canary');
  });
});
