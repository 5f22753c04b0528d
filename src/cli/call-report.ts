import type { CallOutcome, TurnLatency } from '../simulator/call-event.ts';
import type { CallResult } from '../simulator/phone-call.ts';
import type { Palette } from './palette.ts';
import { formatTable } from './table.ts';
import { formatMs } from './units.ts';

/** What is told of a call when it is over. */
export interface CallReport {
  readonly result: CallResult;
  /** File that holds both sides; `undefined`: none was written. */
  readonly recording: string | undefined;
}

const OUTCOMES: Readonly<Record<CallOutcome, string>> = {
  transferred: 'the bot transferred the caller to a human',
  'ended-by-bot': 'the bot ended the call',
  'gave-up': 'the bot gave up, and the flow went on without it',
  'hung-up': 'the caller hung up',
  failed: 'the call failed',
};

/** Whether the call went as the contract wants it. */
export function isGoodCall({ outcome, violations }: CallResult): boolean {
  return outcome !== 'failed' && violations.length === 0;
}

/** Makes the lines that stand under a trace. */
export function formatReport({ result, recording }: CallReport, palette: Palette): string[] {
  const { green, red, bold } = palette;
  const { outcome, failure, violations, turns, durationMs } = result;
  const mark = (isGood: boolean, text: string): string =>
    isGood ? `${green('✓')} ${text}` : `${red('✗')} ${red(text)}`;
  const reason = failure === undefined ? '' : `: ${describeFailure(failure)}`;
  return [
    mark(outcome !== 'failed', `${OUTCOMES[outcome]}${reason}`),
    mark(violations.length === 0, describeContract(violations)),
    ...formatTable([
      ['  call', `${formatMs(durationMs)}, ${turns} ${turns === 1 ? 'RPC' : 'RPCs'}`],
      ...describeLatencies(result.latencies).map(([name, words]) => [`  ${name}`, words]),
      ...(recording === undefined
        ? []
        : [['  recording', `${bold(recording)} (left: caller, right: bot)`]]),
    ]),
  ];
}

/** The same for a program: one JSON document. It holds no token, no digits and no sound. */
export function toReportDocument({ result, recording }: CallReport): object {
  const { conversationId, outcome, failure, turns, durationMs, violations } = result;
  return {
    conversationId,
    outcome,
    failure: failure ?? null,
    turns,
    durationMs: Math.round(durationMs),
    contract: { kept: violations.length === 0, violations },
    latencies: result.latencies,
    events: result.events,
    recording: recording ?? null,
  };
}

function describeFailure({ reason, status }: NonNullable<CallResult['failure']>): string {
  return status === undefined || status.details === '' ? reason : `${reason}, ${status.details}`;
}

function describeContract(violations: CallResult['violations']): string {
  if (violations.length === 0) return 'every answer kept the contract with Webex';
  const checks = [...new Set(violations.map(({ check }) => check))].sort((a, b) => a - b);
  const times = violations.length === 1 ? 'once' : `${violations.length} times`;
  return `the contract was broken ${times}: ${checks.length === 1 ? 'check' : 'checks'} ${checks.join(', ')}`;
}

function describeLatencies(latencies: readonly TurnLatency[]): (readonly [string, string])[] {
  const spoken = latencies.filter(({ input }) => input === 'audio');
  const others = latencies.filter(({ input }) => input !== 'audio');
  const rows = [
    ['end of speech noticed', spoken.map(({ endOfInputMs }) => endOfInputMs)],
    ['first audio after speech', spoken.map(({ firstAudioMs }) => firstAudioMs)],
    ['first audio otherwise', others.map(({ firstAudioMs }) => firstAudioMs)],
  ] as const;
  return rows.flatMap(([name, values]) => {
    const sorted = values.filter((ms) => ms !== undefined).sort((a, b) => a - b);
    const [median, worst] = [sorted[(sorted.length - 1) >> 1], sorted.at(-1)];
    if (median === undefined || worst === undefined) return [];
    if (sorted.length === 1) return [[name, `after ${formatMs(median)}`] as const];
    return [[name, `after ${formatMs(median)}, at worst ${formatMs(worst)}`] as const];
  });
}
