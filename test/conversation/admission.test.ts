import { describe, expect, it } from 'vitest';

import { createPressure } from '../../src/conversation/admission-pressure.ts';
import { type AdmissionLimits, createAdmission } from '../../src/conversation/admission.ts';
import { isGatewayError } from '../../src/core/gateway-error.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';

const LIMITS: AdmissionLimits = {
  maxConversations: 10,
  maxPerOrganisation: 10,
  organisationLimits: {},
};

function createRig(limits: Partial<AdmissionLimits> = {}) {
  const metrics = createMetrics();
  const load = { loopDelayMs: 0, heapShare: 0 };
  const pressure = createPressure(
    { loopDelayMs: 100, heapShare: 0.9 },
    { loopDelayMs: () => load.loopDelayMs, heapShare: () => load.heapShare },
  );
  const admission = createAdmission(
    { ...LIMITS, ...limits },
    { metrics, pressure, random: () => 0.5 },
  );
  /** `in`, or why not. */
  const enter = (organisationId: string, agentLimit?: number): unknown => {
    try {
      admission.enter({ organisationId, agentId: 'agent', agentLimit });
      return 'in';
    } catch (error) {
      if (!isGatewayError(error, 'ERR_CONVERSATION_CAPACITY')) throw error;
      expect(error.detail['retryAfterMs']).toBe(2_000);
      return error.detail['reason'];
    }
  };
  const leave = (organisationId: string): void =>
    admission.left({ organisationId, agentId: 'agent' });
  const enterAll = (organisationId: string, calls: number): unknown[] =>
    Array.from({ length: calls }, () => enter(organisationId));
  return { admission, metrics, load, enter, leave, enterAll };
}

describe('admission', () => {
  it('lets in as many calls as the process takes, and says when the others may try again', () => {
    const { enter, enterAll, leave } = createRig();
    expect(new Set(enterAll('a', 10))).toEqual(new Set(['in']));
    expect(enter('a')).toBe('process');
    leave('a');
    expect(enter('a')).toBe('in');
  });

  it('keeps the limits of an organisation and of an agent', () => {
    const { enter } = createRig({ maxPerOrganisation: 2, organisationLimits: { small: 1 } });
    expect([enter('a'), enter('a'), enter('a')]).toEqual(['in', 'in', 'organisation']);
    expect([enter('small'), enter('small')]).toEqual(['in', 'organisation']);
    expect([enter('b', 4), enter('b', 4)]).toEqual(['in', 'agent']);
  });

  it('refuses an organisation beyond its share first when there is little room left', () => {
    const { enter, enterAll, leave } = createRig();
    expect(enterAll('loud', 8)).not.toContain('share');
    expect(enter('quiet')).toBe('in');
    expect(enter('loud')).toBe('share');
    expect(enter('quiet')).toBe('in');
    expect(enter('quiet')).toBe('process');
    leave('loud');
    expect(enter('loud')).toBe('share');
    expect(enter('third')).toBe('in');
  });

  it('leaves all of the room to an organisation that is alone', () => {
    expect(new Set(createRig().enterAll('only', 10))).toEqual(new Set(['in']));
  });

  it('takes no new call while the event loop is late, until it has recovered well', () => {
    const { enter, load, admission } = createRig();
    load.loopDelayMs = 100;
    expect([enter('a'), admission.saturation()]).toEqual(['loop-delay', 'loop-delay']);
    load.loopDelayMs = 60;
    expect(enter('a')).toBe('loop-delay');
    load.loopDelayMs = 49;
    expect([enter('a'), admission.saturation()]).toEqual(['in', undefined]);
    load.loopDelayMs = 60;
    expect(enter('a')).toBe('in');
  });

  it('takes no new call while memory is short', () => {
    const { enter, load } = createRig();
    load.heapShare = 0.91;
    expect(enter('a')).toBe('memory');
    load.heapShare = 0.84;
    expect(enter('a')).toBe('in');
  });

  it('follows new limits, and leaves the calls that are in alone', () => {
    const { admission, enter, enterAll, leave } = createRig();
    enterAll('a', 5);
    admission.setLimits({ ...LIMITS, maxConversations: 4 });
    expect(enter('b')).toBe('process');
    leave('a');
    leave('a');
    expect(enter('b')).toBe('in');
  });

  it('counts every decision by what made it', async () => {
    const { enter, enterAll, metrics } = createRig();
    enterAll('a', 10);
    enter('b');
    const { values } = await metrics.admissions.get();
    expect(values.map(({ labels, value }) => [labels.decision, value])).toEqual([
      ['admitted', 10],
      ['process', 1],
    ]);
  });
});
