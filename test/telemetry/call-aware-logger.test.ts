import { describe, expect, it } from 'vitest';

import { createCallAwareLogger } from '../../src/telemetry/call-aware-logger.ts';
import { CallLogger } from '../../src/telemetry/call-logger.ts';
import { createLogLevels } from '../../src/telemetry/log-levels.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createPseudonyms } from '../../src/telemetry/pseudonyms.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { createLogRecorder } from '../support/log-recorder.ts';

const ORGANISATION = '11111111-2222-4333-8444-555555555555';
const CALL = { organisation: ORGANISATION, conversation: 'c1' };
const OTHER_CALL = { organisation: ORGANISATION, conversation: 'c2' };

function createRig(key?: string) {
  const clock = createFakeClock();
  const levels = createLogLevels(clock);
  const lines: { readonly [field: string]: unknown }[] = [];
  const base = createLogger('info', { write: (line) => void lines.push(JSON.parse(line)) });
  const pseudonymise = key === undefined ? undefined : createPseudonyms(key);
  const logger = createCallAwareLogger(base, { levels, pseudonymise });
  const written = (): unknown[] => lines.splice(0).map(({ msg }) => msg);
  return { clock, levels, logger, lines, written };
}

describe('the log level of one call', () => {
  it('is that of the process as long as nobody changes it', () => {
    const { logger, written } = createRig();
    logger.debug(CALL, 'quiet');
    logger.info(CALL, 'loud');
    expect(written()).toEqual(['loud']);
  });

  it('can be lowered for one conversation, for a limited time', () => {
    const { clock, levels, logger, written } = createRig();
    levels.set({
      scope: { type: 'conversation', organisationId: ORGANISATION, conversationId: 'c1' },
      level: 'debug',
      forSeconds: 60,
    });
    logger.debug(CALL, 'mine');
    logger.debug(OTHER_CALL, 'not mine');
    logger.debug({}, 'nobody’s');
    clock.advance(60_000);
    logger.debug(CALL, 'too late');
    expect(written()).toEqual(['mine']);
    expect(levels.list()).toEqual([]);
  });

  it('can be raised for an organisation, and a conversation of it goes before', () => {
    const { levels, logger, written } = createRig();
    const scope = { type: 'organisation', organisationId: ORGANISATION } as const;
    const change = levels.set({ scope, level: 'error', forSeconds: 60 });
    levels.set({
      scope: { ...scope, type: 'conversation', conversationId: 'c2' },
      level: 'debug',
      forSeconds: 60,
    });
    logger.warn(CALL, 'too quiet');
    logger.debug(OTHER_CALL, 'watched');
    expect(levels.clear(change.id)).toBe(true);
    expect(levels.clear(change.id)).toBe(false);
    logger.info(CALL, 'as before');
    expect(written()).toEqual(['watched', 'as before']);
  });

  it('still hides what must not be written', () => {
    const { levels, logger, lines } = createRig();
    const scope = { type: 'organisation', organisationId: ORGANISATION } as const;
    levels.set({ scope, level: 'trace', forSeconds: 60 });
    logger.debug({ ...CALL, digits: '271828', err: new Error('words of the caller') }, 'line');
    expect(lines[0]).toMatchObject({ digits: '[redacted]' });
    expect(JSON.stringify(lines)).not.toMatch(/271828|words/u);
  });

  it('is held for a hundred scopes; setting one anew replaces it', () => {
    const { clock, levels } = createRig();
    const set = (index: number) =>
      levels.set({
        scope: { type: 'organisation', organisationId: `${index}` },
        level: 'debug',
        forSeconds: 60,
      });
    for (let index = 0; index < 100; index += 1) set(index);
    expect(() => set(100)).toThrow(RangeError);
    expect(set(5).level).toBe('debug');
    expect(levels.list()).toHaveLength(100);
    clock.advance(60_000);
    expect(set(100).level).toBe('debug');
  });

  it('is kept with a logger that has no levels of its own', () => {
    const recorder = createLogRecorder();
    const levels = createLogLevels(createFakeClock());
    const logger = createCallAwareLogger(recorder.logger, { levels });
    levels.set({
      scope: { type: 'organisation', organisationId: ORGANISATION },
      level: 'error',
      forSeconds: 1,
    });
    logger.warn(CALL, 'less');
    logger.error(CALL, 'more');
    expect(recorder.lines.map(({ message }) => message)).toEqual(['more']);
  });
});

describe('pseudonyms', () => {
  it('stand for conversations and organisations, the same for the same, and not for others', () => {
    const { logger, lines } = createRig('a key that replicas share');
    const again = createPseudonyms('a key that replicas share');
    logger.info(CALL, 'one');
    logger.info(OTHER_CALL, 'two');
    expect(lines[0]).toMatchObject({
      organisation: again(ORGANISATION),
      conversation: again('c1'),
    });
    expect(lines[1]).toMatchObject({ organisation: lines[0]?.['organisation'] });
    expect(lines[1]?.['conversation']).not.toBe(lines[0]?.['conversation']);
    expect(JSON.stringify(lines)).not.toMatch(/11111111|"c1"/u);
    expect(createPseudonyms('another key of another day')('c1')).not.toBe(again('c1'));
    expect(createPseudonyms(undefined)('c1')).not.toBe(createPseudonyms(undefined)('c1'));
  });

  it('stand for the organisation of a refused credential as well', () => {
    const { logger, lines } = createRig('a key that replicas share');
    const claim = 'com.cisco.orgid';
    logger.warn({ claim, actual: ORGANISATION }, 'refused');
    logger.warn({ claim: 'aud', actual: 'audience' }, 'refused');
    expect(JSON.stringify(lines)).not.toContain(ORGANISATION);
    expect(lines[1]).toMatchObject({ actual: 'audience' });
  });

  it('leave changed levels working', () => {
    const { levels, logger, written } = createRig('a key that replicas share');
    const scope = { type: 'organisation', organisationId: ORGANISATION } as const;
    levels.set({ scope, level: 'debug', forSeconds: 60 });
    logger.debug(CALL, 'seen');
    expect(written()).toEqual(['seen']);
  });
});

describe('what a bot logs', () => {
  it('names its call, whatever the bot says', () => {
    const { logger, lines } = createRig();
    const own = new CallLogger(logger, { organisationId: ORGANISATION, conversationId: 'c1' });
    own.info({ conversation: 'forged', step: 2 }, 'line');
    expect(lines[0]).toMatchObject({ ...CALL, step: 2 });
  });
});
