import { describe, expect, it } from 'vitest';

import { createPalette } from '../../src/cli/palette.ts';
import { createTrace, type TraceCaptions } from '../../src/cli/trace.ts';
import type { CallEvent, CallHappening } from '../../src/simulator/call-event.ts';

const OK = { code: 0, name: 'OK', details: '' };

function trace(
  happenings: readonly (CallHappening | string)[],
  captions: TraceCaptions = {},
): string[] {
  const lines: string[] = [];
  const { onEvent, botSays } = createTrace(
    (line) => void lines.push(line),
    createPalette(false),
    captions,
  );
  for (const happening of happenings) {
    if (typeof happening === 'string') botSays(happening);
    else onEvent({ ...happening, atMs: 1230 } satisfies CallEvent);
  }
  return lines;
}

function answer(
  kind: 'chunk' | 'closing' | 'event-only',
  rest: Partial<Extract<CallHappening, { readonly type: 'received' }>> = {},
): CallHappening {
  return {
    type: 'received',
    turn: 2,
    kind,
    event: undefined,
    eventName: '',
    prompts: 0,
    audioBytes: 0,
    bargeIn: false,
    ...rest,
  };
}

describe('the trace of a call', () => {
  it('names time, RPC and direction in columns', () => {
    expect(trace([{ type: 'sent', turn: 1, input: 'start' }, answer('closing')])).toEqual([
      '    1.23    1  →  SESSION_START',
      '    1.23    2  ←  FINAL',
    ]);
  });

  it('makes one line of all chunks and the FINAL behind them, with what is said', () => {
    const lines = trace([
      'Welcome.',
      answer('chunk', { prompts: 1, audioBytes: 16_000 }),
      answer('chunk', { prompts: 1, audioBytes: 4_200 }),
      answer('closing', { event: 'TRANSFER_TO_AGENT', eventName: 'desk' }),
    ]);
    expect(lines).toEqual([
      '    1.23    2  ←  FINAL TRANSFER_TO_AGENT "desk" after 2 chunks, 20.2 KB',
      '                  “Welcome.”',
    ]);
  });

  it('keeps what is said for the answer that brings its sound', () => {
    const lines = trace(['Welcome.', answer('closing'), answer('closing', { audioBytes: 812 })]);
    expect(lines.at(-2)).toBe('    1.23    2  ←  FINAL with 812 B');
    expect(lines.at(-1)).toBe('                  “Welcome.”');
  });

  it('never shows which keys were pressed, only how many', () => {
    const key: CallHappening = { type: 'key-pressed' };
    const lines = trace([key, key, key, { type: 'sent', turn: 3, input: 'digits' }]);
    expect(lines).toEqual(['    1.23       ♪  caller presses a key', '    1.23    3  →  3 digits']);
  });

  it('shows what the caller does where it is known', () => {
    const lines = trace([{ type: 'speech-started' }, { type: 'key-pressed' }], {
      speech: ['Hello?'],
      keys: ['presses 1'],
    });
    expect(lines).toEqual([
      '    1.23       ♪  caller says “Hello?”',
      '    1.23       ♪  caller presses 1',
    ]);
  });

  it('tells how long the caller waited', () => {
    const latency = {
      turn: 2,
      input: 'audio',
      endOfInputMs: 904,
      firstAudioMs: 1012,
      completedMs: 0.94,
    } as const;
    expect(trace([{ type: 'rpc-closed', turn: 2, status: OK, latency }])).toEqual([
      '    1.23    2  ✓  end of input +904 ms, first audio +1.01 s, completed +0.9 ms',
    ]);
  });

  it('shows a broken contract with its check and its RPC', () => {
    const violation = {
      name: 'starts-once',
      check: 52,
      rule: 'START_OF_INPUT came more than once in a turn',
      at: { turn: 4, message: 2 },
    } as const;
    expect(trace([{ type: 'contract-broken', violation }])).toEqual([
      '    1.23       ✗  CONTRACT BROKEN in RPC 4, check 52: START_OF_INPUT came more than once in a turn',
    ]);
  });
});
