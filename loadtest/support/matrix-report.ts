import { type Round, type RoundFigures, ratios } from './compare.ts';
import { median, percentile } from './percentile.ts';
import { plot, table, toMs } from './report.ts';
import { VARIANT_NAMES, type VariantName } from './variants.ts';

/** Beyond this share of its core, it is the load that is measured. */
const MAX_LOAD_CPU = 0.9;
/** How much later the gateway's first answer may come than the bare grpc-js server's, at the 99th percentile. */
const MAX_LATER_MS = 3;

/** What was measured of one RPC. */
export interface MatrixResult {
  readonly name: string;
  readonly isTurn: boolean;
  /** What the gateway is meant to reach: its rate, of the rate of another. */
  readonly targets: Readonly<Partial<Record<VariantName, number>>>;
  readonly rounds: readonly Round[];
}

/** The ratios with their targets, the first answers, and what each server did. */
export function toTables(results: readonly MatrixResult[]): string {
  const loadCpus = results.flatMap(({ rounds }) =>
    rounds.flatMap((round) => Object.values(round).map(({ loadCpu }) => loadCpu)),
  );
  const most = Math.max(...loadCpus);
  return [
    table(
      ['RPC', 'gateway, beside', 'RPCs a second', 'target', '', 'round by round', 'by CPU time'],
      results.flatMap(ratioRows),
    ),
    '',
    table(
      ['RPC', 'first answer p99', 'later than bare grpc-js', 'target', '', 'round by round'],
      results.filter(({ isTurn }) => isTurn).map(latencyRow),
    ),
    '',
    table(
      [
        'RPC',
        'server',
        'a second',
        'CPU µs each',
        'first answer p50',
        'p99',
        'errors',
        'load, of a core',
      ],
      results.flatMap(serverRows),
    ),
    '',
    most < MAX_LOAD_CPU
      ? `The load never took more than ${(most * 100).toFixed(0)} % of its own core.`
      : '**The load had its core full in some rounds, so fast servers were measured too slow.**',
  ].join('\n');
}

/** Draws the gateway's rate, of each bare server's, with its target. */
export function plotRatios(results: readonly MatrixResult[]): string {
  return plot(
    'RPCs a second of the gateway, of those of a bare server',
    results.flatMap(({ name, targets, rounds }) =>
      others().map((other) => ({
        name: `${name}, of ${other}`,
        values: ratios(rounds, other, 'rate').map((ratio) => ratio * 100),
        ...(targets[other] === undefined ? {} : { limit: targets[other] * 100 }),
      })),
    ),
    '%',
  );
}

/** Draws how long first answers take. */
export function plotFirstAnswers(results: readonly MatrixResult[]): string {
  return plot(
    'First answer under full load',
    results.flatMap(({ name, rounds }) =>
      VARIANT_NAMES.map((variant) => ({
        name: `${name}, ${variant}`,
        values: of(rounds, variant).flatMap(({ firstAnswersMs }) => firstAnswersMs),
      })),
    ),
  );
}

function others(): readonly VariantName[] {
  return VARIANT_NAMES.filter((name) => name !== 'gateway');
}

function of(rounds: readonly Round[], variant: VariantName): readonly RoundFigures[] {
  return rounds.flatMap(({ [variant]: figures }) => figures ?? []);
}

function verdict(isMet: boolean): string {
  return isMet ? 'met' : '**not met**';
}

function ratioRows({ name, targets, rounds }: MatrixResult): (readonly string[])[] {
  return others().map((other) => {
    const rates = ratios(rounds, other, 'rate');
    const { [other]: target } = targets;
    return [
      name,
      other,
      `${median(rates).toFixed(2)} ×`,
      target === undefined ? '' : `${target.toFixed(2)} ×`,
      target === undefined ? '' : verdict(median(rates) >= target),
      rates.map((ratio) => ratio.toFixed(2)).join(', '),
      `${median(ratios(rounds, other, 'cpu')).toFixed(2)} ×`,
    ];
  });
}

function latencyRow({ name, rounds }: MatrixResult): readonly string[] {
  const p99s = (variant: VariantName): readonly number[] =>
    of(rounds, variant).map(({ firstAnswersMs }) => percentile(firstAnswersMs, 0.99));
  const bare = p99s('bare grpc-js');
  const later = p99s('gateway').map((p99, index) => p99 - (bare[index] ?? Number.NaN));
  return [
    name,
    toMs(median(p99s('gateway'))),
    toMs(median(later)),
    toMs(MAX_LATER_MS),
    verdict(median(later) <= MAX_LATER_MS),
    later.map(toMs).join(', '),
  ];
}

function serverRows({ name, rounds }: MatrixResult): (readonly string[])[] {
  return VARIANT_NAMES.map((variant) => {
    const runs = of(rounds, variant);
    const p = (share: number): string =>
      toMs(median(runs.map(({ firstAnswersMs }) => percentile(firstAnswersMs, share))));
    const errors = runs.flatMap((run) => Object.values(run.errors));
    return [
      name,
      variant,
      median(runs.map(({ rpcsPerSecond }) => rpcsPerSecond)).toFixed(0),
      median(runs.map(({ cpuMicrosPerRpc }) => cpuMicrosPerRpc)).toFixed(0),
      p(0.5),
      p(0.99),
      String(errors.reduce((sum, count) => sum + count, 0)),
      `${(median(runs.map(({ loadCpu }) => loadCpu)) * 100).toFixed(0)} %`,
    ];
  });
}
