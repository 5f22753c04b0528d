import type { WatchedEntry } from './replay-call.ts';
import type { RecordedMoment } from './recording-format.ts';

/** One thing that happened, in one of the two calls. */
interface Happening {
  readonly atMs: number;
  /** For people, such as `chunk 1.2 s`. */
  readonly text: string;
}

/** A thing that happened in both calls, or in one of them. */
export interface ComparedPair {
  readonly recorded: Happening | undefined;
  readonly replayed: Happening | undefined;
  /** What of it differs, such as `sound`; empty when nothing does, or when it is missing on one side. */
  readonly differs: readonly string[];
}

/** What happened in one RPC, or what was decided in the whole call. */
export interface ComparedLane {
  /** `decisions`, or `RPC 3`. */
  readonly name: string;
  readonly pairs: readonly ComparedPair[];
  readonly differences: number;
}

/** A thing that happened, with what is compared of it. */
interface Step extends Happening {
  /** What must be the same to be the same thing. */
  readonly shape: string;
  /** What may differ a little, by name. */
  readonly sizes: Readonly<Record<string, number | undefined>>;
}

const BYTES_PER_MS = 8;
/** More pairs than this are not looked through for what belongs together. */
const MAX_PAIRS = 4_000_000;

/**
 * Compares two runs of one call, RPC by RPC.
 *
 * @param toleranceMs What times and lengths may differ by.
 * @param untilMs When the recording ends; what is then on its way is not missed.
 */
export function compareCalls(
  recorded: readonly WatchedEntry[],
  replayed: readonly WatchedEntry[],
  toleranceMs: number,
  untilMs = Infinity,
): readonly ComparedLane[] {
  const [before, after] = [toLanes(recorded), toLanes(replayed)];
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names.map((name) => {
    const pairs = align(before.get(name) ?? [], after.get(name) ?? []).map(([was, is]) => ({
      recorded: was && { atMs: was.atMs, text: was.text },
      replayed: is && { atMs: is.atMs, text: is.text },
      differs: was === undefined || is === undefined ? [] : differencesOf(was, is, toleranceMs),
    }));
    const seen = pairs.filter(
      ({ recorded: was, replayed: is }) =>
        (was !== undefined && is !== undefined) ||
        (was?.atMs ?? is?.atMs ?? 0) <= untilMs - toleranceMs,
    );
    return { name, pairs: seen, differences: seen.filter(isDifferent).length };
  });
}

/** Whether the two calls differ there. */
export function isDifferent({ recorded, replayed, differs }: ComparedPair): boolean {
  return recorded === undefined || replayed === undefined || differs.length > 0;
}

function toLanes(entries: readonly WatchedEntry[]): Map<string, Step[]> {
  const lanes = new Map<string, Step[]>([['decisions', []]]);
  for (const entry of entries) {
    const name = entry.type === 'moment' ? 'decisions' : `RPC ${entry.rpc}`;
    const lane = lanes.get(name) ?? [];
    lanes.set(name, lane);
    const step = toStep(entry);
    const before = lane.at(-1);
    if (entry.type === 'out' && entry.kind === 'chunk' && before?.shape === step.shape)
      lane[lane.length - 1] = join(before, step);
    else lane.push(step);
  }
  return lanes;
}

/** Chunks in a row are one sound: where it is cut depends on the millisecond at which it was taken up again. */
function join(before: Step, step: Step): Step {
  const chunks = (before.sizes['chunks'] ?? 1) + 1;
  const sound = (before.sizes['sound'] ?? 0) + (step.sizes['sound'] ?? 0);
  const lastsMs = step.atMs - before.atMs;
  return {
    ...before,
    text: `${chunks} chunks ${(sound / 1_000).toFixed(2)} s${before.text.replace(/^.*? s/u, '')}`,
    sizes: { sound, chunks, lastsMs },
  };
}

