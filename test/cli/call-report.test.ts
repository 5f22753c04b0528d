import { describe, expect, it } from 'vitest';

import { formatReport, isGoodCall, toReportDocument } from '../../src/cli/call-report.ts';
import { createPalette } from '../../src/cli/palette.ts';
import type { CallResult } from '../../src/simulator/phone-call.ts';

const GOOD: CallResult = {
  conversationId: 'c',
  outcome: 'transferred',
  failure: undefined,
  turns: 3,
  events: [],
  violations: [],
  latencies: [
    { turn: 1, input: 'start', endOfInputMs: undefined, firstAudioMs: 20, completedMs: 30 },
    { turn: 2, input: 'audio', endOfInputMs: 900, firstAudioMs: 920, completedMs: 5 },
    { turn: 3, input: 'digits', endOfInputMs: undefined, firstAudioMs: 80, completedMs: 90 },
  ],
  heard: new Uint8Array(4),
  recording: { caller: new Uint8Array(4), bot: new Uint8Array(4) },
  durationMs: 12_340,
};
const violation = (check: number) =>
  ({ name: 'one-event', check, rule: 'too many', at: { turn: 1, message: 1 } }) as const;
const report = (result: CallResult, recording?: string): readonly string[] =>
  formatReport({ result, recording }, createPalette(false));

describe('the report of a call', () => {
  it('says how it ended, whether the contract was kept, and what the caller waited for', () => {
    expect(report(GOOD, 'call.wav')).toEqual([
      '✓ the bot transferred the caller to a human',
      '✓ every answer kept the contract with Webex',
      '  call                      12.34 s, 3 RPCs',
      '  end of speech noticed     after 900 ms',
      '  first audio after speech  after 920 ms',
      '  first audio otherwise     after 20 ms, at worst 80 ms',
      '  recording                 call.wav (left: caller, right: bot)',
    ]);
  });

  it('lists the checks that were broken, each once and in order', () => {
    const broken = { ...GOOD, violations: [violation(92), violation(8), violation(92)] };
    expect(report(broken)[1]).toBe('✗ the contract was broken 3 times: checks 8, 92');
    expect(isGoodCall(broken)).toBe(false);
  });

  it('says why a call failed', () => {
    const status = { code: 14, name: 'UNAVAILABLE', details: 'shutting down' };
    const failed: CallResult = {
      ...GOOD,
      outcome: 'failed',
      failure: { reason: 'turn 3 ended with UNAVAILABLE', status },
    };
    expect(report(failed)[0]).toBe(
      '✗ the call failed: turn 3 ended with UNAVAILABLE, shutting down',
    );
    expect([isGoodCall(GOOD), isGoodCall(failed)]).toEqual([true, false]);
  });

  it('holds no sound when it is made for a program', () => {
    const document = toReportDocument({ result: GOOD, recording: undefined });
    expect(document).toMatchObject({
      outcome: 'transferred',
      durationMs: 12_340,
      contract: { kept: true, violations: [] },
      recording: null,
    });
    expect(document).not.toHaveProperty('heard');
  });
});
