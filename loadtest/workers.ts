// Two workers beside one, in alternation, on all cores, which they share with the load: how many turns more?
//   npm run loadtest:workers -- [seconds a round] [rounds] [--connections n] [--write]
import { parseArgs } from 'node:util';

import type { GatewayChild } from './support/gateway-child.ts';
import { startGreeter } from './support/greeter.ts';
import { askOnce, createTurnRpc } from './support/measured-rpc.ts';
import { median, percentile } from './support/percentile.ts';
import { machine, plot, table, toMs, writeReport } from './support/report.ts';
import { type RpcFigures, runRpcLoad } from './support/rpc-load.ts';

const PROMPT_BYTES = 32_768;
const IN_FLIGHT = 80;
const WARM_UP_MS = 6_000;
/** What two workers are meant to do, of what one does. */
const LEAST_RATIO = 1.5;
const COUNTS = [1, 2] as const;

const { positionals, values: flags } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean', default: false }, connections: { type: 'string' } },
});
const [seconds = 5, rounds = 5] = positionals.map(Number);
const connections = Number(flags.connections ?? 8);
const print = (line: string): void => void process.stdout.write(`${line}\n`);

interface Variant {
  readonly workers: number;
  readonly gateway: GatewayChild;
  readonly answerBytes: number;
  readonly rounds: RpcFigures[];
}

const rpc = createTurnRpc();
const variants: Variant[] = [];
try {
  for (const workers of COUNTS) {
    const gateway = await startGreeter(PROMPT_BYTES, undefined, workers);
    const answer = await askOnce(rpc, gateway);
    variants.push({ workers, gateway, answerBytes: answer.length, rounds: [] });
  }
  for (const variant of variants) await load(variant, WARM_UP_MS);
  for (let round = 1; round <= rounds; round += 1)
    // Every other time the other way round: a machine that grows slower favours nobody.
    for (const variant of round % 2 === 0 ? variants.toReversed() : variants) {
      const figures = await load(variant, seconds * 1_000);
      variant.rounds.push(figures);
      print(
        `round ${round} of ${rounds}: ${variant.workers} workers, ${rate(figures).toFixed(0)} turns a second, errors ${JSON.stringify(figures.errors)}`,
      );
    }
  const [one, two] = variants;
  const ratios = (two?.rounds ?? []).map((figures, round) => {
    const beside = one?.rounds[round];
    return beside === undefined ? Number.NaN : rate(figures) / rate(beside);
  });
  const ratio = median(ratios);
  const hasErrors = variants.some((variant) =>
    variant.rounds.some(({ errors }) => Object.keys(errors).length > 0),
  );
  const figures = [
    '```sh',
    `npm run loadtest:workers -- ${seconds} ${rounds} --connections ${connections} --write`,
    '```',
    '',
    table(
      ['workers', 'turns a second', 'first answer p50', 'p99', 'load, of a core'],
      variants.map((variant) => [
        variant.workers,
        median(variant.rounds.map(rate)).toFixed(0),
        ...[0.5, 0.99].map((share) =>
          toMs(median(variant.rounds.map((of) => percentile(of.firstAnswersMs, share)))),
        ),
        `${(median(variant.rounds.map(({ loadCpu }) => loadCpu)) * 100).toFixed(0)} %`,
      ]),
    ),
    '',
    `Two workers, of one: **${ratio.toFixed(2)} ×** (${ratios.map((of) => of.toFixed(2)).join(', ')}), at least ${LEAST_RATIO} × wanted: ${ratio >= LEAST_RATIO ? 'met' : '**not met**'}. ${IN_FLIGHT} turns in flight on ${connections} connections; medians of ${rounds} rounds of ${seconds} s. ${machine()}`,
  ].join('\n');
  print(`\n${figures}`);
  if (!(ratio >= LEAST_RATIO) || hasErrors) process.exitCode = 1;
  if (flags.write)
    await writeReport('workers', {
      figures,
      svg: plot(
        'Turns a second, two workers of one',
        [{ name: 'two, of one', values: ratios.map((of) => of * 100), limit: LEAST_RATIO * 100 }],
        '%',
      ),
      json: {
        node: process.version,
        connections,
        rounds: variants.map((variant) => ({
          workers: variant.workers,
          rates: variant.rounds.map(rate),
        })),
      },
    });
} finally {
  for (const { gateway } of variants) await gateway.stop();
}

function load({ gateway, answerBytes }: Variant, durationMs: number): Promise<RpcFigures> {
  return runRpcLoad({
    connections,
    inFlight: IN_FLIGHT,
    durationMs,
    maxRpcs: Infinity,
    target: gateway.target,
    token: gateway.token,
    path: rpc.path,
    nextMessage: rpc.nextMessage,
    answerBytes,
  });
}

function rate({ rpcs, seconds: took }: RpcFigures): number {
  return rpcs / took;
}
