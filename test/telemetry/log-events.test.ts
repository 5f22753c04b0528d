import { describe, expect, it } from 'vitest';

import { createCallAwareLogger } from '../../src/telemetry/call-aware-logger.ts';
import { logEvent } from '../../src/telemetry/log-events.ts';
import { createLogLevels } from '../../src/telemetry/log-levels.ts';
import { type LogLevel, createLogger } from '../../src/telemetry/logger.ts';
import { createPseudonyms } from '../../src/telemetry/pseudonyms.ts';
import { SECRET_FIELDS } from '../../src/telemetry/secret-fields.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { createLogRecorder } from '../support/log-recorder.ts';

const CALL = { organisation: 'o1', conversation: 'c1' };

function createRig(level: LogLevel = 'info', key?: string) {
  const lines: string[] = [];
  const base = createLogger(level, { write: (line) => void lines.push(line) });
  const levels = createLogLevels(createFakeClock());
  const pseudonymise = key === undefined ? undefined : createPseudonyms(key);
  return { base, levels, lines, logger: createCallAwareLogger(base, { levels, pseudonymise }) };
}

describe('an event that comes with every call', () => {
  it('is a line like any other', () => {
    const { logger, lines } = createRig();
    logEvent(logger, 'call.started', { ...CALL, turns: 1, agent: undefined });
    logEvent(logger, 'bot.reloaded', { ...CALL, turns: 1, agent: undefined });
    const [plain = '', searched = ''] = lines.map((line) =>
      line.replace(/"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"/u, '"time":""'),
    );
    expect(plain).toBe(
      '{"level":"info","time":"","event":"call.started","organisation":"o1","conversation":"c1","turns":1,"msg":"call started"}\n',
    );
    expect(searched).toBe(
      plain.replace('call.started', 'bot.reloaded').replace('call started', 'bots reloaded'),
    );
  });

  it.each(SECRET_FIELDS)('would not show a field %s', (name) => {
    const { logger, lines } = createRig();
    logEvent(logger, 'call.started', { [name]: '271828' });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`"${name}":"[redacted]"`);
  });

  it('takes no object, in which something could hide, and no name of a secret', () => {
    const { logger, lines } = createRig('silent');
    // @ts-expect-error -- A field that is an object.
    logEvent(logger, 'call.started', { bot: { name: 'echo' } });
    // @ts-expect-error -- An error may say anything.
    logEvent(logger, 'call.ended', { reason: new Error('words of the caller') });
    // @ts-expect-error -- A name that no line may have.
    logEvent(logger, 'rpc.opened', { token: 'x' });
    const either = 'call.started' as 'call.started' | 'rpc.failed';
    // @ts-expect-error -- What may be plain must be.
    logEvent(logger, either, { detail: {} });
    expect(lines).toEqual([]);
  });

  it('follows the level of the process, and of one call', () => {
    const { base, levels, logger, lines } = createRig();
    logEvent(logger, 'rpc.opened', CALL);
    base.setLevel('debug');
    logEvent(logger, 'rpc.opened', CALL);
    base.setLevel('error');
    logEvent(logger, 'call.started', CALL);
    levels.set({
      scope: { type: 'organisation', organisationId: 'o1' },
      level: 'debug',
      forSeconds: 60,
    });
    logEvent(logger, 'rpc.opened', CALL);
    logEvent(logger, 'rpc.opened', { ...CALL, organisation: 'o2' });
    expect(lines).toHaveLength(2);
  });

  it('is told under pseudonyms', () => {
    const { logger, lines } = createRig('info', 'a key that replicas share');
    logEvent(logger, 'call.started', CALL);
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toMatch(/"o1"|"c1"/u);
  });

  it('reaches a logger that knows no difference', () => {
    const recorder = createLogRecorder();
    const levels = createLogLevels(createFakeClock());
    logEvent(createCallAwareLogger(recorder.logger, { levels }), 'call.started', CALL);
    logEvent(recorder.logger, 'call.started', CALL);
    expect(recorder.events()).toEqual(['call.started', 'call.started']);
  });
});

describe('an event that may tell of foreign things', () => {
  it('is searched, one level deep', () => {
    const { logger, lines } = createRig();
    logEvent(logger, 'bot.failed', { ...CALL, digits: '271828', detail: { token: '271828' } });
    expect(lines[0]).toContain('"digits":"[redacted]","detail":{"token":"[redacted]"}');
  });
});
