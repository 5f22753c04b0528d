import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';

import {
  parseKeys,
  parseMinutes,
  parseOrganisation,
  parsePort,
  parseSchema,
  parseSpeed,
  parseTarget,
} from '../../src/cli/option-values.ts';

const UUID = '5397013b-7920-4ffc-807c-e8a3e0a18f43';

describe('an option of the command line', () => {
  it.each([
    ['an organisation in lower case', parseOrganisation, UUID.toUpperCase(), UUID],
    ['a host and a port', parseTarget, 'voice.example.com:443', 'voice.example.com:443'],
    ['an IPv6 address and a port', parseTarget, '[::1]:50051', '[::1]:50051'],
    ['keys in capitals', parseKeys, '12a*#', '12A*#'],
    ['a port that the system chooses', parsePort, '0', 0],
    ['a speed', parseSpeed, '2.5', 2.5],
    ['minutes', parseMinutes, '1440', 1440],
    ['a schema by its name', parseSchema, 'voice-virtual-agent', UUID],
    ['a schema by its UUID', parseSchema, UUID.toUpperCase(), UUID],
  ] as const)('takes %s', (_what, parse, text, value) => {
    expect(parse(text)).toBe(value);
  });

  it.each([
    ['an organisation that is no UUID', parseOrganisation, 'acme'],
    ['a target without a port', parseTarget, 'voice.example.com'],
    ['a target with port 0', parseTarget, 'localhost:0'],
    ['a target with a scheme', parseTarget, 'https://voice.example.com:443'],
    ['a target with a port above 65535', parseTarget, 'localhost:70000'],
    ['a key that no telephone has', parseKeys, '12x'],
    ['no keys', parseKeys, ''],
    ['more than 64 keys', parseKeys, '1'.repeat(65)],
    ['a port with a fraction', parsePort, '1.5'],
    ['a port that is no number', parsePort, ' '],
    ['a speed of 0', parseSpeed, '0'],
    ['a speed without end', parseSpeed, 'Infinity'],
    ['a token for longer than a day', parseMinutes, '1441'],
    ['a schema nobody knows', parseSchema, 'fax'],
  ] as const)('refuses %s', (_what, parse, text) => {
    expect(() => parse(text)).toThrow(InvalidArgumentError);
  });
});
