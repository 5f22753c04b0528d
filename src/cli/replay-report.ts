import { type ComparedLane, type ComparedPair, isDifferent } from '../recorder/compare-calls.ts';
import type { Palette } from './palette.ts';

/** What is said of a replay besides what differs. */
export interface ReplaySummary {
  readonly recordedWith: string;
  readonly replayedWith: string;
  readonly startedAt: string;
  /** Whether the recording goes to the end of the call. */
  readonly isComplete: boolean;
  readonly differences: number;
}

const COLUMN = 52;
/** Things that are the same, shown around what is not. */
const CONTEXT = 2;

/** Writes a comparison for people, the recording on the left and this build on the right. */
export function formatComparison(
  { recordedWith, replayedWith, startedAt, isComplete, differences }: ReplaySummary,
  lanes: readonly ComparedLane[],
  palette: Palette,
): readonly string[] {
  const { bold, dim, green, red, yellow } = palette;
  return [
    bold(
      `    ${`recorded ${startedAt}, byova ${recordedWith}`.padEnd(COLUMN)}  now, byova ${replayedWith}`,
    ),
    ...(isComplete ? [] : [yellow('the recording ends before the call does')]),
    ...lanes.flatMap((lane) => formatLane(lane, palette)),
    '',
    differences === 0
      ? `${green('✓')} nothing differs`
      : `${red('✗')} ${differences} ${differences === 1 ? 'difference' : 'differences'} ${dim('- only in the recording, + only now, ~ changed')}`,
  ];
}

function formatLane(
  { name, pairs, differences }: ComparedLane,
  palette: Palette,
): readonly string[] {
  const { bold, dim, green } = palette;
  if (differences === 0)
    return [`${green('=')} ${name} ${dim(`the same, ${pairs.length} things`)}`];
  let isGap = false;
  const lines: string[] = [];
  for (const [index, pair] of pairs.entries()) {
    if (pairs.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some(isDifferent)) {
      lines.push(formatPair(pair, palette));
      isGap = false;
    } else if (!isGap) {
      lines.push(dim('    …'));
      isGap = true;
    }
  }
  return ['', bold(name), ...lines];
}

function formatPair(pair: ComparedPair, { dim, red, green, yellow }: Palette): string {
  const { recorded, replayed, differs } = pair;
  const left = textOf(recorded).padEnd(COLUMN);
  const right = textOf(replayed);
  if (replayed === undefined) return red(`  - ${left}`.trimEnd());
  if (recorded === undefined) return green(`  + ${left}  ${right}`);
  if (differs.length === 0) return dim(`  = ${left}  ${right}`);
  return yellow(`  ~ ${left}  ${right}  (${differs.join(', ')})`);
}

function textOf(happening: ComparedPair['recorded']): string {
  if (happening === undefined) return '';
  return `${(happening.atMs / 1_000).toFixed(2).padStart(8)}  ${happening.text}`;
}