function toStep(entry: WatchedEntry): Step {
  switch (entry.type) {
    case 'moment':
      return { atMs: entry.at, ...ofMoment(entry.moment) };
    case 'end':
      return {
        atMs: entry.at,
        text: `RPC ends, ${entry.code}`,
        shape: `end ${entry.code}`,
        sizes: {},
      };
    case 'out': {
      const { kind, prompts, event, name, listen, hasTexts } = entry;
      const soundMs = prompts.reduce((sum, { bytes }) => sum + bytes, 0) / BYTES_PER_MS;
      const isClosed = prompts.length > 0 && prompts.every(({ bargeIn }) => !bargeIn);
      const words = [
        kind === 'final' && event !== undefined && listen === undefined && prompts.length === 0
          ? ''
          : kind,
        event ?? '',
        name === undefined ? '' : `"${name}"`,
        soundMs > 0 ? `${(soundMs / 1_000).toFixed(2)} s` : '',
        isClosed && soundMs > 0 ? 'not interruptible' : '',
        listen === undefined ? '' : `listens for ${listen.mode}`,
        listen?.sensitive === true ? 'confidential' : '',
        hasTexts === true ? 'with texts' : '',
      ];
      return {
        atMs: entry.at,
        text: words.filter((word) => word !== '').join(' '),
        shape: JSON.stringify([
          kind,
          prompts.map(({ bargeIn }) => bargeIn),
          event,
          name,
          listen && [listen.mode, listen.digits, listen.speech, listen.sensitive ?? false],
          hasTexts,
        ]),
        sizes: { sound: soundMs, ...(kind === 'chunk' && { chunks: 1, lastsMs: 0 }) },
      };
    }
    default:
      return entry satisfies never;
  }
}

function ofMoment(moment: RecordedMoment): Omit<Step, 'atMs'> {
  const { type, turn, input, outcome, reason, by, kind, ...sizes } = moment;
  const of = turn === undefined ? '' : `, answer ${turn}`;
  const words = [input, outcome, reason, by, kind].filter((word) => word !== undefined);
  return {
    text: [type.replaceAll('-', ' '), ...words].join(' ') + of,
    shape: JSON.stringify([type, turn, ...words]),
    sizes,
  };
}

const SIZE_NAMES: Readonly<Record<string, string>> = {
  sound: 'sound',
  lastsMs: 'pace',
  afterMs: 'wait',
  durationMs: 'duration',
  speechMs: 'speech',
  heardMs: 'heard',
  silencedAfterMs: 'silence',
};

function differencesOf(was: Step, is: Step, toleranceMs: number): readonly string[] {
  const sizes = Object.keys(was.sizes).filter((name) => {
    const [before, after] = [was.sizes[name], is.sizes[name]];
    if (before === undefined || after === undefined) return false;
    return Math.abs(before - after) > (name === 'chunks' ? 1 : toleranceMs);
  });
  const isLate = Math.abs(was.atMs - is.atMs) > toleranceMs;
  return [...(isLate ? ['time'] : []), ...sizes.map((name) => SIZE_NAMES[name] ?? name)];
}

type Aligned = readonly [Step | undefined, Step | undefined];

/** Puts what has the same shape side by side, in order, and as much of it as possible. */
function align(was: readonly Step[], is: readonly Step[]): readonly Aligned[] {
  let from = 0;
  while (from < was.length && from < is.length && was[from]?.shape === is[from]?.shape) from += 1;
  let [wasTo, isTo] = [was.length, is.length];
  while (wasTo > from && isTo > from && was[wasTo - 1]?.shape === is[isTo - 1]?.shape) {
    wasTo -= 1;
    isTo -= 1;
  }
  const pair = (count: number, wasAt: number, isAt: number): readonly Aligned[] =>
    Array.from({ length: count }, (_, index) => [was[wasAt + index], is[isAt + index]] as const);
  return [
    ...pair(from, 0, 0),
    ...alignMiddle(was.slice(from, wasTo), is.slice(from, isTo)),
    ...pair(was.length - wasTo, wasTo, isTo),
  ];
}

function alignMiddle(was: readonly Step[], is: readonly Step[]): readonly Aligned[] {
  const [rows, columns] = [was.length + 1, is.length + 1];
  if (rows * columns > MAX_PAIRS)
    return [
      ...was.map((step) => [step, undefined] as const),
      ...is.map((step) => [undefined, step] as const),
    ];
  /** How much of what comes after belongs together. */
  const common = new Uint32Array(rows * columns);
  const at = (row: number, column: number): number => common[row * columns + column] ?? 0;
  for (let row = was.length - 1; row >= 0; row -= 1)
    for (let column = is.length - 1; column >= 0; column -= 1)
      common[row * columns + column] =
        was[row]?.shape === is[column]?.shape
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
  const pairs: Aligned[] = [];
  let [row, column] = [0, 0];
  while (row < was.length || column < is.length) {
    if (row < was.length && column < is.length && was[row]?.shape === is[column]?.shape) {
      pairs.push([was[row], is[column]]);
      row += 1;
      column += 1;
    } else if (
      column >= is.length ||
      (row < was.length && at(row + 1, column) >= at(row, column + 1))
    ) {
      pairs.push([was[row], undefined]);
      row += 1;
    } else {
      pairs.push([undefined, is[column]]);
      column += 1;
    }
  }
  return pairs;
}
